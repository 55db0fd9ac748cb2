"""A room of so many bytes: who brings more than there is place for waits at the door, in line."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Room:
    """Bounds how many bytes are in memory at the same time, first come, first served. It counts for one event loop."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._taken = most_bytes, 0
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def take(self, size: int) -> AsyncGenerator[None, None]:
        """Wait until `size` bytes fit beside those who are in, and take them while entered.

        Who brings more than the whole room holds is let in alone. Who leaves the line takes nobody's place.
        """
        size = min(max(size, 1), self._most)
        await self._enter(size)
        try:
            yield
        finally:
            self._leave(size)

    async def _enter(self, size: int) -> None:
        if not self._line and self._fits(size):
            self._taken += size
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((size, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._let_in()  # whoever stands behind may be small enough
            else:  # was called in at the very moment
                self._leave(size)
            raise

    def _leave(self, size: int) -> None:
        self._taken -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._line:
            size, place = self._line[0]
            if not place.cancelled():
                if not self._fits(size):
                    return
                self._taken += size
                place.set_result(None)
            self._line.popleft()

    def _fits(self, size: int) -> bool:
        return self._taken + size <= self._most
