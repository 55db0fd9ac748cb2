"""Pictures inside of other files: the largest preview in a camera's raw file, the largest picture of an icon."""

import struct
from collections.abc import Iterator

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.jpeg import frame_size
from bot.files.decoders.parts import bounded

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_MOST_PREVIEWS = 64
_MOST_ENTRIES = 256
_MOST_TAGS = 1024
_TIFF = (b"II*\0", b"MM\0*")
_DNG, _MAKE, _SUB_DIRECTORIES = 0xC612, 0x010F, 0x014A


def is_raw(data: bytes) -> bool:
    """Tell whether a TIFF is a camera's raw file."""
    tags = set(_tags(data))
    return data[8:10] == b"CR" or _DNG in tags or {_MAKE, _SUB_DIRECTORIES} <= tags


def find_preview(data: bytes) -> bytes:
    """Return the largest JPEG in a raw file, with whatever stands behind it. Unreadable: there is none."""
    starts = list(bounded(_find_all(data, _JPEG), _MOST_PREVIEWS))
    largest = max(starts, key=lambda start: frame_size(data, start), default=None)
    if largest is None or not frame_size(data, largest):
        raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)
    return data[largest:]


def find_icon(data: bytes) -> bytes | None:
    """Return the largest picture of an icon if it is a PNG; None: it is one that only icons have."""
    try:
        (count,) = struct.unpack_from("<H", data, 4)
        entries = [struct.unpack_from("<BBBBHHII", data, 6 + 16 * n) for n in range(min(count, _MOST_ENTRIES))]
    except struct.error as error:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED) from error
    if not entries:
        raise Unreadable(FailureCode.PHOTO_BROKEN)
    *_, size, start = max(entries, key=lambda entry: (entry[0] or 256, entry[6]))
    picture = data[start : start + size]
    return picture if picture.startswith(_PNG) else None


def _find_all(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def _tags(data: bytes) -> Iterator[int]:
    """Yield the tags of the first directory."""
    if data[:4] not in _TIFF:
        return
    order = "<" if data[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        if count > _MOST_TAGS:
            return
        for at in range(start + 2, start + 2 + 12 * count, 12):
            yield struct.unpack_from(order + "H", data, at)[0]
    except struct.error:
        return
