"""WebP chunks in a RIFF container that declares its size."""

import struct
from collections.abc import Iterator

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.parts import bounded
from bot.files.decoders.picture import Picture

_DRAWING = (b"VP8X", b"ALPH", b"VP8 ", b"VP8L")
_READ = {*_DRAWING, b"EXIF", b"ICCP"}
_MOST_CHUNKS = 4096  # each frame of an animation is one
_ANIMATED, _ALPHA = 0x02, 0x10


def strip_webp(data: bytes) -> Picture:
    """Keep the bitstream and alpha; raise Unreadable if the file is shorter than declared.

    An animation is left as it is: it is rendered anew.
    """
    chunks: dict[bytes, bytes] = {}
    for kind, body in bounded(_chunks(data), _MOST_CHUNKS):
        if kind in _READ:
            chunks.setdefault(kind, bytes(body))
    exif, icc, size = chunks.get(b"EXIF", b""), chunks.get(b"ICCP", b""), _size(chunks)
    header = chunks.get(b"VP8X", b"")
    if header and header[0] & _ANIMATED:
        return Picture(data=data, plain=False, exif=exif, icc=icc, size=size, film=data)
    if header:
        chunks[b"VP8X"] = bytes([header[0] & _ALPHA, 0, 0, 0]) + header[4:10]
    return Picture(data=_joined(chunks), plain=True, exif=exif, icc=icc, size=size)


def keep_whole_animation(data: bytes) -> bytes:
    """Return a cut animation as far as its frames are whole; empty if it is none, or has no whole frame."""
    chunks, at, frames = list[bytes](), 12, 0
    while at + 8 <= len(data) and len(chunks) < _MOST_CHUNKS:
        kind, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + length % 2
        if end > len(data):
            break
        chunks.append(data[at:end])
        frames += kind == b"ANMF"
        at = end
    body = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body if frames else b""


def size_of_webp(data: bytes) -> tuple[int, int]:
    """Return the size that the first chunk tells, even where the rest is missing."""
    return _size({data[12:16]: data[20:50]})


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    view, at = memoryview(data), 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise Unreadable(FailureCode.PHOTO_TRUNCATED)
        yield kind, view[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _joined(chunks: dict[bytes, bytes]) -> bytes:
    body = b"".join(_chunk(kind, chunks[kind]) for kind in _DRAWING if kind in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Read the size from the header: Pillow's decoder takes memory for all pixels when a file is merely opened."""
    if header := chunks.get(b"VP8X"):
        return int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1
    if lossy := chunks.get(b"VP8 "):
        return int.from_bytes(lossy[6:8], "little") & 0x3FFF, int.from_bytes(lossy[8:10], "little") & 0x3FFF
    bits = int.from_bytes(chunks.get(b"VP8L", b"")[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
