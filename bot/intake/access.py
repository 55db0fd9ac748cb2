"""Access control: the people who may use the bot, and its admins."""

from collections.abc import Iterator
from enum import Enum

import structlog

from bot.accounting.limits import subject_of
from bot.messages import Message
from bot.ports import People

CLAIM, BOT = "claim", "bot"  # the purpose of the code that makes somebody the first admin, and its subject
CLAIM_SECONDS = 24 * 3600.0
CLAIM_LENGTH, CLAIM_GROUP = 20, 5  # characters, and the size of a group when it is printed

log = structlog.get_logger(__name__)


class Verdict(Enum):
    """The decision about a message."""

    WELCOME = "welcome"
    STRANGER = "stranger"  # may ask for access
    TURNED_AWAY = "turned away"


class Access:
    """Checks the operator's lists, and the decisions of admins since."""

    def __init__(
        self,
        people: People,
        *,
        admins: frozenset[str] = frozenset(),
        allowed: frozenset[str] = frozenset(),
        denied: frozenset[str] = frozenset(),
        paired: bool = False,
        consoles: frozenset[str] = frozenset(),
    ) -> None:
        """Keep the lists of people, channels and servers, as `platform:id`. Open if not `paired` and none `allowed`.

        `consoles` are platforms of the operator's own, where everybody is welcome.
        """
        self._people, self._admins, self._allowed, self._denied = people, admins, allowed, denied
        self._paired, self._consoles = paired, consoles

    async def judge(self, message: Message) -> Verdict:
        """Decide about a message. A list that denies takes precedence over one that allows."""
        if message.channel.platform in self._consoles:
            return Verdict.WELCOME
        subjects = [subject_of(message), *_places_of(message)]
        chosen = [await self._people.get_access(subject) for subject in subjects]
        if self._denied.intersection(subjects) or False in chosen:
            return Verdict.TURNED_AWAY
        is_open = not (self._allowed or self._paired)
        if is_open or True in chosen or (self._allowed | self._admins).intersection(subjects):
            return Verdict.WELCOME
        return Verdict.STRANGER if self._paired else Verdict.TURNED_AWAY

    async def let_in_place(self, message: Message) -> None:
        """Allow the server or group in which an admin speaks to the bot for the first time."""
        place = place_of(message)
        if not (self._paired and place and message.addressed):
            return
        places = list(_places_of(message))
        if self._allowed.intersection(places) or any([await self._people.get_access(each) for each in places]):
            return
        if await is_admin(self._people, self._admins, message, self._consoles):
            await self._people.set_access(place, True)
            log.info("let in, because an admin spoke there", place=place)


async def is_admin(people: People, admins: frozenset[str], message: Message, consoles: frozenset[str]) -> bool:
    """Tell whether the author is an admin: on a console of the operator, as one of `admins`, or by a claim."""
    author = subject_of(message)
    return message.channel.platform in consoles or author in admins or await people.is_admin(author)


def place_of(message: Message) -> str | None:
    """Return the server or group of a message, as `platform:id`; None for a private one, and where it is a guest."""
    return None if message.private or message.is_guest else message.server or str(message.channel)


async def offer_claim(people: People, *, wanted: bool) -> str | None:
    """Void the claim code of the last start; return a new one if it is `wanted` and nobody has claimed the bot."""
    await people.void_codes(CLAIM)
    if not wanted or await people.list_admins():
        return None
    code = await people.create_code(CLAIM, BOT, CLAIM_SECONDS, length=CLAIM_LENGTH)
    return "-".join(code[n : n + CLAIM_GROUP] for n in range(0, CLAIM_LENGTH, CLAIM_GROUP))


def _places_of(message: Message) -> Iterator[str]:
    yield str(message.channel)
    if message.server:
        yield message.server
