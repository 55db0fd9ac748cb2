"""Pacing of posts by Telegram's flood limits, with one scheduler in each process of the bot.

Telegram's limits are averages, and short bursts are allowed; so each chat has a bucket of calls that fills again over
time. Complete texts go out at once while it is not empty, and else wait in the order they came. Partial text and the
typing sign never wait: they are refused, and the next try carries the newest text; the last call in the bucket is not
theirs, so that the end of an answer is never late. The more answers are under way in all chats, the fewer of these
calls there are: where the ends of answers need all that Telegram allows, each answer costs one call.

The limits for all chats together, and for a group, whose topics can be answered by different processes, are rate
limits that all processes share. A conversation is answered by one process at a time, so a private chat needs no
shared limit.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import Busy, FailureCode
from bot.messages import RateLimit
from bot.store.coordination import LocalRateLimiter, pass_through

Acquire = Callable[[RateLimit, float], Awaitable[float]]
"""The signature of `acquire` of `bot.ports.Coordination`."""

SECOND, MINUTE = 1.0, 60.0
MAX_WAIT = 10.0  # seconds for a chat's turn; a text that has to wait longer goes back to the store
PARTIAL_TIMEOUT = 1.0  # seconds that partial text waits for the store
CROWDED_PAUSE = 1.0  # seconds until partial text asks again, where there is no room for any
MIN_RETRY_AFTER = 0.2  # seconds until partial text may try again, at least
MAX_CHATS = 1_000  # remembered before idle ones are forgotten


class Clock(Protocol):
    """A clock that can sleep."""

    def time(self) -> float:
        """Return the seconds since some moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""


class LoopClock:
    """The clock of the event loop."""

    def time(self) -> float:
        """Return the time of the running loop in seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """The limits of Telegram's FAQ, with some margin."""

    private: float = 1.1  # seconds in which the bucket of a private chat gets one more call
    group: float = 3.1  # the same for a group
    burst: int = 3  # calls that a bucket holds
    spare: int = 1  # of those, kept for complete texts
    group_minute: int = 20  # calls a minute in one group, from all processes
    group_spare: int = 4  # of those, kept for complete texts
    overall: int = 30  # calls a second in all chats together
    growing: float = 0.5  # the share of them that partial texts may use


