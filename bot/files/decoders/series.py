"""Several pictures that belong to one photo: parts of a long one, pages, or frames of what moves."""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from bot.files.decoders.cutting import cut
from bot.files.decoders.encode import encode, is_drawn

_BUDGET = 2  # times the bytes of one photo that a series may take

Remarks = list[tuple[str, dict[str, int]]]
"""Keys and values of sentences about a photo that is not quite what was sent."""


def in_parts(
    drawn: Image.Image, lossless: bool, *, longest_side: int, out_bytes: int, remarks: Remarks
) -> tuple[dict[str, Any], bytes]:
    """Cut a drawn picture. `lossless`: its source was, so that PNG may be worth trying."""
    overview = drawn.copy()
    overview.thumbnail((longest_side, longest_side), reducing_gap=2.0)
    return as_series(
        "wide" if drawn.width > drawn.height else "tall",
        overview,
        cut(drawn, longest_side),
        try_png=lossless and is_drawn(drawn),
        out_bytes=out_bytes,
        remarks=remarks,
    )


def as_series(
    kind: str,
    cover: Image.Image,
    pictures: Sequence[Image.Image],
    *,
    try_png: bool,
    out_bytes: int,
    remarks: Remarks,
    times: Sequence[float] = (),
) -> tuple[dict[str, Any], bytes]:
    """Encode the pictures and the one that stands for all of them; `times` are in seconds."""
    each = out_bytes * _BUDGET // len(pictures)
    mime, data, size = encode(cover, try_png, out_bytes)
    encoded = [encode(picture, try_png, min(each, out_bytes)) for picture in pictures]
    series = {
        "kind": kind,
        "pictures": [{"mime": mime, "size": size, "bytes": len(data)} for mime, data, size in encoded],
        "times": list(times),
    }
    value = {"mime": mime, "size": size, "remarks": remarks, "bytes": len(data), "series": series}
    return value, b"".join([data, *(data for _, data, _ in encoded)])
