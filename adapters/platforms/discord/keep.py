"""Files that came with an interaction: Discord shows them once, so their bytes wait here until they are asked for."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["Keep"]

WEEK = 7 * 24 * 60 * 60.0
PART = ".part"  # a file that is being written


class Keep:
    """A folder of files by their id at Discord. The oldest make room for new ones, and none stays for ever."""

    def __init__(self, folder: Path, most_bytes: int = 200 * 1024 * 1024, seconds: float = WEEK) -> None:
        """Nothing but files of ours is ever removed from `folder`, which is made when it is needed."""
        self.folder, self.most_bytes, self.seconds = folder, most_bytes, seconds
        self._writing = asyncio.Lock()

    async def put(self, id: str, data: bytes) -> None:
        """Write a file to the disk, readable for us alone. ValueError when the id is not a number."""
        path = self._path(id)
        async with self._writing:
            await asyncio.to_thread(self._put, path, data)

    async def get(self, id: str) -> bytes | None:
        """The bytes of a file; None when it has made room for others. ValueError when the id is not a number."""
        return await asyncio.to_thread(_read, self._path(id))

    async def tidy(self, before: float = 0) -> None:
        """Remove what is from before then (seconds since 1970), too old or too much."""
        async with self._writing:
            await asyncio.to_thread(self._tidy, before)

    def _path(self, id: str) -> Path:
        if not _is_number(id):
            raise ValueError("the id of a file must be a number")
        return self.folder / id

    def _put(self, path: Path, data: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(PART)
        with open(part, "wb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the turn that is about it survives a power cut, too
        part.replace(path)
        self._tidy()

    def _tidy(self, before: float = 0) -> None:
        oldest_welcome, total = max(before, time.time() - self.seconds), 0
        for changed, size, path in sorted(self._files(), reverse=True):
            total += size
            if changed < oldest_welcome or total > self.most_bytes:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Time of the last change, bytes and place of every file of ours."""
        for path in self.folder.glob("[0-9]*"):
            if _is_number(path.name.removesuffix(PART)):
                with suppress(FileNotFoundError):  # another process has tidied up as well
                    about = path.stat()
                    yield about.st_mtime_ns / 1e9, about.st_size, path


def _is_number(id: str) -> bool:
    return id.isascii() and id.isdigit()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
