"""Listening at least once: Telegram is told to forget an update only when it has been taken in."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from telegram.error import Conflict, TelegramError

from adapters.platforms.telegram.polling_backoff import PollingBackoff
from adapters.platforms.telegram.translate import KINDS, STOPPED
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import Busy

log = structlog.get_logger(__name__)

POLL = 30  # seconds that Telegram may keep us waiting when there is nothing new
SUSPECT = 3  # failures of an update, after which others may pass it
SETTLING = 10.0  # seconds more than a poll may take, in which that of another process has ended
REMEMBERED = 10_000  # updates known by their ids; the store knows messages for longer

Raw = dict[str, Any]
Take = Callable[[Raw], Awaitable[None]]
"""Takes an update in. Once it returns, the update survives a crash; it raises what keeps it from that."""


class UpdateNotTaken(Exception):
    """Something on our side keeps an update from being taken in."""


class Poller:
    """Asks for updates, one batch after the other, and hands them on one by one."""

    def __init__(
        self,
        line: TelegramBot,
        take: Take,
        patience: PollingBackoff | None = None,
        poll: int = POLL,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        """`take` gets every update of these kinds once; `poll` is how many seconds Telegram may wait for a new one."""
        self.line, self.take, self.patience, self.poll, self.kinds = (
            line,
            take,
            patience or PollingBackoff(),
            poll,
            kinds,
        )
        self.good = self._began = time.monotonic()  # when Telegram last answered as it should
        self._offset = 0
        self._known: dict[int, None] = {}  # by id, oldest first; ids may jump, so none is "greater than the last"
        self._failures: Counter[int] = Counter()

    async def run(self) -> None:
        """Listen until cancelled. Refused when the token has been revoked."""
        while True:
            try:
                batch = await self._ask()
                self.good = time.monotonic()
                await self._hand_on(batch)
            except (TelegramError, Busy, UpdateNotTaken) as error:
                await self._after(error)
            else:
                self.patience.over()

    async def _after(self, error: Exception) -> None:
        """Wait. Who polled before us may have died while Telegram still held the line for it: that is no trouble."""
        settling = time.monotonic() < self._began + self.poll + SETTLING
        if isinstance(error, Conflict) and settling:
            await asyncio.sleep(self.patience.policy.delay(1))
        else:
            await self.patience.after(error)

    async def _ask(self) -> list[Raw]:
        batch = await self.line.raw(
            "getUpdates",
            silence=self.poll + 10,
            offset=self._offset,
            timeout=self.poll,
            allowed_updates=list(self.kinds),  # named each time, or what another program asked for stays in force
        )
        if not isinstance(batch, list):
            raise TelegramError("getUpdates brought no list")
        return [raw for raw in batch if isinstance(raw, dict) and isinstance(raw.get("update_id"), int)]

    async def _hand_on(self, batch: list[Raw]) -> None:
        """Take the batch in. NotTaken where it has to be asked for again, from the first that could not be."""
        await self._side_by_side(batch)
        for n, raw in enumerate(batch):
            if not await self._taken(raw) and not await self._is_poison(raw, batch[n + 1 :]):
                self._offset = raw["update_id"]
                raise UpdateNotTaken("updates wait until they can be stored")
            self._know(raw)
        # Asking for the next one tells Telegram to forget these: only now is that safe. Nothing came: everything has
        # been forgotten, and from the start is the right place if ids have jumped, as they do after a quiet week.
        self._offset = batch[-1]["update_id"] + 1 if batch else 0

    async def _side_by_side(self, batch: list[Raw]) -> None:
        """Take in what different chats said at the same time, so that the store can write it down in one go.

        Each chat's updates stay in order: after one that could not be taken in, the chat's later ones wait as well.
        """
        chats: dict[object, list[Raw]] = defaultdict(list)
        for raw in batch:
            chats[_chat(raw)].append(raw)
        if len(chats) > 1:
            await asyncio.gather(*map(self._in_order, chats.values()))

    async def _in_order(self, updates: list[Raw]) -> None:
        for raw in updates:
            if not await self._taken(raw):
                return

    async def _taken(self, raw: Raw) -> bool:
        if raw["update_id"] in self._known:
            return True
        try:
            await self.take(raw)
        except Exception as error:  # whatever it is, Telegram keeps the update, and it comes again
            self._failures[raw["update_id"]] += 1
            log.warning("an update could not be taken in", update=raw["update_id"], error=repr(error))
            return False
        self._know(raw)
        return True

    async def _is_poison(self, raw: Raw, later: list[Raw]) -> bool:
        """Whether it is the update's own fault: others can be taken in, and this one still cannot."""
        if self._failures[raw["update_id"]] < SUSPECT:
            return False
        for other in [other for other in later if other["update_id"] not in self._known][:SUSPECT]:
            if await self._taken(other):
                poison = not await self._taken(raw)
                if poison:
                    log.error("an update was set aside", update=raw["update_id"])
                return poison
        return False

    def _know(self, raw: Raw) -> None:
        self._failures.pop(raw["update_id"], None)
        self._known[raw["update_id"]] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


def _chat(raw: Raw) -> object:
    """Where an update comes from, as far as it can be seen without understanding it."""
    query = raw.get("callback_query")
    pressed = query.get("message") if isinstance(query, dict) else None
    said = raw.get("message") or raw.get("edited_message") or pressed or raw.get(STOPPED)
    chat = said.get("chat") if isinstance(said, dict) else None
    return chat.get("id") if isinstance(chat, dict) and isinstance(chat.get("id"), int) else None
