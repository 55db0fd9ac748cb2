"""MP4 and WebM: how long they are. Both put boxes into boxes, each with its name and size."""

import struct
from collections.abc import Iterator

from emulator.sound.heard import Heard

_SEGMENT, _INFO, _SCALE, _DURATION = 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489


def read_mp4(data: bytes) -> Heard:
    """Find the movie header: a time scale and a duration in it."""
    movie = next((body for name, body in _boxes(data) if name == b"moov"), b"")
    head = next((body for name, body in _boxes(movie) if name == b"mvhd"), b"")
    if not head:
        return Heard()
    scale, duration = struct.unpack_from(">IQ" if head[0] == 1 else ">II", head, 20 if head[0] == 1 else 12)
    return Heard(duration / scale if scale else None)


def read_webm(data: bytes) -> Heard:
    """Find the duration in the segment's info; a recording that was streamed has none."""
    segment = next((body for name, body in _elements(data) if name == _SEGMENT), b"")
    info = dict(_elements(next((body for name, body in _elements(segment) if name == _INFO), b"")))
    if _DURATION not in info:
        return Heard()
    raw = info[_DURATION]
    ticks = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0]
    scale = int.from_bytes(info.get(_SCALE, b""), "big") or 1_000_000  # nanoseconds
    return Heard(ticks * scale / 1e9)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        if size < head:  # 0: up to the end
            size = len(data) - at
        yield name, data[at + head : at + size]
        at += size


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        name, at = _number(data, at, marked=True)
        size, at = _number(data, at, marked=False)
        if size < 0:  # unknown: up to the end
            size = len(data) - at
        yield name, data[at : at + size]
        at += size


def _number(data: bytes, at: int, *, marked: bool) -> tuple[int, int]:
    """Read a number whose first bits tell its length; names keep those bits. Where all others are set it is -1."""
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    if not marked:
        value -= 1 << 7 * length
        value = -1 if value == (1 << 7 * length) - 1 else value
    return value, at + length
