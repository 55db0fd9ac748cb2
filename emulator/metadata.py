"""Find what a photo still tells about whoever took it: metadata of every kind, and bytes behind the picture."""

import re
import struct
from collections.abc import Iterator
from typing import Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

_GPS, _CAMERA, _ORIENTATION = 0x8825, {0x010F, 0x0110}, 0x0112
_DATES, _EXIF = {0x0132, 0x9003, 0x9004}, 0x8769
_POINTERS: Final = {_GPS, _EXIF}

# What Pillow calls it in `info`, and what people call it.
_NOTES = {
    "xmp": "XMP",
    "XML:com.adobe.xmp": "XMP",
    "photoshop": "IPTC",
    "icc_profile": "ICC profile",
    "comment": "comment",
}
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # within scans: neither stuffing nor a restart


def find_metadata(image: Image.Image, data: bytes) -> tuple[str, ...]:
    """Name everything in the file that is not the picture, each kind once."""
    return tuple(dict.fromkeys((*_exif(image), *_notes(image), *_texts(image), *_trailing(image.format or "", data))))


def _exif(image: Image.Image) -> Iterator[str]:
    exif = image.getexif()
    tags = set(exif) | set(exif.get_ifd(_EXIF))
    if exif.get_ifd(_GPS):
        yield "GPS"
    if tags & _CAMERA:
        yield "camera"
    if tags & _DATES:
        yield "date"
    if exif.get(_ORIENTATION, 1) != 1:
        yield "orientation"
    if tags - _CAMERA - _DATES - _POINTERS - {_ORIENTATION}:
        yield "EXIF"


def _notes(image: Image.Image) -> Iterator[str]:
    yield from (name for key, name in _NOTES.items() if image.info.get(key))
    if isinstance(image, JpegImageFile):
        # APP0 is JFIF, APP1 and APP2 (EXIF, XMP, ICC) are named above, APP14 only tells how colours are stored.
        names = {name for name, _ in image.applist if name.startswith("APP")}
        yield from (f"{name} block" for name in sorted(names - {"APP0", "APP1", "APP2", "APP13", "APP14"}))
        if "APP13" in names:
            yield "IPTC"


def _texts(image: Image.Image) -> Iterator[str]:
    texts = getattr(image, "text", None) or {}
    if set(texts) - set(_NOTES):
        yield "text"


def _trailing(format: str, data: bytes) -> Iterator[str]:
    end = _ENDS.get(format)
    if end and 0 < end(data) < len(data):
        yield "trailing bytes"


def _jpeg_end(data: bytes) -> int:
    """Walk the segments to the end of the image; what an embedded thumbnail holds does not count."""
    at = 2
    while marker := _MARKER.search(data, at):
        kind, at = data[marker.start() + 1], marker.end()
        if kind == 0xD9:
            return at
        if kind != 0x01 and at + 2 <= len(data):
            at += struct.unpack_from(">H", data, at)[0]
    return 0


def _png_end(data: bytes) -> int:
    at: int = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + size
        if kind == b"IEND":
            return at
    return 0


def _webp_end(data: bytes) -> int:
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


_ENDS = {"JPEG": _jpeg_end, "MPO": _jpeg_end, "PNG": _png_end, "WEBP": _webp_end}
