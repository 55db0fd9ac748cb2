"""Files of interactions: Discord shows them once, so their bytes are stored for any process."""

import time
from collections import OrderedDict

from bot.ports import Blobs

__all__ = ["AttachmentStore"]

PREFIX = "discord:file:"
WEEK = 7 * 24 * 60 * 60.0


class AttachmentStore:
    """A store of files by their id at Discord. Old ones expire, and above the limit the oldest make room for others.

    Files from before the last start do not count towards the limit; they expire with age.
    """

    def __init__(self, blobs: Blobs, max_bytes: int = 200 * 1024 * 1024, max_age: float = WEEK) -> None:
        self._blobs, self._max_bytes, self._max_age = blobs, max_bytes, max_age
        self._sizes: OrderedDict[str, int] = OrderedDict()  # of the files that this process stored, oldest first

    async def put(self, id: str, data: bytes) -> None:
        """Store a file durably."""
        await self._blobs.put_blob(PREFIX + id, data)
        self._sizes[id] = len(data)
        while sum(self._sizes.values()) > self._max_bytes:
            oldest, _ = self._sizes.popitem(last=False)
            await self._blobs.delete_blobs(PREFIX + oldest, time.time())

    async def get(self, id: str) -> bytes | None:
        """Return the bytes of a file; None when it has expired or made room for others."""
        return await self._blobs.get_blob(PREFIX + id)

    async def expire(self, before: float = 0) -> None:
        """Delete files from before then (seconds since 1970), and those that are too old."""
        await self._blobs.delete_blobs(PREFIX, max(before, time.time() - self._max_age))
