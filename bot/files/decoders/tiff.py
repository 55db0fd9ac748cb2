"""The directories of a TIFF, one for each page, read before Pillow reads them."""

import struct

from bot.errors import FailureCode, Unreadable

_MOST_ENTRIES = 1024
_MOST_STRIPS = 65_536  # Pillow makes an object of each
_MOST_PAGES = 1000
_CHECKED = 32  # pages, thumbnails among them, that may be drawn
_SUBFILE_TYPE = 254  # 1: a smaller copy of another page
_STRIP_OFFSETS, _TILE_OFFSETS = 273, 324
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

Entry = tuple[int, int, int, int]  # tag, kind, count, and value or offset


def check_tiff(data: bytes) -> int:
    """Count the pages, without thumbnails; a thousand at most.

    Raise Unreadable if one of the first has far too many entries or strips, or their values together exceed the file's
    size: Pillow copies the values of all entries, and these may all be at the same offset.
    """
    order = "<" if data[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        pages, seen = 0, set[int]()
        while start and start not in seen and len(seen) < _MOST_PAGES:
            seen.add(start)
            try:
                (count,) = struct.unpack_from(order + "H", data, start)
                entries = _entries(data, order, start, count)
                (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * count)
            except struct.error:
                if not pages:
                    raise
                break
            if len(seen) <= _CHECKED:
                _check(entries, len(data))
            pages += not _is_reduced(entries)
            start = following
    except struct.error as error:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED) from error
    return max(1, pages)


def _entries(data: bytes, order: str, start: int, count: int) -> list[Entry]:
    if count > _MOST_ENTRIES:
        raise Unreadable(FailureCode.PHOTO_TOO_MANY_PARTS)
    return [struct.unpack_from(order + "HHII", data, start + 2 + 12 * n) for n in range(count)]


def _check(entries: list[Entry], size: int) -> None:
    strips = max((length for tag, _, length, _ in entries if tag in (_STRIP_OFFSETS, _TILE_OFFSETS)), default=0)
    if strips > _MOST_STRIPS or sum(length * _SIZES.get(kind, 1) for _, kind, length, _ in entries) > size:
        raise Unreadable(FailureCode.PHOTO_TOO_MANY_PARTS)


def _is_reduced(entries: list[Entry]) -> bool:
    return any(tag == _SUBFILE_TYPE and value & 1 for tag, _, _, value in entries)
