"""A room of so many bytes: who brings more than there is place for waits at the door, in line."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Place:
    """What somebody waits for, and has then."""

    owner: str
    size: int
    granted: asyncio.Future[None]


class ByteBudget:
    """Bounds how many bytes are in memory at the same time. It counts for one event loop.

    Whose owner has the fewest bytes inside goes first, so that one person's flood keeps nobody else waiting for long;
    those of one owner go in as they came.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._inside: Counter[str] = Counter()  # bytes, by owner
        self._taken = 0
        self._line: list[_Place] = []

    @asynccontextmanager
    async def take(self, size: int, owner: str = "") -> AsyncGenerator[None, None]:
        """Wait until `size` bytes fit beside those who are in, and take them while entered.

        Who brings more than the whole room holds is let in alone. Who leaves the line takes nobody's place.
        """
        place = _Place(owner, min(max(size, 1), self._most), asyncio.get_running_loop().create_future())
        self._line.append(place)
        self._let_in()
        try:
            await place.granted
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._let_in()  # whoever stands behind may be small enough
            else:  # was called in at the very moment
                self._leave(place)
            raise
        try:
            yield
        finally:
            self._leave(place)

    def _leave(self, place: _Place) -> None:
        self._taken -= place.size
        self._inside -= Counter({place.owner: place.size})  # which forgets owners that have nothing inside
        self._let_in()

    def _let_in(self) -> None:
        while self._line:
            place = min(self._line, key=lambda each: self._inside[each.owner])  # the first of those that are equal
            if self._taken + place.size > self._most:
                return
            self._line.remove(place)
            self._taken += place.size
            self._inside[place.owner] += place.size
            if not place.granted.done():
                place.granted.set_result(None)
