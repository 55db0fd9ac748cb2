"""Who may speak when: Telegram's flood limits, kept by one scheduler for the whole bot.

Whole texts wait for their turn in the order they came. What is only worth something now, half-grown text and the
typing sign, never waits: it is turned away, and comes back with what is then the newest text.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import Busy

MINUTE = 60.0
PATIENCE = 10.0  # seconds that a whole text waits here; beyond that its turn goes back to the store
IDLE = 1_000  # chats remembered before those that are at rest are forgotten


@dataclass(frozen=True, slots=True)
class Limits:
    """What Telegram's FAQ says, with a little air."""

    private: float = 1.1  # seconds between two calls in a private chat
    group: float = 3.1
    group_minute: int = 20  # calls a minute in one group
    group_spare: int = 4  # of those, kept for whole texts
    overall: int = 30  # calls a second in all chats together


class Clock(Protocol):
    """What tells the time."""

    def time(self) -> float:
        """Seconds since some moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""


class LoopClock:
    """The event loop's."""

    def time(self) -> float:
        """Seconds since the loop's own beginning."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class _Line:
    """Those who want to speak in one chat."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # fair: first come, first served
    waiting: int = 0
    next: float = 0.0  # when somebody may speak again
    spoken: deque[float] = field(default_factory=deque)  # within the last minute; groups only


class Pace:
    """One for each bot token."""

    def __init__(self, limits: Limits | None = None, clock: Clock | None = None) -> None:
        self.limits, self.clock = limits or Limits(), clock or LoopClock()
        self._lines: dict[int, _Line] = {}
        self._booked: deque[float] = deque(maxlen=self.limits.overall)  # the latest calls in all chats, by their times

    @asynccontextmanager
    async def whole(self, chat: int) -> AsyncGenerator[None, None]:
        """Wait for the chat's turn to say something that must be said. Busy where that would take long."""
        line = self._line(chat)
        line.waiting += 1
        try:
            async with line.lock:
                pause = self._pause(chat, line)
                if pause > PATIENCE:
                    raise Busy("telegram_slow_down", retry_after=pause)
                await self._sleep(pause)
                await self._sleep(self._speak(chat, line))
                with self._obeying(line):
                    yield
        finally:
            line.waiting -= 1

    @asynccontextmanager
    async def growing(self, chat: int) -> AsyncGenerator[None, None]:
        """Say something that the next text will replace: now, or Busy with the seconds until it is worth a try."""
        line = self._line(chat)
        pause = self._pause(chat, line, spare=self.limits.group_spare)
        if line.lock.locked() or pause > 0 or self._is_busy(0.5):
            raise Busy("telegram_slow_down", retry_after=max(pause, 0.2))
        async with line.lock:
            self._speak(chat, line)
            with self._obeying(line):
                yield

    def spare(self, chat: int) -> bool:
        """Whether there is room for the typing sign, which counts for little."""
        return self._line(chat).next <= self.clock.time() + self._gap(chat) and not self._is_busy(0.25)

    # the rules

    def _pause(self, chat: int, line: _Line, spare: int = 0) -> float:
        """Seconds until the chat may hear from us again."""
        now = self.clock.time()
        free = line.next
        while line.spoken and line.spoken[0] <= now - MINUTE:
            line.spoken.popleft()
        most = self.limits.group_minute - spare
        if len(line.spoken) >= most:
            free = max(free, line.spoken[len(line.spoken) - most] + MINUTE)
        return free - now

    def _speak(self, chat: int, line: _Line) -> float:
        """Book a call, and return how many seconds it has to wait for the others in all chats."""
        now = self.clock.time()
        is_full = len(self._booked) == self.limits.overall
        at = max(now, self._booked[0] + 1.0) if is_full else now
        self._booked.append(at)
        line.next = at + self._gap(chat)
        if chat < 0:
            line.spoken.append(at)
        return at - now

    def _is_busy(self, share: float) -> bool:
        """Whether more than this share of a second's calls has been booked in the last second."""
        most = max(1, round(self.limits.overall * share))
        return len(self._booked) >= most and self._booked[-most] > self.clock.time() - 1.0

    def _gap(self, chat: int) -> float:
        return self.limits.group if chat < 0 else self.limits.private

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)

    @contextmanager
    def _obeying(self, line: _Line) -> Iterator[None]:
        """When Telegram wants silence, only this chat falls silent."""
        try:
            yield
        except Busy as error:
            line.next = max(line.next, self.clock.time() + (error.retry_after or 0))
            raise

    def _line(self, chat: int) -> _Line:
        if chat not in self._lines and len(self._lines) >= IDLE:
            self._forget_idle()
        return self._lines.setdefault(chat, _Line())

    def _forget_idle(self) -> None:
        rested = self.clock.time() - MINUTE
        self._lines = {
            chat: line for chat, line in self._lines.items() if line.waiting or line.lock.locked() or line.next > rested
        }
