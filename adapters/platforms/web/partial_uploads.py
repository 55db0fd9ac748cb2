"""Uploads that broke off: what has arrived of them is held in files for a while, and only the rest is sent again.

They survive a restart and a crash of the process, as far as the system has them.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 3600.0  # seconds for which a part is held
MOST_HELD = 10  # uploads
PIECE = 256 * 1024  # bytes that are written at once
ENDING = ".part"


class WrongOffset(Exception):
    """The error that an upload goes on at another place than where it broke off."""


class Overtaken(Exception):
    """The error that the same upload goes on in another request."""


@dataclass(eq=False, slots=True)
class _Request:
    """A request that sends an upload or the rest of one, with what has come and is not written yet."""

    piece: bytearray = field(default_factory=bytearray)

    def take_piece(self) -> bytearray:
        piece, self.piece = self.piece, bytearray()
        return piece


class PartialUploads:
    """The uploads that are under way or broke off, by a key that the page chose.

    All work on files is done in one thread, so that whoever asks how much is there is told what was written before.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests: dict[Path, _Request] = {}  # the last one that sends each upload
        self._thread = ThreadPoolExecutor(1, "web-uploads")

    def close(self) -> None:
        """Finish what is being written."""
        self._thread.shutdown()

    async def count_received(self, key: str) -> int:
        """Return how many bytes of an upload are there."""
        await self.drop_old()
        path = self._path(key)
        return await self._flush(path, self._requests.get(path))

    async def receive(self, key: str, offset: int, chunks: AsyncIterable[bytes], most: int) -> bytes | None:
        """Take the rest of an upload and return all of it; None where it is longer than `most`.

        WrongOffset: more or less of it is there. Overtaken: another request goes on with it. What has come is held if
        this is cancelled.
        """
        await self.drop_old()
        path = self._path(key)
        before, mine = self._requests.get(path), _Request()
        self._requests[path] = mine
        try:
            if offset != await self._flush(path, before):
                raise WrongOffset
            return await self._take(path, mine, chunks, most - offset)
        finally:
            if self._requests.get(path) is mine:
                del self._requests[path]

    async def _take(self, path: Path, mine: _Request, chunks: AsyncIterable[bytes], room: int) -> bytes | None:
        try:
            async for chunk in chunks:
                self._check_turn(path, mine)
                mine.piece += chunk
                room -= len(chunk)
                if room < 0:
                    mine.take_piece()
                    await self._run(lambda: path.unlink(missing_ok=True))
                    return None
                if len(mine.piece) >= PIECE:
                    await self._run(partial(_append, path, mine.take_piece()))
            self._check_turn(path, mine)
        except BaseException:  # also when the connection broke off
            with suppress(RuntimeError):  # the page is closed
                self._thread.submit(_append, path, mine.take_piece())
            raise
        return await self._run(partial(_finish, path, mine.take_piece()))

    async def _flush(self, path: Path, request: _Request | None) -> int:
        """Write what has come with a request, and return how many bytes of the upload are there."""
        return await self._run(partial(_append, path, request.take_piece() if request else b""))

    def _check_turn(self, path: Path, mine: _Request) -> None:
        if self._requests.get(path) is not mine:
            raise Overtaken

    async def drop_old(self) -> None:
        """Delete what has waited for its rest too long, and the oldest where there are too many."""
        busy = set(self._requests)
        await self._run(lambda: _drop_old(self._folder, busy))

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}{ENDING}"

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _append(path: Path, data: bytes | bytearray) -> int:
    """Write what goes on at the end of a file, and return how long it is then."""
    if data:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)
    return path.stat().st_size if path.exists() else 0


def _finish(path: Path, rest: bytearray) -> bytes:
    """Return a whole upload, of which nothing is held any more."""
    try:
        begun = path.read_bytes()
    except FileNotFoundError:
        return bytes(rest)
    path.unlink()
    return begun + rest


def _drop_old(folder: Path, busy: set[Path]) -> None:
    until = time.time() - PATIENCE
    touched = {}
    for path in folder.glob(f"*{ENDING}"):
        with suppress(FileNotFoundError):
            touched[path] = path.stat().st_mtime
    idle = sorted((path for path in touched if path not in busy), key=touched.__getitem__)
    for n, path in enumerate(idle):
        if touched[path] < until or len(idle) - n > MOST_HELD:
            path.unlink(missing_ok=True)
