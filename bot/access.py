"""Who may talk to the bot."""

from collections.abc import Iterator
from enum import Enum

from bot.limits import subject_of
from bot.messages import Message
from bot.ports import Store

PAGE = "web"  # is the operator's own, and guarded by a password


class Verdict(Enum):
    """What becomes of a message."""

    WELCOME = "welcome"
    STRANGER = "stranger"  # may ask to be let in
    TURNED_AWAY = "turned away"


class Access:
    """Knows the lists of the operator, and whom admins let in or shut out since."""

    def __init__(
        self,
        store: Store,
        *,
        admins: frozenset[str] = frozenset(),
        allowed: frozenset[str] = frozenset(),
        denied: frozenset[str] = frozenset(),
        pairing: bool = False,
    ) -> None:
        """Subjects are people, channels and servers, as `platform:id`. Nobody `allowed` and no `pairing`: all are."""
        self._store, self._admins, self._allowed, self._denied = store, admins, allowed, denied
        self._pairing = pairing

    async def judge(self, message: Message) -> Verdict:
        """Whether a message is taken in. A list that shuts out comes before one that lets in."""
        if message.channel.platform == PAGE:
            return Verdict.WELCOME
        subjects = list(_subjects(message))
        said = [await self._store.access(subject) for subject in subjects]
        if self._denied.intersection(subjects) or False in said:
            return Verdict.TURNED_AWAY
        is_open = not (self._allowed or self._pairing)
        if is_open or True in said or (self._allowed | self._admins).intersection(subjects):
            return Verdict.WELCOME
        return Verdict.STRANGER if self._pairing and message.private else Verdict.TURNED_AWAY


def _subjects(message: Message) -> Iterator[str]:
    yield subject_of(message)
    yield str(message.channel)
    if message.server:
        yield message.server
