"""Uploads: each file is uploaded once, and its asset key is remembered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.messages import Document, Photo
from bot.util.tasks import BackgroundTasks, gather_all

log = structlog.get_logger(__name__)

RECENT = 30.0  # seconds in which a key is at hand, so that its question need not look it up again


class AssetKeys(Protocol):
    """The part of `bot.ports.Blobs` that is about uploads."""

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """Return the key under which this account of the provider holds the photo."""

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """Remember the key under which the provider holds the photo."""

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        """Forget the key: the provider no longer holds the photo."""


@dataclass(frozen=True, slots=True)
class UploadedRecording:
    """A recording to upload, with its bytes in memory."""

    data: bytes = field(repr=False)
    mime: str
    extension: str
    sha256: str  # of its bytes, hexadecimal

    @property
    def filename(self) -> str:
        """A name for uploads: nothing of it comes from the sender."""
        return f"{self.sha256[:16]}.{self.extension}"


Upload = Photo | Document | UploadedRecording
"""A file to upload. Each has sha256, mime and filename."""


class Uploads:
    """The asset keys of all files. A file without one is uploaded, once for all who wait for it."""

    def __init__(
        self, assets: AssetKeys, provider: str, account: str, send: Callable[[Upload], Awaitable[str]]
    ) -> None:
        """Make the keys of an account; `send` uploads a file and returns its key."""
        self.assets, self.provider, self.account, self.send = assets, provider, account, send
        self._uploading, self._saving = BackgroundTasks(shared=True), BackgroundTasks()
        self._running: dict[str, asyncio.Task[str]] = {}
        self._recent: dict[str, str] = {}  # keys that were found or made a moment ago, by sha256

    async def get_keys(self, photos: Sequence[Upload]) -> list[str]:
        """Return the keys of the photos in their order, the same photo once."""
        once = {photo.sha256: photo for photo in photos}
        return await gather_all(*map(self.get_key, once.values()))

    async def get_key(self, photo: Upload) -> str:
        """Return the photo's key. A caller that is cancelled does not cancel the upload for the others."""
        task = self._running.get(photo.sha256)
        if task is None:
            task = self._running[photo.sha256] = self._uploading.start(self._find_or_upload(photo))
            task.add_done_callback(lambda _: self._running.pop(photo.sha256))
        return await asyncio.shield(task)

    async def forget(self, photos: Sequence[Upload]) -> None:
        """Forget the keys of these photos, because they no longer work."""
        for photo in photos:
            self._recent.pop(photo.sha256, None)
            await self.assets.forget_asset(self.provider, self.account, photo.sha256)

    async def close(self) -> None:
        """Cancel the uploads that are running."""
        await self._uploading.close()
        await self._saving.wait()

    async def _find_or_upload(self, photo: Upload) -> str:
        if key := self._recent.get(photo.sha256):
            return key
        key = await self.assets.get_asset(self.provider, self.account, photo.sha256)
        if key is not None:
            self._remember(photo.sha256, key)
            return key
        key = await self.send(photo)
        self._remember(photo.sha256, key)
        self._saving.start(self._save_key(photo.sha256, key))  # the question need not wait for that
        return key

    async def _save_key(self, sha256: str, key: str) -> None:
        try:
            await self.assets.save_asset(self.provider, self.account, sha256, key)
        except Exception:  # then it is uploaded again another time
            log.exception("the key of a photo could not be saved")

    def _remember(self, sha256: str, key: str) -> None:
        """Keep the key at hand until the question has been asked."""
        self._recent[sha256] = key
        asyncio.get_running_loop().call_later(RECENT, self._recent.pop, sha256, None)
