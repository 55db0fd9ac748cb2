"""Who may speak when: Telegram's flood limits, kept by one scheduler for each process of the bot.

Whole texts wait for their turn in the order they came. What is only worth something now, half-grown text and the
typing sign, never waits: it is turned away, and comes back with what is then the newest text.

What all chats may hear together, and what a group may hear, whose topics can be answered by different processes, is
booked at gates that all processes share. A conversation is answered by one process at a time, so what a private chat
may hear needs no gate.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from adapters.platforms.telegram.clock import Admit, Clock, LoopClock
from bot.errors import Busy
from bot.messages import RateLimit
from bot.store.rate_limits import LocalRateLimiter, pass_through

SECOND, MINUTE = 1.0, 60.0
PATIENCE = 10.0  # seconds that a chat may want silence; beyond that a whole text's turn goes back to the store
HURRY = 1.0  # seconds that growing text waits for the store; if that is away, people see less of the growing
AGAIN = 0.2  # seconds until growing text may try again, at least
IDLE = 1_000  # chats remembered before those that are at rest are forgotten


@dataclass(frozen=True, slots=True)
class SendLimits:
    """What Telegram's FAQ says, with a little air."""

    private: float = 1.1  # seconds between two calls in a private chat
    group: float = 3.1  # so far apart, no more than 20 come in a minute, whoever they are from
    group_minute: int = 20  # calls a minute in one group, as far as this process knows
    group_spare: int = 4  # of those, kept for whole texts
    overall: int = 30  # calls a second in all chats together
    growing: float = 0.5  # the share of them from which on only whole texts are said


@dataclass(slots=True)
class _ChatQueue:
    """Those who want to speak in one chat."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # fair: first come, first served
    waiting: int = 0
    next: float = 0.0  # when somebody may speak again
    spoken: list[float] = field(default_factory=list)  # when we did, within the last minute; groups only


class SendPacing:
    """One for each bot token."""

    def __init__(
        self,
        limits: SendLimits | None = None,
        clock: Clock | None = None,
        *,
        admit: Admit | None = None,
        name: str = "telegram",
    ) -> None:
        """`admit` leads through the gates of this `name`, which all processes share; without it this one is alone."""
        self.limits, self.clock = limits or SendLimits(), clock or LoopClock()
        self._admit, self._name = admit or LocalRateLimiter(self.clock.time).acquire, name
        self._lines: dict[int, _ChatQueue] = {}
        self._crowded = 0.0  # until when only whole texts are said, in all chats together

    @asynccontextmanager
    async def whole(self, chat: int) -> AsyncGenerator[None, None]:
        """Wait for the chat's turn to say something that must be said. Busy where that would take long."""
        line = self._line(chat)
        line.waiting += 1
        try:
            async with line.lock:
                pause = self._pause(line)
                if pause > PATIENCE:
                    raise _slow_down(pause)
                await self._sleep(pause)
                await self._sleep(await self._in_all(self.limits.overall, math.inf))
                await self._sleep(await self._in_group(chat, line, math.inf))
                self._spoke(chat, line)
                with self._obeying(line):
                    yield
        finally:
            line.waiting -= 1

    @asynccontextmanager
    async def growing(self, chat: int) -> AsyncGenerator[None, None]:
        """Say something that the next text will replace: now, or Busy with the seconds until it is worth a try."""
        line = self._line(chat)
        pause = max(self._pause(line, spare=self.limits.group_spare), self._crowded - self.clock.time())
        if line.lock.locked() or pause > 0:
            raise _slow_down(pause)
        async with line.lock:
            pause = await self._at_once(chat, line)
            if pause > 0:
                raise _slow_down(pause)
            self._spoke(chat, line)
            with self._obeying(line):
                yield

    def spare(self, chat: int) -> bool:
        """Whether there is room for the typing sign, which counts for little."""
        now = self.clock.time()
        return self._line(chat).next <= now + self._gap(chat) and self._crowded <= now

    # the rules

    def _pause(self, line: _ChatQueue, spare: int = 0) -> float:
        """Seconds until the chat may hear from us again, as far as this process knows."""
        now, gate = self.clock.time(), RateLimit("", self.limits.group_minute - spare, MINUTE)
        pause, line.spoken = pass_through(gate, line.spoken, now, -math.inf)
        return max(pause, line.next - now)

    async def _in_all(self, most: int, patience: float) -> float:
        """Book a call among those in all chats; how many seconds it has to wait."""
        pause = await self._admit(RateLimit(self._name, most, SECOND), patience)
        if pause > 0:
            self._crowded = max(self._crowded, self.clock.time() + pause)
        return pause

    async def _in_group(self, chat: int, line: _ChatQueue, patience: float) -> float:
        """Book a call among those in the group; how many seconds it has to wait."""
        if chat > 0:
            return 0.0
        pause = await self._admit(RateLimit(f"{self._name} {chat}", 1, self.limits.group), patience)
        line.next = max(line.next, self.clock.time() + pause)
        return pause

    async def _at_once(self, chat: int, line: _ChatQueue) -> float:
        """Book a call that is good now; else in how many seconds it is worth a try."""
        most = max(1, round(self.limits.overall * self.limits.growing))
        with suppress(TimeoutError):
            async with asyncio.timeout(HURRY):
                return await self._in_all(most, 0) or await self._in_group(chat, line, 0)
        return HURRY

    def _spoke(self, chat: int, line: _ChatQueue) -> None:
        now = self.clock.time()
        line.next = now + self._gap(chat)
        if chat < 0:
            line.spoken.append(now)

    def _gap(self, chat: int) -> float:
        return self.limits.group if chat < 0 else self.limits.private

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)

    @contextmanager
    def _obeying(self, line: _ChatQueue) -> Iterator[None]:
        """When Telegram wants silence, only this chat falls silent."""
        try:
            yield
        except Busy as error:
            line.next = max(line.next, self.clock.time() + (error.retry_after or 0))
            raise

    def _line(self, chat: int) -> _ChatQueue:
        if chat not in self._lines and len(self._lines) >= IDLE:
            self._forget_idle()
        return self._lines.setdefault(chat, _ChatQueue())

    def _forget_idle(self) -> None:
        rested = self.clock.time() - MINUTE
        self._lines = {
            chat: line for chat, line in self._lines.items() if line.waiting or line.lock.locked() or line.next > rested
        }


def _slow_down(seconds: float) -> Busy:
    return Busy("telegram_slow_down", retry_after=max(seconds, AGAIN))
