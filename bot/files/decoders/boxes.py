"""Box structure of AVIF and HEIC files: a sequence of boxes, each with its own size."""

import struct
from collections.abc import Iterator

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.parts import bounded

_TO_THE_END, _LONG = 0, 1
_MOST_BOXES = 1024  # a photo has a handful of them on its outermost level


def check_boxes(data: bytes) -> None:
    """Raise Unreadable if a box reaches beyond the end of the file, or if there are far too many."""
    if declared_end(data) > len(data):
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)


def declared_end(data: bytes) -> int:
    """Return where the last box that has begun is to end."""
    return max(bounded(_ends(data), _MOST_BOXES), default=0)


def _ends(data: bytes) -> Iterator[int]:
    """Yield the end of each box, up to the first one that extends to the end of the file."""
    at = 0
    while at + 16 <= len(data):
        size, _, long_size = struct.unpack_from(">I4sQ", data, at)
        if size == _TO_THE_END:
            return
        size = long_size if size == _LONG else size
        if size < 8:
            raise Unreadable(FailureCode.PHOTO_BROKEN)
        at += size
        yield at
