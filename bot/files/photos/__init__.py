"""Intake of photos: untrusted bytes in, a picture that is safe to show out. Only worker processes decode."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, cast, get_args

from bot.errors import FailureCode, Unreadable
from bot.files.file_cache import FileCache, display_name
from bot.files.isolation.client import WorkerFailed, run
from bot.files.photos.malloc import separate_large_blocks
from bot.files.photos.manifest import Manifest, read_manifest, with_manifest
from bot.messages import PHOTOS, Photo, PhotoSeries, PhotoTraces, Remark, SeriesKind

RAW = "RAW"
"""A camera's raw file that does not look like a TIFF; others are found by what is in them."""

_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\1\0": "ICO",
    b"\xff\x0a": "JXL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
    b"FUJIFILMCCD-RAW": RAW,
    b"IIU\0": RAW,  # Panasonic
    b"IIRO": RAW,  # Olympus
    b"IIRS": RAW,
}
MP4, WEBM = "MP4", "WEBM"
_CLIPS = (b"isom", b"iso", b"mp4", b"avc", b"M4V", b"qt  ", b"3gp", b"3g2", b"dash", b"mmp4", b"f4v", b"MSNV")
_MATROSKA = b"\x1a\x45\xdf\xa3"
_AVIF = {b"avif", b"avis"}
_CANON = b"crx "
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
REMARKS = frozenset({"photo_partly", "photo_coarse", "photo_shrunk", "photo_pages", "photo_frames"})
"""Keys of the sentences that a worker may choose."""

MOST_PICTURES = 10
CAMERAS = frozenset({"JPEG", "HEIF"})
"""Formats of phones with up to 64 megapixels. Reading them takes less memory than others of that size."""

_FAILURES = {"slow": FailureCode.PHOTO_SLOW, "memory": FailureCode.PHOTO_BOMB, "crashed": FailureCode.PHOTO_BROKEN}


def sniff(data: bytes) -> str:
    """Return the format as Pillow names it; raise Unreadable if it is not supported."""
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data[:2] == b"BM" and 0 in data[2:32]:  # a text with this beginning has no zero bytes
        return "BMP"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and (kind := _by_brand(data)):
        return kind
    raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)


def sniff_clip(data: bytes) -> str:
    """Return the format of a video that can be read; empty if it is none."""
    if data.startswith(_MATROSKA):
        return WEBM
    return MP4 if data[4:8] == b"ftyp" and data[8:12].startswith(_CLIPS) else ""


def is_picture(data: bytes) -> bool:
    """Tell whether it is a picture, even a damaged one."""
    try:
        return bool(sniff(data))
    except Unreadable:
        return False


def _by_brand(data: bytes) -> str:
    major, end = data[8:12], min(int.from_bytes(data[:4]), 256)
    compatible = {data[at : at + 4] for at in range(16, end, 4)}
    if major in _AVIF or (major in (b"mif1", b"msf1") and compatible & _AVIF):
        return "AVIF"
    if major == _CANON:
        return RAW
    return "HEIF" if major in _HEIF else ""


@dataclass(frozen=True, slots=True)
class CleanedPicture:
    """An encoded picture."""

    mime: str
    size: tuple[int, int]
    data: bytes


@dataclass(frozen=True, slots=True)
class CleanedSeries:
    """The pictures of a photo that is made of several."""

    kind: SeriesKind
    pictures: tuple[CleanedPicture, ...]
    times: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedPhoto(CleanedPicture):
    """A photo; its own picture stands for all of a series."""

    remarks: tuple[Remark, ...] = ()
    series: CleanedSeries | None = None
    traces: PhotoTraces = field(default_factory=PhotoTraces)


def read_cleaned(value: Any, body: bytes) -> CleanedPhoto:
    """Check the result of a worker. WorkerFailed: it is invalid."""
    try:
        length = int(value.get("bytes", len(body)))
        remarks = tuple(_remark(key, values) for key, values in value.get("remarks", ()))
        series = _series(value["series"], body[length:]) if "series" in value else None
        picture = _picture(value, body[:length])
        traces = _traces(value.get("traces", {}))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise WorkerFailed("crashed") from error
    return CleanedPhoto(
        mime=picture.mime, size=picture.size, data=picture.data, remarks=remarks, series=series, traces=traces
    )


def _traces(value: Any) -> PhotoTraces:
    place, device = value.get("place"), value.get("device", "")
    if device not in ("", "phone", "camera"):
        raise ValueError("no device")
    degrees = (float(place[0]), float(place[1])) if place else None
    return PhotoTraces(place=degrees, device=device, thumbnails=int(value.get("thumbnails", 0)))


def _picture(value: Any, data: bytes) -> CleanedPicture:
    mime, (width, height) = value["mime"], value["size"]
    if mime not in PHOTOS or not data:
        raise ValueError("no picture")
    return CleanedPicture(mime, (int(width), int(height)), data)


def _series(value: Any, body: bytes) -> CleanedSeries:
    pictures, at = list[CleanedPicture](), 0
    for each in value["pictures"]:
        length = int(each["bytes"])
        pictures.append(_picture(each, body[at : at + length]))
        at += length
    times: Sequence[Any] = value["times"]
    kind = value["kind"]
    if kind not in get_args(SeriesKind) or not 1 <= len(pictures) <= MOST_PICTURES or at != len(body):
        raise ValueError("no series")
    return CleanedSeries(cast("SeriesKind", kind), tuple(pictures), tuple(map(float, times)))


def _remark(key: Any, values: Any) -> Remark:
    if key not in REMARKS:
        raise ValueError("no remark")
    return Remark(key, tuple((str(name), int(value)) for name, value in values.items()))


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
        put = partial(self.keep.put_photo, owner=owner)
        put_whole = partial(put, remarks=cleaned.remarks, traces=cleaned.traces)
        if cleaned.series is None:
            return put_whole(name, cleaned.mime, cleaned.data, size=cleaned.size)
        series = cleaned.series
        pictures = tuple(put(name, each.mime, each.data, size=each.size) for each in series.pictures)
        manifest = Manifest(series.kind, tuple(each.sha256 for each in pictures), series.times)
        data = with_manifest(cleaned.mime, cleaned.data, manifest)
        cover = put_whole(name, cleaned.mime, data, size=cleaned.size)
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
