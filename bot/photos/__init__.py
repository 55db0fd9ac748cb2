"""The darkroom: bytes of a stranger in, a photo out that anybody may see."""

import asyncio
import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from PIL import Image

from bot.errors import Unreadable
from bot.messages import Photo
from bot.photos import colour, draw, encode
from bot.photos.damage import damage_refused
from bot.photos.memory import separate_large_blocks
from bot.photos.orientation import orientation
from bot.photos.picture import Picture
from bot.photos.sniff import sniff
from bot.photos.strip import strip

_PASSED_ON = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class Photos:
    """Reads a few photos at once, in threads of its own; an async context manager.

    Bytes in: `most_bytes` and `most_pixels` at most. Photo out: `longest_side` pixels and `out_bytes` at most.
    """

    def __init__(
        self,
        longest_side: int = 2048,
        most_bytes: int = 20 * 1024 * 1024,
        most_pixels: int = 40_000_000,
        out_bytes: int = 4_000_000,
        threads: int = 2,
    ) -> None:
        self._longest_side, self._most_bytes = longest_side, most_bytes
        self._most_pixels, self._out_bytes = most_pixels, out_bytes
        separate_large_blocks()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="photos")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let the photos at hand be finished, and drop those that wait."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def read(self, name: str, data: bytes) -> Photo:
        """Make a photo of a file: upright, sRGB, without metadata. The same bytes give the same photo.

        Unreadable, with one of the photo_* keys: it is no picture, damaged or too large. A cancelled call returns at
        once; its thread finishes the picture and drops it.
        """
        if not data:
            raise Unreadable("photo_empty")
        if len(data) > self._most_bytes:
            raise Unreadable("photo_too_heavy", limit=self._most_bytes // 1024**2)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, name, data)

    def _read(self, name: str, data: bytes) -> Photo:
        kind = sniff(data)
        with damage_refused():
            picture = strip(kind, data)
            self._check_pixels(picture.size)
            with draw.open_image(kind, picture.data) as image:
                self._check_pixels(image.size)
                if self._is_fine(kind, picture, image):
                    return _photo(name, _PASSED_ON[kind], picture.data, image.size)
                drawn = draw.draw(image, kind, picture, self._longest_side)
        mime, out, size = encode.encode(drawn, self._stays_png(kind, picture, image.size), self._out_bytes)
        return _photo(name, mime, out, size)

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


def _photo(name: str, mime: str, data: bytes, size: tuple[int, int]) -> Photo:
    return Photo(_display_name(name), mime, data, *size, hashlib.sha256(data).hexdigest())


def _display_name(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, last)).strip()[:60].strip() or "photo"