@dataclass(slots=True, kw_only=True)
class _ChatQueue:
    """The texts that wait for their turn in one chat."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # fair: first come, first served
    waiting: int = 0
    full_at: float = 0.0  # the time at which the bucket is full again
    quiet_until: float = 0.0  # the time until which Telegram, or a limit that processes share, wants silence
    calls: list[float] = field(default_factory=list)  # the times of our calls within the last minute; groups only

    @property
    def idle_at(self) -> float:
        """The time from which nothing of this has to be remembered."""
        return max(self.full_at, self.quiet_until)


class SendPacing:
    """The scheduler of one bot token."""

    def __init__(
        self,
        limits: SendLimits | None = None,
        clock: Clock | None = None,
        *,
        acquire: Acquire | None = None,
        name: str = "telegram",
    ) -> None:
        """Make a scheduler; `acquire` books shared rate limits under this `name`. Without it this process is alone."""
        self.limits, self.clock = limits or SendLimits(), clock or LoopClock()
        self._acquire, self._name = acquire or LocalRateLimiter(self.clock.time).acquire, name
        self._queues: dict[int, _ChatQueue] = {}
        self._crowded_until = 0.0  # the time until which only complete texts are sent, in all chats
        self._answers = 0  # that are under way, each of which needs a call at its end

    @asynccontextmanager
    async def whole_text(self, chat: int) -> AsyncGenerator[None, None]:
        """Wait for the chat's turn to send a complete text. Raises Busy where that would take long."""
        queue = self._queue(chat)
        queue.waiting += 1
        try:
            async with queue.lock:
                pause = self._pause(chat, queue)
                if pause > MAX_WAIT:
                    raise _slow_down(pause)
                await self._sleep(pause)
                await self._sleep(await self._acquire_overall(self.limits.overall, math.inf))
                pause = await self._acquire_in_group(chat, queue, MAX_WAIT)
                if pause > MAX_WAIT:
                    raise _slow_down(pause)
                await self._sleep(pause)
                self._record_call(chat, queue)
                with self._honour_retry_after(queue):
                    yield
        finally:
            queue.waiting -= 1

    @asynccontextmanager
    async def partial_text(self, chat: int) -> AsyncGenerator[None, None]:
        """Send a partial text now, or raise Busy with the seconds until the next try."""
        queue = self._queue(chat)
        pause = max(self._pause(chat, queue, is_partial=True), self._crowded_until - self.clock.time())
        if queue.lock.locked() or pause > 0:
            raise _slow_down(pause)
        async with queue.lock:
            pause = await self._acquire_now(chat, queue)
            if pause > 0:
                raise _slow_down(pause)
            self._record_call(chat, queue)
            with self._honour_retry_after(queue):
                yield

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count an answer as under way while entered: the more there are, the fewer partial texts are sent."""
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1

    def has_room(self, chat: int) -> bool:
        """Tell whether there is room for the typing sign, which matters least."""
        now, queue = self.clock.time(), self._queue(chat)
        is_quiet = max(queue.quiet_until, self._crowded_until) > now or self._most_partial() == 0
        return queue.full_at <= now + self._gap(chat) and not is_quiet

    # the rules

    def _pause(self, chat: int, queue: _ChatQueue, *, is_partial: bool = False) -> float:
        """Return the seconds until the next call in the chat, as far as this process knows."""
        now = self.clock.time()
        pause, queue.calls = pass_through(self._minute(chat, is_partial=is_partial), queue.calls, now, -math.inf)
        calls = self.limits.burst - 1 - (self.limits.spare if is_partial else 0)  # that may be missing in the bucket
        return max(pause, queue.full_at - calls * self._gap(chat) - now, queue.quiet_until - now)

    def _minute(self, chat: int, *, is_partial: bool) -> RateLimit:
        spare = self.limits.group_spare if is_partial else 0
        return RateLimit(f"{self._name} {chat}", self.limits.group_minute - spare, MINUTE)

    async def _acquire_overall(self, most: int, patience: float) -> float:
        """Book a call within the limit for all chats, and return how many seconds it has to wait."""
        pause = await self._acquire(RateLimit(self._name, most, SECOND), patience)
        if pause > 0:
            self._crowded_until = max(self._crowded_until, self.clock.time() + pause)
        return pause

    async def _acquire_in_group(self, chat: int, queue: _ChatQueue, patience: float) -> float:
        """Book a call within the limit for the group, and return how many seconds it has to wait."""
        if chat > 0:
            return 0.0
        pause = await self._acquire(self._minute(chat, is_partial=not patience), patience)
        queue.quiet_until = max(queue.quiet_until, self.clock.time() + pause)
        return pause

    async def _acquire_now(self, chat: int, queue: _ChatQueue) -> float:
        """Book a call for now and return 0, or return the seconds until the next try."""
        most = self._most_partial()
        if most == 0:
            return CROWDED_PAUSE
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTIAL_TIMEOUT):
                return await self._acquire_overall(most, 0) or await self._acquire_in_group(chat, queue, 0)
        return PARTIAL_TIMEOUT

    def _most_partial(self) -> int:
        """Return how many partial texts may be sent in a second; none where the ends of answers need all calls."""
        crowd = max(1.0, self._answers / self.limits.overall)
        return round(max(1, self.limits.overall * self.limits.growing) / crowd**2)

    def _record_call(self, chat: int, queue: _ChatQueue) -> None:
        now = self.clock.time()
        queue.full_at = max(queue.full_at, now) + self._gap(chat)
        if chat < 0:
            queue.calls.append(now)

    def _gap(self, chat: int) -> float:
        return self.limits.group if chat < 0 else self.limits.private

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)

    @contextmanager
    def _honour_retry_after(self, queue: _ChatQueue) -> Iterator[None]:
        """Pause only this chat when Telegram asks us to wait."""
        try:
            yield
        except Busy as error:
            queue.quiet_until = max(queue.quiet_until, self.clock.time() + (error.retry_after or 0))
            raise

    def _queue(self, chat: int) -> _ChatQueue:
        if chat not in self._queues and len(self._queues) >= MAX_CHATS:
            self._forget_idle()
        return self._queues.setdefault(chat, _ChatQueue())

    def _forget_idle(self) -> None:
        idle_since = self.clock.time() - MINUTE
        self._queues = {
            chat: queue
            for chat, queue in self._queues.items()
            if queue.waiting or queue.lock.locked() or queue.idle_at > idle_since
        }


def _slow_down(seconds: float) -> Busy:
    return Busy(FailureCode.TELEGRAM_SLOW_DOWN, retry_after=max(seconds, MIN_RETRY_AFTER))
