"""PNG chunks with checksums, up to IEND."""

import struct
import zlib
from collections.abc import Iterator

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.cicp import CodePoints
from bot.files.decoders.parts import bounded
from bot.files.decoders.picture import Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_DRAWING = _CRITICAL | {b"tRNS", b"gAMA", b"cHRM", b"sRGB"}
_MOVING = {b"acTL", b"fcTL", b"fdAT"}  # which a still picture goes without
_ANCILLARY = 0x20
_MOST_CHUNKS = 32_768  # with 8 KiB of pixels per chunk, the smallest common size, they make 256 MB
_MOST_ICC = 4 * 1024 * 1024  # bytes, unpacked

Chunk = tuple[bytes, memoryview]  # the type, and the whole chunk with length and checksum


def strip_png(data: bytes) -> Picture:
    """Keep the chunks that draw; raise Unreadable if there is no end or a checksum is wrong."""
    chunks_kept, metadata = [memoryview(_SIGNATURE)], {b"eXIf": b"", b"iCCP": b"", b"cICP": b""}
    film = [memoryview(_SIGNATURE)]
    for kind, chunk in bounded(_chunks(data), _MOST_CHUNKS):
        if kind in _DRAWING:
            chunks_kept.append(_checked(kind, chunk))
            film.append(chunks_kept[-1])
        elif kind in _MOVING:
            film.append(_checked(kind, chunk))
        elif kind in metadata:
            metadata[kind] = metadata[kind] or bytes(chunk[8:-4])
        elif not kind[0] & _ANCILLARY:  # a critical chunk that a decoder must understand to draw the picture
            raise Unreadable(FailureCode.PHOTO_BROKEN)
    code_points = _code_points(metadata[b"cICP"])
    return Picture(
        data=b"".join(chunks_kept),
        plain=_depth(chunks_kept) <= 8 and (code_points is None or code_points.is_srgb),
        exif=metadata[b"eXIf"],
        icc=_unpacked(metadata[b"iCCP"]) if code_points is None else b"",
        code_points=code_points,
        film=b"".join(film) if len(film) > len(chunks_kept) + 1 else b"",
    )


def _code_points(cicp: bytes) -> CodePoints | None:
    return CodePoints(cicp[0], cicp[1]) if len(cicp) == 4 else None


def _chunks(data: bytes) -> Iterator[Chunk]:
    view, at = memoryview(data), len(_SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        yield kind, view[at:end]
        if kind == b"IEND":
            return
        at = end
    raise Unreadable(FailureCode.PHOTO_TRUNCATED)


def _checked(kind: bytes, chunk: memoryview) -> memoryview:
    if zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:]):
        return chunk
    if kind in _CRITICAL:
        raise Unreadable(FailureCode.PHOTO_BROKEN)
    return chunk[:0]


def _depth(chunks: list[memoryview]) -> int:
    header = bytes(chunks[1]) if len(chunks) > 1 else b""
    return header[16] if header[4:8] == b"IHDR" and len(header) == 25 else 0


def _unpacked(iccp: bytes) -> bytes:
    packed = iccp.partition(b"\0")[2][1:]
    try:
        return zlib.decompressobj().decompress(packed, _MOST_ICC)
    except zlib.error:
        return b""
