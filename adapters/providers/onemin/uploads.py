"""The cloakroom: every file is handed in once, and its number is remembered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.messages import Document, Photo

log = structlog.get_logger(__name__)


class AssetKeys(Protocol):
    """What providers keep for us: the part of `bot.ports.Blobs` that is about uploads."""

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        """The provider no longer holds it."""


@dataclass(frozen=True, slots=True)
class UploadedRecording:
    """A recording on its way up: its bytes are at hand."""

    data: bytes = field(repr=False)
    mime: str
    extension: str
    sha256: str  # of its bytes, hexadecimal

    @property
    def filename(self) -> str:
        """A name for uploads: nothing of it comes from the sender."""
        return f"{self.sha256[:16]}.{self.extension}"


Upload = Photo | Document | UploadedRecording
"""What can be handed in. Each has sha256, mime and filename."""


class Uploads:
    """Knows the key of every photo, and uploads it when there is none; for all who wait for it at the same time."""

    def __init__(
        self, assets: AssetKeys, provider: str, account: str, send: Callable[[Upload], Awaitable[str]]
    ) -> None:
        """`send` uploads a photo, or whatever it is, and returns its key."""
        self.assets, self.provider, self.account, self.send = assets, provider, account, send
        self._running: dict[str, asyncio.Task[str]] = {}
        self._unwritten: dict[str, str] = {}  # keys that the store is still writing down, by sha256
        self._writing: set[asyncio.Task[None]] = set()

    async def keys(self, photos: Sequence[Upload]) -> list[str]:
        """Return the keys of the photos in their order, the same photo once."""
        once = {photo.sha256: photo for photo in photos}
        return await asyncio.gather(*map(self.key, once.values()))

    async def key(self, photo: Upload) -> str:
        """Return the photo's key. Who stops waiting leaves the upload to the others."""
        task = self._running.get(photo.sha256)
        if task is None:
            task = self._running[photo.sha256] = asyncio.create_task(self._key(photo))
            task.add_done_callback(lambda done: self._ended(photo.sha256, done))
        return await asyncio.shield(task)

    async def lost(self, photos: Sequence[Upload]) -> None:
        """Forget the keys of these photos, because they are no longer good."""
        for photo in photos:
            await self.assets.forget_asset(self.provider, self.account, photo.sha256)

    async def close(self) -> None:
        """Stop what is under way."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *self._writing, return_exceptions=True)

    async def _key(self, photo: Upload) -> str:
        known = self._unwritten.get(photo.sha256)
        known = known or await self.assets.get_asset(self.provider, self.account, photo.sha256)
        if known is not None:
            return known
        key = await self.send(photo)
        self._unwritten[photo.sha256] = key
        writing = asyncio.create_task(self._write_down(photo.sha256, key))  # the question need not wait for that
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return key

    async def _write_down(self, sha256: str, key: str) -> None:
        try:
            await self.assets.save_asset(self.provider, self.account, sha256, key)
        except Exception:  # then it is uploaded again some day
            log.exception("the key of a photo could not be kept")
        finally:
            del self._unwritten[sha256]

    def _ended(self, sha256: str, task: asyncio.Task[str]) -> None:
        del self._running[sha256]
        if not task.cancelled():
            task.exception()  # somebody has looked: asyncio need not complain when all who waited have left
