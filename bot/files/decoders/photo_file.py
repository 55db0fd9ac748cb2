"""Cleaning of a photo: untrusted bytes in, a picture that is safe to show out."""

import math
from typing import Any, BinaryIO

from PIL import Image

from bot.errors import FailureCode, Unreadable
from bot.files.decoders import colour, encode
from bot.files.decoders import rendering as draw
from bot.files.decoders.completeness import WHOLE, Completeness, completeness_of_jpeg
from bot.files.decoders.damage import damage_refused
from bot.files.decoders.orientation import orientation
from bot.files.decoders.picture import Picture
from bot.files.decoders.strip import strip

_PASSED_ON = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_LEAST = 0.5  # share of a cut picture's rows that is worth looking at

Remarks = list[tuple[str, dict[str, int]]]
"""Keys and values of sentences about a photo that is not quite what was sent."""


def clean_photo(
    file: BinaryIO, *, kind: str, longest_side: int, most_pixels: int, out_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Turn a file of the format `kind` into a photo: upright, sRGB, without metadata.

    Return its `mime`, `size`, `remarks` and bytes, `out_bytes` at most. Unreadable: it is damaged or too large.
    """
    with damage_refused():
        picture = strip(kind, file.read())
        _check_pixels(picture.size, most_pixels)
        with draw.open_image(kind, picture.data) as image:
            _check_pixels(image.size, most_pixels)
            present = completeness_of_jpeg(picture.data) if kind == "JPEG" else WHOLE
            if present.rows < _LEAST:
                raise Unreadable(FailureCode.PHOTO_TRUNCATED)
            if present.is_whole and _is_fine(kind, picture, image, longest_side, out_bytes):
                if kind != "JPEG":  # which has been decoded already
                    image.load()
                return {"mime": _PASSED_ON[kind], "size": image.size, "remarks": []}, picture.data
            drawn = draw.draw(image, kind, picture, longest_side, present.rows)
    try_png = _stays_png(kind, picture, image.size, longest_side, out_bytes)
    mime, data, size = encode.encode(drawn, try_png, out_bytes)
    return {"mime": mime, "size": size, "remarks": _remarks(present)}, data


def _remarks(present: Completeness) -> Remarks:
    if present.rows < 1:
        return [("photo_partly", {"percent": int(present.rows * 100)})]
    return [("photo_coarse", {})] if present.coarse else []


def _check_pixels(size: tuple[int, int], most: int) -> None:
    pixels = size[0] * size[1]
    if pixels > most:
        raise Unreadable(FailureCode.PHOTO_TOO_MANY_PIXELS, megapixels=math.ceil(pixels / 1e6), limit=most // 1_000_000)


def _is_fine(kind: str, picture: Picture, image: Image.Image, longest_side: int, out_bytes: int) -> bool:
    """Tell whether the stripped file can be used as it is."""
    return (
        picture.plain
        and image.mode in ("L", "RGB", "P")
        and "transparency" not in image.info
        and max(image.size) <= longest_side
        and len(picture.data) <= out_bytes
        and orientation(picture.exif) == 1
        and colour.is_srgb(picture.icc)
    )


def _stays_png(kind: str, picture: Picture, size: tuple[int, int], longest_side: int, out_bytes: int) -> bool:
    """Tell whether a PNG has a chance to fit: trying takes 100 ms a megapixel."""
    shrinks = min(1.0, longest_side / max(size)) ** 2
    return kind in ("PNG", "GIF") and len(picture.data) * shrinks <= out_bytes
