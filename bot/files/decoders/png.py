"""PNG chunks with checksums, up to IEND."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

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
_STEP = 65_536  # bytes that are unpacked at a time
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
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


# A file that is cut


def repack_rows(data: bytes, check: Callable[[tuple[int, int]], None]) -> tuple[bytes, float, bool]:
    """Unpack the rows of a cut file, and pack them anew with black ones below.

    Return the whole file, the share of the rows that are there, and whether frames of an animation are missing.
    Unreadable: there are none, or `check` refuses the size.
    """
    chunks = list(bounded(_begun_chunks(data), _MOST_CHUNKS))
    packed = [body for kind, body in chunks if kind == b"IDAT"]
    if not packed or chunks[0][0] != b"IHDR" or len(header := chunks[0][1]) != 13:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    width, height = struct.unpack_from(">II", header)
    check((width, height))
    rows = _rows_of_passes(header)
    total = sum(size * count for size, count in rows)
    there, repacked = _repacked(packed, total)
    still = [each for each in chunks if each[0] not in (*_MOVING, b"IDAT", b"IEND")]
    lacks_frames = any(kind == b"acTL" for kind, _ in chunks)
    frames = _whole_frames(chunks) if there == total else []
    kept = frames or [*still, (b"IDAT", b"")]
    written = [_packed_chunk(kind, repacked if kind == b"IDAT" else body) for kind, body in (*kept, (b"IEND", b""))]
    return _SIGNATURE + b"".join(written), _share_of_rows(rows, there), lacks_frames


def _begun_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks, the last one as far as it goes. What only half of a chunk would tell is left out."""
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if len(body) == length or kind in (b"IDAT", b"fdAT"):
            yield kind, body
        at += 12 + length


def _rows_of_passes(header: bytes) -> list[tuple[int, int]]:
    """Return the bytes of a row, with its filter, and the number of rows, for each pass over the picture."""
    width, height, depth, colours, _, _, is_interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(colours, 1)
    grids = _ADAM7 if is_interlaced else ((0, 0, 1, 1),)
    sizes = (((width - x + dx - 1) // dx, (height - y + dy - 1) // dy) for x, y, dx, dy in grids)
    return [(1 + (columns * bits + 7) // 8, count) for columns, count in sizes if columns > 0 and count > 0]


def _repacked(packed: Sequence[bytes], total: int) -> tuple[int, bytes]:
    """Return how many of `total` bytes are there, and all of them, packed: zeros where they are missing."""
    unpack, pack, written, count = zlib.decompressobj(), zlib.compressobj(1), list[bytes](), 0
    for body in packed:
        rest = body
        while rest and count < total and not unpack.eof:
            rows = unpack.decompress(rest, min(_STEP, total - count))
            rest = unpack.unconsumed_tail
            count += len(rows)
            written.append(pack.compress(rows))
    for start in range(count, total, _STEP):
        written.append(pack.compress(bytes(min(_STEP, total - start))))
    return count, b"".join([*written, pack.flush()])


def _share_of_rows(rows: Sequence[tuple[int, int]], there: int) -> float:
    """Return the share of the rows, from the top, of which all is there. Of several passes, the last one tells."""
    *_, (size, count) = rows
    last = there - sum(size * count for size, count in rows[:-1])
    return max(0, last) // size / count


def _whole_frames(chunks: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the chunks up to the last whole frame, the data of the first one joined; none if there are too few."""
    starts = [n for n, (kind, _) in enumerate(chunks) if kind == b"fcTL"]
    count = len(starts) - 1
    if count < 2:
        return []
    kept, has_data = list[tuple[bytes, bytes]](), False
    for kind, body in chunks[: starts[-1]]:
        if kind == b"acTL":
            kept.append((kind, struct.pack(">I", count) + body[4:]))
        elif kind != b"IDAT" or not has_data:
            kept.append((kind, body))
        has_data = has_data or kind == b"IDAT"
    return kept


def _packed_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
