"""A budget of bytes in memory: a request that does not fit waits in a fair queue."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Place:
    """A waiting request, and its bytes once they are granted."""

    owner: str
    size: int
    granted: asyncio.Future[None]


class ByteBudget:
    """Bounds the number of bytes in memory at the same time, within one event loop.

    The owner with the fewest bytes goes first, so that a flood from one person keeps nobody else waiting for long;
    requests of one owner are granted in order.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._inside: Counter[str] = Counter()  # bytes, by owner
        self._taken = 0
        self._line: list[_Place] = []

    @asynccontextmanager
    async def take(self, size: int, owner: str = "") -> AsyncGenerator[None, None]:
        """Wait until `size` bytes fit into the budget, and take them while entered.

        A request larger than the whole budget is granted alone. A cancelled request takes nothing.
        """
        place = _Place(owner, min(max(size, 1), self._most), asyncio.get_running_loop().create_future())
        self._line.append(place)
        self._let_in()
        try:
            await place.granted
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._let_in()  # a later request may be small enough
            else:  # granted at the very moment of the cancellation
                self._leave(place)
            raise
        try:
            yield
        finally:
            self._leave(place)

    def _leave(self, place: _Place) -> None:
        self._taken -= place.size
        self._inside -= Counter({place.owner: place.size})  # in-place subtraction drops owners without any bytes left
        self._let_in()

    def _let_in(self) -> None:
        while self._line:
            place = min(self._line, key=lambda each: self._inside[each.owner])  # the first among equals
            if self._taken + place.size > self._most:
                return
            self._line.remove(place)
            self._taken += place.size
            self._inside[place.owner] += place.size
            if not place.granted.done():
                place.granted.set_result(None)
