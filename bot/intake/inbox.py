"""The front desk: what is said to the bot becomes a turn that survives a crash."""

import time
from contextlib import suppress
from dataclasses import replace
from math import inf

import structlog

from bot.accounting.limits import subject_of
from bot.commands import CROWDED, STOP, may_claim, pairing_of, parse
from bot.errors import QueueFull
from bot.intake.access import Access, Verdict
from bot.messages import Message, RateLimit
from bot.ports import Store
from bot.turns.stops import Stops

ALBUM_SECONDS = 1.5  # for the next part to arrive: platforms do not say which one is the last
CLAIMS, CLAIMS_SECONDS = 5, 600.0  # tries of one stranger to claim the bot that are answered
QUIET = 60.0  # seconds in which somebody is told once that there is no room for more
AGAIN_SECONDS = 8.0  # from our start until platforms have brought what they could not bring before

log = structlog.get_logger(__name__)


class Inbox:
    """Receives what the platforms hear."""

    def __init__(self, store: Store, access: Access, stops: Stops, most_waiting: int = 50) -> None:
        """`most_waiting` is how many unanswered messages one person may have."""
        self.store, self._access, self._stops, self._most_waiting = store, access, stops, most_waiting
        self._told: dict[str, float] = {}  # when somebody was told last that there is no room, by person

    async def reopen(self) -> None:
        """Before anything is worked on: an album that a restart came into has parts that are still to be heard."""
        await self.store.intake.hold_albums(AGAIN_SECONDS)

    async def receive(self, message: Message) -> bool:
        """Keep a message that is meant for the bot. Once this returns, the platform may be told.

        False: it was not meant for the bot, or whoever said it may not use the bot and reads nothing more for now.
        """
        message = await self._as_people_chose(message)
        if message.edited:
            if await self._access.judge(message) is Verdict.WELCOME:
                await self.store.intake.amend(message)
            return True
        # Which part of an album speaks to the bot is known when all are there; the worker looks again.
        if not message.addressed and message.album is None:
            return False
        verdict = await self._access.judge(message)
        if verdict is Verdict.WELCOME:
            await self._access.let_in_place(message)
        elif verdict is Verdict.TURNED_AWAY or not await self._answers_stranger(message):
            log.info("turned away", channel=str(message.channel), author=message.author.id)
            return False
        is_stop = message.addressed and parse(message.text) == (STOP, "")
        if verdict is Verdict.WELCOME and is_stop and await self._stop(message):
            return True
        return await self._keep(message)

    async def _answers_stranger(self, message: Message) -> bool:
        """Whether a stranger is answered. What they said is kept as it is: it is judged again before it is asked."""
        if await may_claim(self.store, message):
            return (
                await self.store.coordination.acquire(
                    RateLimit(f"claims of {subject_of(message)}", CLAIMS, CLAIMS_SECONDS), 0
                )
                == 0
            )
        return not await self.store.people.has_code(*pairing_of(message))

    async def _keep(self, message: Message) -> bool:
        """Store the message; False: there is no room for it, and that was said a moment ago."""
        try:
            added = await self.store.intake.add(message, ALBUM_SECONDS if message.album else 0, self._most_waiting)
        except QueueFull:
            return await self._turn_down(message)
        if added:
            log.info("heard", channel=str(message.channel), message=message.id, files=len(message.attachments))
        return True

    async def _turn_down(self, message: Message) -> bool:
        """Say instead that there is no room, once in a while: a flood of sentences would be one as well."""
        author, now = subject_of(message), time.monotonic()
        log.info("no room", channel=str(message.channel), author=message.author.id)
        if not message.addressed or now < self._told.get(author, -inf) + QUIET:
            return False
        self._told = {each: told for each, told in self._told.items() if now < told + QUIET} | {author: now}
        notice = replace(message, text=f"/{CROWDED}", attachments=(), about=None, album=None)
        with suppress(QueueFull):  # another process has said so
            return await self.store.intake.add(notice, most=self._most_waiting + 1)
        return False

    async def _stop(self, message: Message) -> bool:
        """Act at once: a turn of its own would wait until there is nothing left to stop.

        False: there was nothing, and whoever said so in words is told. Whose tap came too late sees that it did.
        """
        conversation = await self.store.conversations.find_conversation(message.channel)
        stopped = conversation is not None and (
            self._stops.stop(conversation.id) or await self.store.coordination.request_stop(conversation.id)
        )
        return stopped or (message.about is not None and message.about.ours)

    async def _as_people_chose(self, message: Message) -> Message:
        """In some channels photos, or everything, counts as said to the bot. A voice message is no photo."""
        if message.addressed or not (message.text or message.attachments):
            return message
        listening = (await self.store.channels.get_channel_settings(message.channel)).listening
        shows = any(not attachment.sound for attachment in message.attachments)
        meant = listening == "all" or (listening == "photos" and shows)
        return replace(message, addressed=meant)
