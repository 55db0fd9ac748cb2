"""Files that came with an interaction: Discord shows them once, so their bytes wait in the store, for any process."""

import time
from collections import OrderedDict

from bot.ports import Blobs

__all__ = ["AttachmentStore"]

PREFIX = "discord:file:"
WEEK = 7 * 24 * 60 * 60.0


class AttachmentStore:
    """Files by their id at Discord. None stays for ever, and those that this process kept first make room for others.

    What was kept before the last start takes no part in that; it goes when it is old.
    """

    def __init__(self, blobs: Blobs, most_bytes: int = 200 * 1024 * 1024, seconds: float = WEEK) -> None:
        self._blobs, self._most_bytes, self._seconds = blobs, most_bytes, seconds
        self._sizes: OrderedDict[str, int] = OrderedDict()  # of what this process kept, oldest first

    async def put(self, id: str, data: bytes) -> None:
        """Keep a file. Once this returns it survives a power cut, like the turn that is about it."""
        await self._blobs.put_blob(PREFIX + id, data)
        self._sizes[id] = len(data)
        while sum(self._sizes.values()) > self._most_bytes:
            oldest, _ = self._sizes.popitem(last=False)
            await self._blobs.delete_blobs(PREFIX + oldest, time.time())

    async def get(self, id: str) -> bytes | None:
        """The bytes of a file; None when it has made room for others."""
        return await self._blobs.get_blob(PREFIX + id)

    async def expire(self, before: float = 0) -> None:
        """Remove what is from before then (seconds since 1970), or too old."""
        await self._blobs.delete_blobs(PREFIX, max(before, time.time() - self._seconds))
