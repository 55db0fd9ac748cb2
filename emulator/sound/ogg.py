"""Ogg: the length and the comments of Opus and Vorbis, and an Opus that keeps silent for a while."""

import struct
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from emulator.sound.heard import Heard, comment, comment_block, comments

_HEAD = struct.Struct("<4sBBqIIIB")
_RATE = 48_000  # an Opus stream always counts in these
_PRE_SKIP = 312
_SILENCE, _SAMPLES = b"\xf8\xff\xfe", 960  # one packet of 20 ms: CELT, full band, mono
_PER_PAGE = 50  # packets, one second
_SERIAL = 1


class _Page(NamedTuple):
    granule: int
    serial: int
    lacing: bytes
    body: bytes


def read(data: bytes) -> Heard:
    """Read the first stream: its two headers and where its last page ends."""
    pages = list(_pages(data))
    own = [page for page in pages if page.serial == pages[0].serial]
    packets = _packets(own)
    first, second = next(packets), next(packets)
    end = max(page.granule for page in own)
    if first.startswith(b"OpusHead"):
        skipped = int.from_bytes(first[10:12], "little")
        return Heard(max(0, end - skipped) / _RATE, comment(comments(second[8:])))
    if first.startswith(b"\x01vorbis"):
        return Heard(end / int.from_bytes(first[12:16], "little"), comment(comments(second[7:])))
    return Heard()


def silence(seconds: float, words: str) -> bytes:
    """Write an Ogg Opus file of that length, which carries the words as a comment."""
    samples = round(seconds * _RATE)
    packets = -(-(samples + _PRE_SKIP) // _SAMPLES)
    head = b"OpusHead\x01\x01" + struct.pack("<HIhB", _PRE_SKIP, 24_000, 0, 0)
    pages = [_page(0, 0, [head], first=True), _page(1, 0, [b"OpusTags" + comment_block(words)])]
    for at in range(0, packets, _PER_PAGE):
        many = min(_PER_PAGE, packets - at)
        last = at + many == packets
        end = samples + _PRE_SKIP if last else (at + many) * _SAMPLES
        pages.append(_page(len(pages), end, [_SILENCE] * many, last=last))
    return b"".join(pages)


def _pages(data: bytes) -> Iterator[_Page]:
    at = 0
    while at + _HEAD.size <= len(data):
        magic, _, _, granule, serial, _, _, many = _HEAD.unpack_from(data, at)
        if magic != b"OggS":
            return
        lacing = data[at + _HEAD.size : at + _HEAD.size + many]
        at += _HEAD.size + many
        yield _Page(granule, serial, lacing, data[at : at + sum(lacing)])
        at += sum(lacing)


def _packets(pages: Sequence[_Page]) -> Iterator[bytes]:
    """Put packets together again; one that fills its last segment goes on in the next."""
    packet = b""
    for page in pages:
        at = 0
        for size in page.lacing:
            packet += page.body[at : at + size]
            at += size
            if size < 255:
                yield packet
                packet = b""


def _page(number: int, granule: int, packets: Sequence[bytes], *, first: bool = False, last: bool = False) -> bytes:
    """Write packets that fit one page, which holds up to 255 segments."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    flags = (2 if first else 0) | (4 if last else 0)
    body = lacing + b"".join(packets)
    head = _HEAD.pack(b"OggS", 0, flags, granule, _SERIAL, number, 0, len(lacing))
    return _HEAD.pack(b"OggS", 0, flags, granule, _SERIAL, number, _crc(head + body), len(lacing)) + body


@cache
def _table() -> tuple[int, ...]:
    def row(value: int) -> int:
        value <<= 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        return value & 0xFFFFFFFF

    return tuple(row(value) for value in range(256))


def _crc(data: bytes) -> int:
    table, value = _table(), 0
    for byte in data:
        value = ((value << 8) & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value
