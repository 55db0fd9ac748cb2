"""The darkroom: bytes of a stranger in, a photo out that anybody may see."""

import asyncio
import math
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from PIL import Image

from bot.errors import Unreadable
from bot.keep import Keep, display_name
from bot.messages import Photo
from bot.photos import colour, draw, encode
from bot.photos.damage import damage_refused
from bot.photos.memory import separate_large_blocks
from bot.photos.orientation import orientation
from bot.photos.picture import Picture
from bot.photos.sniff import sniff
from bot.photos.strip import strip

_PASSED_ON = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
# For what holds the GIL for milliseconds: two threads would hand it to each other, and the event loop would come third.
_in_turn = threading.Lock()


class Photos:
    """Reads a few photos at once, in threads of its own, and keeps them for a while; an async context manager.

    Bytes in: `most_bytes` and `most_pixels` at most. Photo out: `longest_side` pixels and `out_bytes` at most. Kept in
    `folder`, which without a name is gone when this is closed: `kept_bytes` at most, beside what somebody holds. Once
    it is entered, `keep` is that drawer, which has room for documents too.
    """

    keep: Keep

    def __init__(
        self,
        longest_side: int = 2048,
        most_bytes: int = 20 * 1024 * 1024,
        most_pixels: int = 40_000_000,
        out_bytes: int = 4_000_000,
        threads: int = 2,
        folder: Path | None = None,
        kept_bytes: int = 512 * 1024 * 1024,
    ) -> None:
        self._longest_side, self._most_bytes = longest_side, most_bytes
        self._most_pixels, self._out_bytes = most_pixels, out_bytes
        self._folder, self._kept_bytes = folder, kept_bytes
        self._scrap: TemporaryDirectory[str] | None = None
        separate_large_blocks()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="photos")

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let the photos at hand be finished, and drop those that wait."""
        await asyncio.to_thread(self._close)

    async def read(self, name: str, data: bytes) -> Photo:
        """Make a photo of a file: upright, sRGB, without metadata. The same bytes give the same photo.

        Unreadable, with one of the photo_* keys: it is no picture, damaged or too large. A cancelled call returns at
        once; its thread finishes the picture and lets go of it.
        """
        if not data:
            raise Unreadable("photo_empty")
        if len(data) > self._most_bytes:
            raise Unreadable("photo_too_heavy", limit=self._most_bytes // 1024**2)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, name, data)

    async def recall(self, sha256: str, name: str) -> Photo | None:
        """The photo of this hash as it was read before; None when it is not kept any more."""
        kept = await asyncio.to_thread(self.keep.recall, sha256, display_name(name, "photo"))
        return kept if isinstance(kept, Photo) else None

    async def drop(self, sha256s: Iterable[str]) -> None:
        """Delete these, documents too; one that somebody holds can be recalled no more, and goes when it is let go."""
        await asyncio.to_thread(self.keep.drop, sha256s)

    async def expire(self, before: float) -> None:
        """Delete likewise what was read before then, in seconds since 1970."""
        await asyncio.to_thread(self.keep.expire, before)

    def _open(self) -> None:
        folder = self._folder
        if folder is None:
            self._scrap = TemporaryDirectory(prefix="photos")
            folder = Path(self._scrap.name)
        self.keep = Keep(folder, self._kept_bytes)

    def _close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        if self._scrap:
            self._scrap.cleanup()

    def _read(self, name: str, data: bytes) -> Photo:
        mime, out, size = self._cleaned(data)
        return self.keep.put_photo(display_name(name, "photo"), mime, out, size)

    def _cleaned(self, data: bytes) -> tuple[str, bytes, tuple[int, int]]:
        kind = sniff(data)
        with damage_refused():
            with _in_turn:
                picture = strip(kind, data)
            self._check_pixels(picture.size)
            with draw.open_image(kind, picture.data) as image:
                self._check_pixels(image.size)
                if self._is_fine(kind, picture, image):
                    return _PASSED_ON[kind], picture.data, image.size
                drawn = draw.draw(image, kind, picture, self._longest_side)
        with _in_turn:
            return encode.encode(drawn, self._stays_png(kind, picture, image.size), self._out_bytes)

    def _check_pixels(self, size: tuple[int, int]) -> None:
        pixels = size[0] * size[1]
        if pixels > self._most_pixels:
            megapixels, limit = math.ceil(pixels / 1e6), self._most_pixels // 1_000_000
            raise Unreadable("photo_too_many_pixels", megapixels=megapixels, limit=limit)

    def _is_fine(self, kind: str, picture: Picture, image: Image.Image) -> bool:
        """Whether the stripped file is already what we would draw."""
        return (
            picture.plain
            and image.mode in ("L", "RGB", "P")
            and "transparency" not in image.info
            and max(image.size) <= self._longest_side
            and len(picture.data) <= self._out_bytes
            and orientation(picture.exif) == 1
            and colour.is_srgb(picture.icc)
        )

    def _stays_png(self, kind: str, picture: Picture, size: tuple[int, int]) -> bool:
        """Whether a PNG has a chance to fit: trying takes 100 ms a megapixel."""
        shrinks = min(1.0, self._longest_side / max(size)) ** 2
        return kind in ("PNG", "GIF") and len(picture.data) * shrinks <= self._out_bytes
