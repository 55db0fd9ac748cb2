"""Inspection and downscaling of pictures that are shown unchanged."""

import warnings
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from bot.files.decoders.damage import damage_refused
from bot.files.isolation.worker_process import one_large

Image.MAX_IMAGE_PIXELS = None  # the caller decides how many pixels are too many


def inspect_picture(file: BinaryIO, *, kinds: list[str], most_pixels: int) -> tuple[str, bytes]:
    """Return the format of a picture, one of the Pillow formats `kinds`; empty if it has more pixels than allowed."""
    Image.init()  # `formats` finds only readers that are already loaded
    with damage_refused(), warnings.catch_warnings(action="ignore"), Image.open(file, formats=kinds) as picture:
        if picture.width * picture.height > most_pixels:
            return "", b""
        return (picture.format or "").replace("MPO", "JPEG"), b""  # from many cameras: a JPEG with more data behind it


def is_opaque(file: BinaryIO, *, kinds: list[str], most_around: int) -> tuple[bool, bytes]:
    """Tell whether a picture whose width and height together are `most_around` at most is fully opaque.

    Many pictures have an alpha channel without using it, so its values are checked.
    """
    with damage_refused(), warnings.catch_warnings(action="ignore"), Image.open(file, formats=kinds) as picture:
        if sum(picture.size) > most_around:
            return False, b""
        with one_large():
            return not picture.has_transparency_data or _alpha_is_full(picture), b""


def shrink_picture(file: BinaryIO, *, kinds: list[str], quality: int) -> tuple[str, bytes]:
    """Write a picture in fewer bytes: as WebP if it is partly transparent, else as JPEG."""
    buffer = BytesIO()
    Image.init()
    with damage_refused(), warnings.catch_warnings(action="ignore"), Image.open(file, formats=kinds) as picture:
        kind, mode = ("webp", "RGBA") if picture.has_transparency_data else ("jpeg", "RGB")
        with one_large():
            picture.convert(mode).save(buffer, kind, quality=quality)
    return kind, buffer.getvalue()


def _alpha_is_full(picture: Image.Image) -> bool:
    has_channel = "A" in picture.getbands()  # others name a missing colour
    lowest, _ = (picture if has_channel else picture.convert("RGBA")).getchannel("A").getextrema()
    return lowest == 255
