"""Uploads that broke off: what has arrived of them is held in memory for a while, and only the rest is sent again."""

import time
from collections.abc import AsyncIterable
from dataclasses import dataclass, field

PATIENCE = 900.0  # seconds for which a part is held
MOST_HELD = 10  # uploads


class WrongOffset(Exception):
    """The error that an upload goes on at another place than where it broke off."""


class Overtaken(Exception):
    """The error that the same upload goes on in another request."""


@dataclass(eq=False)
class _Part:
    data: bytearray = field(default_factory=bytearray)
    touched: float = field(default_factory=time.monotonic)
    request: object = None  # the last one that sends it


class PartialUploads:
    """The uploads that are under way or broke off, by a key that the page chose."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}

    def count_received(self, key: str) -> int:
        """Return how many bytes of an upload are there."""
        self._drop_old()
        part = self._parts.get(key)
        return len(part.data) if part else 0

    async def receive(self, key: str, offset: int, chunks: AsyncIterable[bytes], most: int) -> bytes | None:
        """Take the rest of an upload and return all of it; None where it is longer than `most`.

        WrongOffset: more or less of it is there. Overtaken: another request goes on with it. What has come is held if
        this is cancelled.
        """
        self._drop_old()
        part = self._parts.setdefault(key, _Part())
        if offset != len(part.data):
            raise WrongOffset
        mine = part.request = object()
        async for chunk in chunks:
            if part.request is not mine:
                raise Overtaken
            part.data += chunk
            part.touched = time.monotonic()
            if len(part.data) > most:
                del self._parts[key]
                return None
        if part.request is not mine:
            raise Overtaken
        self._parts.pop(key, None)
        return bytes(part.data)

    def _drop_old(self) -> None:
        until = time.monotonic() - PATIENCE
        self._parts = {key: part for key, part in self._parts.items() if part.touched > until}
        while len(self._parts) > MOST_HELD:
            del self._parts[min(self._parts, key=lambda key: self._parts[key].touched)]
