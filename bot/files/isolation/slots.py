"""Slots for workers: a bound on the number of running tasks, shared out fairly."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(eq=False)
class _Ticket:
    """A waiting file, and its slot once it is granted."""

    owner: str
    granted: asyncio.Future[None]
    is_slow: bool = False


class Slots:
    """A fair semaphore: admits `quick` files at the same time, those of owners with the fewest running first.

    A file that takes longer than `patience` seconds moves to one of `slow` other slots while one is free, so that
    ordinary files need not wait for it. No owner ever gets more than `share` slots of both kinds. It serves one event
    loop.
    """

    def __init__(self, *, quick: int, slow: int, share: int, patience: float) -> None:
        self._quick, self._slow, self._share, self._patience = quick, slow, share, patience
        self._held: Counter[str] = Counter()
        self._waiting: deque[_Ticket] = deque()

    @asynccontextmanager
    async def take(self, owner: str = "") -> AsyncGenerator[None, None]:
        """Wait for a slot, and hold it while entered."""
        loop = asyncio.get_running_loop()
        ticket = _Ticket(owner, loop.create_future())
        self._waiting.append(ticket)
        self._admit()
        try:
            await ticket.granted
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            else:  # granted at the very moment of the cancellation
                self._leave(ticket)
            raise
        timer = loop.call_later(self._patience, self._step_aside, ticket)
        try:
            yield
        finally:
            timer.cancel()
            self._leave(ticket)

    def _admit(self) -> None:
        while self._quick and (entitled := [each for each in self._waiting if self._held[each.owner] < self._share]):
            ticket = min(entitled, key=lambda each: self._held[each.owner])  # the first among equals
            self._waiting.remove(ticket)
            if not ticket.granted.cancelled():
                ticket.granted.set_result(None)
                self._quick -= 1
                self._held[ticket.owner] += 1

    def _step_aside(self, ticket: _Ticket) -> None:
        if self._slow:
            self._slow -= 1
            self._quick += 1
            ticket.is_slow = True
            self._admit()

    def _leave(self, ticket: _Ticket) -> None:
        self._held -= Counter([ticket.owner])  # in-place subtraction drops owners without any left
        if ticket.is_slow:
            self._slow += 1
        else:
            self._quick += 1
        self._admit()
