"""Intake of photos: untrusted bytes in, a picture that is safe to show out. Only worker processes decode."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from bot.errors import FailureCode, Unreadable
from bot.files.file_cache import FileCache, display_name
from bot.files.isolation.client import WorkerFailed, run
from bot.files.photos.cleaned import CleanedPhoto, read_cleaned
from bot.files.photos.malloc import separate_large_blocks
from bot.files.photos.manifest import Manifest, read_manifest, with_manifest
from bot.files.photos.sniff import sniff, sniff_clip
from bot.messages import Photo, PhotoSeries, Remark

CAMERAS = frozenset({"JPEG", "HEIF"})
"""Formats of phones with up to 64 megapixels. Reading them takes less memory than others of that size."""

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

    async def read(self, name: str, data: bytes, owner: str = "", remarks: tuple[Remark, ...] = ()) -> Photo:
        """Turn a file into a photo: upright, sRGB, without metadata. The same bytes give the same photo.

        A clip becomes stills. `remarks` are made besides those of the file itself.

        Unreadable, with one of the photo_* keys: it is not a picture, damaged or too large. Photos of the same `owner`
        never keep those of others waiting for long.
        """
        if not data:
            raise Unreadable(FailureCode.PHOTO_EMPTY)
        if len(data) > self._most_bytes:
            raise Unreadable(FailureCode.PHOTO_TOO_HEAVY, limit=self._most_bytes // 1024**2)
        clip = sniff_clip(data)
        kind = clip or sniff(data)
        try:
            value, body = await run(
                "read_clip" if clip else "clean_photo",
                data,
                owner=owner,
                kind=kind,
                longest_side=self._longest_side // 2 if clip else self._longest_side,
                most_pixels=self._most_pixels * (2 if kind in CAMERAS else 1),
                out_bytes=self._out_bytes,
            )
            cleaned = read_cleaned(value, body)
        except WorkerFailed as error:
            raise Unreadable(FailureCode.PHOTO_VIDEO if clip else _FAILURES[error.reason]) from error
        cleaned = replace(cleaned, remarks=(*remarks, *cleaned.remarks))
        return await asyncio.to_thread(self._put, display_name(name, "photo"), cleaned, owner)

    async def grid(self, name: str, data: bytes, owner: str = "") -> tuple[Photo, tuple[int, int]]:
        """Return an overview of a photo's file under a grid, with its columns and rows. Unreadable as in `read`."""
        value, body = await self._run("draw_grid", data, owner)
        try:
            grid = int(value["columns"]), int(value["rows"])
            cleaned = read_cleaned(value, body)
        except (LookupError, TypeError, ValueError, WorkerFailed) as error:
            raise Unreadable(FailureCode.PHOTO_BROKEN) from error
        return await asyncio.to_thread(self._put, display_name(name, "photo"), cleaned, owner), grid

    async def cells(
        self, name: str, data: bytes, grid: tuple[int, int], cells: Sequence[tuple[int, int]], owner: str = ""
    ) -> list[Photo]:
        """Return cells of a photo's file, given as columns and rows from 0, at full resolution."""
        values, body = await self._run(
            "cut_cells", data, owner, longest_side=self._longest_side, grid=list(grid), cells=[list(c) for c in cells]
        )
        photos, at = list[Photo](), 0
        try:
            for value in values:
                cleaned = read_cleaned({"mime": value["mime"], "size": value["size"]}, body[at : at + value["bytes"]])
                at += int(value["bytes"])
                photos.append(await asyncio.to_thread(self._put, display_name(name, "photo"), cleaned, owner))
        except (LookupError, TypeError, ValueError, WorkerFailed) as error:
            raise Unreadable(FailureCode.PHOTO_BROKEN) from error
        return photos

    async def _run(self, task: str, data: bytes, owner: str, **arguments: object) -> tuple[Any, bytes]:
        """Run a task on a picture's file at full size."""
        kind = sniff(data)
        most_pixels = self._most_pixels * (2 if kind in CAMERAS else 1)
        try:
            return await run(
                task, data, owner=owner, kind=kind, most_pixels=most_pixels, out_bytes=self._out_bytes, **arguments
            )
        except WorkerFailed as error:
            raise Unreadable(_FAILURES[error.reason]) from error

    async def read_sound(self, data: bytes, owner: str = "") -> tuple[str, bytes] | None:
        """Return the sound of a video and its file extension; None if it has none that can be read."""
        try:
            ending, sound = await run("read_clip_sound", data, owner=owner, kind=sniff_clip(data))
        except (Unreadable, WorkerFailed):
            return None
        return (ending, sound) if sound and ending in ("m4a", "ogg") else None

    def _put(self, name: str, cleaned: CleanedPhoto, owner: str) -> Photo:
        """Cache a photo with the pictures of its series. The same pictures are the same photo."""
        put = self.keep.put_photo
        if cleaned.series is None:
            return put(name, cleaned.mime, cleaned.data, cleaned.size, owner, cleaned.remarks)
        series = cleaned.series
        pictures = tuple(put(name, each.mime, each.data, each.size, owner) for each in series.pictures)
        manifest = Manifest(series.kind, tuple(each.sha256 for each in pictures), series.times)
        data = with_manifest(cleaned.mime, cleaned.data, manifest)
        cover = put(name, cleaned.mime, data, cleaned.size, owner, cleaned.remarks)
        return replace(cover, series=PhotoSeries(series.kind, pictures, cover, series.times))

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
            cleaned = read_cleaned(value, written)
        except WorkerFailed as error:
            raise Unreadable(_FAILURES[error.reason]) from error
        return await asyncio.to_thread(self._put, photo.name, cleaned, "")

    async def recall(self, sha256: str, name: str) -> Photo | None:
        """Return the cached photo of this hash; None if it, or a picture of its series, is no longer cached."""
        return await asyncio.to_thread(self._recall, sha256, display_name(name, "photo"))

    def _recall(self, sha256: str, name: str) -> Photo | None:
        cover = self.keep.recall(sha256, name)
        if not isinstance(cover, Photo):
            return None
        manifest = _manifest_of(cover)
        if manifest is None:
            return cover
        recalled = [self.keep.recall(each, name) for each in manifest.sha256s]
        pictures = tuple(each for each in recalled if isinstance(each, Photo))
        if len(pictures) < len(manifest.sha256s):
            return None
        return replace(cover, series=PhotoSeries(manifest.kind, pictures, cover, manifest.times))

    async def drop(self, sha256s: Iterable[str]) -> None:
        """Delete these files, documents too; one in use can no longer be recalled, and is deleted when released."""
        await asyncio.to_thread(self._drop, tuple(sha256s))

    def _drop(self, sha256s: Sequence[str]) -> None:
        found = [self.keep.recall(sha256, "photo") for sha256 in sha256s]
        manifests = [_manifest_of(each) for each in found if isinstance(each, Photo)]
        del found  # or they would be held
        self.keep.drop({*sha256s, *(sha256 for each in manifests if each for sha256 in each.sha256s)})

    async def expire(self, before: float) -> None:
        """Delete likewise the files read before `moment`, in seconds since 1970."""
        await asyncio.to_thread(self.keep.expire, before)

    def _open(self) -> None:
        folder = self._folder
        if folder is None:
            self._scrap = TemporaryDirectory(prefix="photos")
            folder = Path(self._scrap.name)
        self.keep = FileCache(folder, self._kept_bytes)


def _manifest_of(photo: Photo) -> Manifest | None:
    try:
        return read_manifest(photo.file)
    except FileNotFoundError:  # another process has deleted it
        return None
