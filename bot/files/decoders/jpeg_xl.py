"""JPEG XL, where the operator has installed pillow-jxl-plugin: its licence is not ours to choose for everybody."""

import struct
from importlib import import_module
from io import BytesIO

from PIL import Image

from bot.errors import FailureCode, Unreadable
from bot.files.isolation.worker_process import one_large

_CODESTREAM = b"\xff\x0a"
_LENGTHS = (9, 13, 18, 30)  # bits of a side, of which two bits choose one
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # of width and height, from 1
_MOST_BOXES = 1000


def load_jpeg_xl() -> None:
    """Let Pillow open JPEG XL. Unreadable: the plug-in is not installed."""
    try:
        import_module("pillow_jxl")
    except ImportError as error:
        raise Unreadable(FailureCode.PHOTO_JPEG_XL) from error


def open_jpeg_xl(data: bytes) -> Image.Image:
    """Open a picture, which decodes it. EXIF turns only a JPEG that was packed anew; others are upright already."""
    with one_large():
        image = Image.open(BytesIO(data), formats=["JXL"])
    if not getattr(image, "jpeg", False):
        image.info.pop("exif", None)
    return image


def size_of_jpeg_xl(data: bytes) -> tuple[int, int]:
    """Read width and height as they are stored: the plug-in decodes all pixels when a file is merely opened."""
    header = _codestream(data)
    if not header.startswith(_CODESTREAM):
        raise Unreadable(FailureCode.PHOTO_BROKEN)
    bits = _Bits(header[2:])
    is_small = bits.read(1)
    height = _side(bits, is_small)
    ratio = bits.read(3)
    if not ratio:
        return _side(bits, is_small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _codestream(data: bytes) -> bytes:
    """Return the beginning of the picture, which may be in boxes."""
    if data.startswith(_CODESTREAM):
        return data[:16]
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 16 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"jxlc", b"jxlp"):
            start = at + (16 if length == 1 else 8) + (4 if kind == b"jxlp" else 0)
            return data[start : start + 16]
        at += struct.unpack_from(">Q", data, at + 8)[0] if length == 1 else max(length, 8)
    return b""


def _side(bits: "_Bits", is_small: int) -> int:
    return 8 * (1 + bits.read(5)) if is_small else 1 + bits.read(_LENGTHS[bits.read(2)])


class _Bits:
    """Numbers in a row of bits, the lowest first."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data, "little")

    def read(self, count: int) -> int:
        value, self._rest = self._rest & ((1 << count) - 1), self._rest >> count
        return value
