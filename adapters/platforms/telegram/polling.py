"""Polling for updates: longer waits after each failure, one line in the log, and a stop when the token is revoked."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from adapters.platforms.telegram.message_content import NAME
from adapters.platforms.telegram.translate import KINDS, STOP_PRESSED
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import Busy, FailureCode, Refused
from bot.operations.set_aside import SetAsideLog
from bot.util.retry import TELEGRAM_POLL, Backoff, RetryPolicy

log = structlog.get_logger(__name__)

MAX_REFUSALS = 3  # in a row, after which the token is taken to be revoked

POLL_SECONDS = 30  # seconds that Telegram may keep us waiting when there is nothing new
BATCH = 100  # updates that Telegram hands out at once
POISON_FAILURES = 3  # of an update, after which others may pass it
TAKEOVER_SECONDS = 10.0  # beyond the length of a poll, after which another process's poll has ended
MAX_SEEN = 10_000  # ids of updates; the store knows messages for longer

RawUpdate = dict[str, Any]
TakeUpdate = Callable[[RawUpdate], Awaitable[None]]
"""A function that takes an update in. Once it returns, the update survives a crash; else it raises an error."""


class PollingBackoff:
    """A counter of consecutive failures that waits after each."""

    def __init__(self, policy: RetryPolicy = TELEGRAM_POLL) -> None:
        self.policy = policy
        self._backoff = Backoff(policy)
        self._refusals = 0
        self._logged_kind = ""

    async def wait_after(self, error: Exception) -> None:
        """Sleep after a failure. Raises Refused once the token must be taken to be revoked."""
        self._refusals = self._refusals + 1 if isinstance(error, InvalidToken) else 0
        if self._refusals >= MAX_REFUSALS:
            raise Refused(FailureCode.TELEGRAM_WRONG_TOKEN) from error
        self._log_once(type(error).__name__, str(error))
        await asyncio.sleep(self._backoff.next_delay(error.retry_after if isinstance(error, Busy) else None))

    def reset(self) -> None:
        """Forget all failures: polling works again."""
        if self._backoff.failures:
            log.info("listening to Telegram works again", failures=self._backoff.failures)
        self._backoff.reset()
        self._refusals = 0
        self._logged_kind = ""

    def _log_once(self, kind: str, reason: str) -> None:
        if kind != self._logged_kind:  # an outage is one line, not one each second
            log.warning("listening to Telegram is disturbed", kind=kind, reason=reason[:200])
            self._logged_kind = kind


class UpdateNotTaken(Exception):
    """The failure to take an update in, for a reason on our side."""


class Poller:
    """A poller that fetches updates in batches and passes them on one by one."""

    def __init__(
        self,
        bot: TelegramBot,
        take_update: TakeUpdate,
        backoff: PollingBackoff | None = None,
        poll_seconds: int = POLL_SECONDS,
        kinds: Sequence[str] = KINDS,
        set_aside: SetAsideLog | None = None,
    ) -> None:
        """Make a poller: `take_update` gets every update of these kinds once; a poll lasts up to `poll_seconds`."""
        self.bot, self.take_update, self.backoff, self.poll_seconds, self.kinds = (
            bot,
            take_update,
            backoff or PollingBackoff(),
            poll_seconds,
            kinds,
        )
        self.last_success = self._started_at = time.monotonic()  # when Telegram last answered as it should
        self.empty_at: float | None = None  # seconds since 1970, when Telegram last had nothing more for us
        self.trouble = ""  # the reason of the latest failure since then
        self._set_aside = set_aside or SetAsideLog(NAME)
        self._offset = 0
        self._seen: dict[int, None] = {}  # by id, oldest first; ids may jump, so none is "greater than the last"
        self._failures: Counter[int] = Counter()

    async def run(self) -> None:
        """Poll until cancelled. Raises Refused when the token has been revoked."""
        while True:
            try:
                batch = await self._fetch()
                self.last_success, self.trouble = time.monotonic(), ""
                fetched_at = time.time()
                await self._take_batch(batch)
                if len(batch) < BATCH:
                    self.empty_at = fetched_at
            except (TelegramError, Busy, UpdateNotTaken) as error:
                await self._wait_after(error)
            else:
                self.backoff.reset()

    async def _wait_after(self, error: Exception) -> None:
        """Wait after a failure. A Conflict soon after the start is normal: a dead process's poll may still be open."""
        self.trouble = str(error)[:200]
        if isinstance(error, Conflict) and "webhook" in self.trouble.lower():
            await self._remove_webhook()
        is_takeover = time.monotonic() < self._started_at + self.poll_seconds + TAKEOVER_SECONDS
        if isinstance(error, Conflict) and is_takeover:
            await asyncio.sleep(self.backoff.policy.delay(1))
        else:
            await self.backoff.wait_after(error)

    async def _remove_webhook(self) -> None:
        """Take back a webhook that another program set with our token while we poll."""
        log.error("another program set a webhook with this token; it is removed")
        with suppress(TelegramError, Busy):
            await self.bot.delete_webhook()

    async def _fetch(self) -> list[RawUpdate]:
        batch = await self.bot.call_raw(
            "getUpdates",
            read_timeout=self.poll_seconds + 10,
            offset=self._offset,
            timeout=self.poll_seconds,
            allowed_updates=list(self.kinds),  # sent each time, or another program's choice stays in force
        )
        if not isinstance(batch, list):
            raise TelegramError("getUpdates brought no list")
        return [raw for raw in batch if isinstance(raw, dict) and isinstance(raw.get("update_id"), int)]

    async def _take_batch(self, batch: list[RawUpdate]) -> None:
        """Take the batch in. Raises UpdateNotTaken where it must be fetched again from the first that failed."""
        await self._take_concurrently(batch)
        for n, raw in enumerate(batch):
            if not await self._try_take(raw) and not await self._is_poison(raw, batch[n + 1 :]):
                self._offset = raw["update_id"]
                raise UpdateNotTaken("updates wait until they can be stored")
            self._mark_seen(raw)
        # The next offset confirms these updates to Telegram: only now is that safe. After an empty batch everything has
        # been confirmed, and 0 is right if ids have jumped, as they do after a quiet week.
        self._offset = batch[-1]["update_id"] + 1 if batch else 0

    async def _take_concurrently(self, batch: list[RawUpdate]) -> None:
        """Take in the updates of different chats concurrently, so that the store can write them in one transaction.

        Each chat's updates stay in order: after one that could not be taken in, the chat's later ones wait as well.
        """
        chats: dict[object, list[RawUpdate]] = defaultdict(list)
        for raw in batch:
            chats[_chat_id(raw)].append(raw)
        if len(chats) > 1:
            await asyncio.gather(*map(self._take_in_order, chats.values()))

    async def _take_in_order(self, updates: list[RawUpdate]) -> None:
        for raw in updates:
            if not await self._try_take(raw):
                return

    async def _try_take(self, raw: RawUpdate) -> bool:
        if raw["update_id"] in self._seen:
            return True
        try:
            await self.take_update(raw)
        except Exception as error:  # whatever it is, Telegram keeps the update, and it comes again
            self._failures[raw["update_id"]] += 1
            log.warning("an update could not be taken in", update=raw["update_id"], error=repr(error))
            return False
        self._mark_seen(raw)
        return True

    async def _is_poison(self, raw: RawUpdate, later: list[RawUpdate]) -> bool:
        """Tell whether the update itself is at fault: others can be taken in, and this one still cannot."""
        if self._failures[raw["update_id"]] < POISON_FAILURES:
            return False
        for other in [other for other in later if other["update_id"] not in self._seen][:POISON_FAILURES]:
            if await self._try_take(other):
                is_poison = not await self._try_take(raw)
                if is_poison:
                    self._set_aside.note("update", UpdateNotTaken(), update=raw["update_id"])
                return is_poison
        return False

    def _mark_seen(self, raw: RawUpdate) -> None:
        self._failures.pop(raw["update_id"], None)
        self._seen[raw["update_id"]] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]


def _chat_id(raw: RawUpdate) -> object:
    """Return the id of an update's chat, as far as it can be seen without parsing the update."""
    query = raw.get("callback_query")
    pressed_message = query.get("message") if isinstance(query, dict) else None
    message = raw.get("message") or raw.get("edited_message") or pressed_message or raw.get(STOP_PRESSED)
    chat = message.get("chat") if isinstance(message, dict) else None
    return chat.get("id") if isinstance(chat, dict) and isinstance(chat.get("id"), int) else None
