"""The directory of the first picture in a TIFF, read before Pillow reads it."""

import struct

from bot.errors import FailureCode, Unreadable

_MOST_ENTRIES = 1024
_MOST_STRIPS = 65_536  # Pillow makes an object of each
_STRIP_OFFSETS, _TILE_OFFSETS = 273, 324
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def check_tiff(data: bytes) -> None:
    """Raise Unreadable if there are far too many entries or strips, or their values together exceed the file's size.

    Pillow copies the values of all entries, and these may all be at the same offset.
    """
    order = "<" if data[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        if count > _MOST_ENTRIES:
            raise Unreadable(FailureCode.PHOTO_TOO_MANY_PARTS)
        entries = [struct.unpack_from(order + "HHI", data, start + 2 + 12 * n) for n in range(count)]
    except struct.error as error:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED) from error
    strips = max((length for tag, _, length in entries if tag in (_STRIP_OFFSETS, _TILE_OFFSETS)), default=0)
    if strips > _MOST_STRIPS or sum(length * _SIZES.get(kind, 1) for _, kind, length in entries) > len(data):
        raise Unreadable(FailureCode.PHOTO_TOO_MANY_PARTS)
