"""Detection of text encodings."""

import codecs
from collections.abc import Iterator
from itertools import chain

PIECE = 256 * 1024  # bytes per step, or the event loop would wait for the whole of a large text
LOOKED_AT = 4096  # bytes that tell whether every second one is zero

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\f\r"))


def in_utf8(data: bytes) -> bytes | None:
    """Return the text in UTF-8 without a byte order mark; None if it is not text, because it has control characters."""
    for encoding in _encodings(data):
        try:
            return b"".join(_pieces(data, encoding))
        except ValueError:
            continue
    return None


def _encodings(data: bytes) -> Iterator[str]:
    """Return the possible encodings, the likeliest first. Latin-1 is read as browsers do: as Windows-1252."""
    for bom, encoding in _BOMS.items():
        if data.startswith(bom):
            yield encoding
            return
    yield "utf-8"
    even, odd = data[:LOOKED_AT:2].count(0), data[1:LOOKED_AT:2].count(0)
    if even or odd:
        yield "utf-16-le" if odd > even else "utf-16-be"
    yield "cp1252"


def _pieces(data: bytes, encoding: str) -> Iterator[bytes]:
    """Yield the text in UTF-8, piece by piece. ValueError: it has another encoding, or is not text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in chain(range(0, len(data), PIECE), [None]):
        piece = decoder.decode(b"" if at is None else data[at : at + PIECE], final=at is None).encode()
        if len(piece.translate(None, _CONTROLS)) < len(piece):
            raise ValueError("control characters")
        yield piece
