"""Intake of photos: untrusted bytes in, a picture that is safe to show out. Only worker processes decode."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from bot.errors import FailureCode, Unreadable
from bot.files.file_cache import FileCache, display_name
from bot.files.isolation.client import WorkerFailed, run
from bot.files.photos.malloc import separate_large_blocks
from bot.files.photos.sniff import sniff
from bot.messages import PHOTOS, Photo, Remark

CAMERAS = frozenset({"JPEG", "HEIF"})
"""Formats of phones with up to 64 megapixels. Reading them takes less memory than others of that size."""

REMARKS = frozenset({"photo_partly", "photo_coarse"})
"""Keys of the sentences that a worker may choose."""

_FAILURES = {"slow": FailureCode.PHOTO_SLOW, "memory": FailureCode.PHOTO_BOMB, "crashed": FailureCode.PHOTO_BROKEN}


class PhotoIntake:
    """Reads photos, and caches them for a while; an async context manager.

    Input: `most_bytes` and `most_pixels` at most, and twice as many pixels for what cameras write. Output:
    `longest_side` pixels and `out_bytes` at most. Cached in `folder`, or, without one, in a temporary folder until this
    is closed: `kept_bytes` at most, besides files in use. Once entered, `keep` is the cache, which holds documents too.
    """

    keep: FileCache

    def __init__(
        self,
        longest_side: int = 2048,
        most_bytes: int = 20 * 1024 * 1024,
        most_pixels: int = 40_000_000,
        out_bytes: int = 4_000_000,
        folder: Path | None = None,
        kept_bytes: int = 512 * 1024 * 1024,
    ) -> None:
        self._longest_side, self._most_bytes = longest_side, most_bytes
        self._most_pixels, self._out_bytes = most_pixels, out_bytes
        self._folder, self._kept_bytes = folder, kept_bytes
        self._scrap: TemporaryDirectory[str] | None = None
        separate_large_blocks()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Delete the temporary folder."""
        if self._scrap:
            await asyncio.to_thread(self._scrap.cleanup)

    async def read(self, name: str, data: bytes, owner: str = "") -> Photo:
        """Turn a file into a photo: upright, sRGB, without metadata. The same bytes give the same photo.

        Unreadable, with one of the photo_* keys: it is not a picture, damaged or too large. Photos of the same `owner`
        never keep those of others waiting for long.
        """
        if not data:
            raise Unreadable(FailureCode.PHOTO_EMPTY)
        if len(data) > self._most_bytes:
            raise Unreadable(FailureCode.PHOTO_TOO_HEAVY, limit=self._most_bytes // 1024**2)
        kind = sniff(data)
        try:
            value, cleaned = await run(
                "clean_photo",
                data,
                owner=owner,
                kind=kind,
                longest_side=self._longest_side,
                most_pixels=self._most_pixels * (2 if kind in CAMERAS else 1),
                out_bytes=self._out_bytes,
            )
            mime, size, remarks = _checked(value)
        except WorkerFailed as error:
            raise Unreadable(_FAILURES[error.reason]) from error
        shown_name = display_name(name, "photo")
        return await asyncio.to_thread(self.keep.put_photo, shown_name, mime, cleaned, size, owner, remarks)

    async def reencode(self, photo: Photo, longest_side: int) -> Photo:
        """Write a photo anew, as a JPEG with no side longer than `longest_side`. Unreadable: that failed."""
        data = await asyncio.to_thread(photo.file.read_bytes)
        try:
            value, written = await run(
                "reencode_photo",
                data,
                owner="",
                kinds=[sniff(data)],
                longest_side=longest_side,
                out_bytes=self._out_bytes,
            )
            mime, size, _ = _checked(value)
        except WorkerFailed as error:
            raise Unreadable(_FAILURES[error.reason]) from error
        return await asyncio.to_thread(self.keep.put_photo, photo.name, mime, written, size)

    async def recall(self, sha256: str, name: str) -> Photo | None:
        """Return the cached photo of this hash; None if it is no longer cached."""
        photo = await asyncio.to_thread(self.keep.recall, sha256, display_name(name, "photo"))
        return photo if isinstance(photo, Photo) else None

    async def drop(self, sha256s: Iterable[str]) -> None:
        """Delete these files, documents too; one in use can no longer be recalled, and is deleted when released."""
        await asyncio.to_thread(self.keep.drop, sha256s)

    async def expire(self, before: float) -> None:
        """Delete likewise the files read before `moment`, in seconds since 1970."""
        await asyncio.to_thread(self.keep.expire, before)

    def _open(self) -> None:
        folder = self._folder
        if folder is None:
            self._scrap = TemporaryDirectory(prefix="photos")
            folder = Path(self._scrap.name)
        self.keep = FileCache(folder, self._kept_bytes)


def _checked(value: Any) -> tuple[str, tuple[int, int], tuple[Remark, ...]]:
    """Return MIME type, size and remarks of a photo from a worker's result. WorkerFailed: the result is invalid."""
    try:
        mime, (width, height) = value["mime"], value["size"]
        remarks = tuple(_remark(key, values) for key, values in value.get("remarks", ()))
        if mime in PHOTOS and {remark.key for remark in remarks} <= REMARKS:
            return mime, (int(width), int(height)), remarks
    except (AttributeError, LookupError, TypeError, ValueError):
        pass
    raise WorkerFailed("crashed")


def _remark(key: Any, values: Any) -> Remark:
    return Remark(str(key), tuple((str(name), int(value)) for name, value in values.items()))
