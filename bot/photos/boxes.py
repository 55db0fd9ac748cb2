"""AVIF and HEIC: boxes in a row, each of which knows its size."""

import struct

from bot.errors import Unreadable

_TO_THE_END, _LONG = 0, 1


def check_boxes(data: bytes) -> None:
    """Unreadable when a box reaches beyond the end of the file."""
    at = 0
    while at + 16 <= len(data):
        size, _, long_size = struct.unpack_from(">I4sQ", data, at)
        if size == _TO_THE_END:
            return
        size = long_size if size == _LONG else size
        if size < 8:
            raise Unreadable("photo_broken")
        at += size
    if at > len(data):
        raise Unreadable("photo_truncated")
