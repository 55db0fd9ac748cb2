"""Writing of a photo anew: smaller, or in a format that more models take."""

import warnings
from typing import Any, BinaryIO

from PIL import Image

from bot.files.decoders.colour import on_ground, resizable
from bot.files.decoders.damage import damage_refused
from bot.files.decoders.encode import encode, is_drawn
from bot.files.isolation.worker_process import one_large


def reencode_photo(
    file: BinaryIO, *, kinds: list[str], longest_side: int, out_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Write a photo as a JPEG, or what was drawn as a PNG if that fits, opaque and with no side longer than asked.

    Return its `mime` and `size`, and the bytes.
    """
    Image.init()
    with (
        damage_refused(),
        warnings.catch_warnings(action="ignore"),
        Image.open(file, formats=kinds) as picture,
        one_large(),
    ):
        lossless = picture.format != "JPEG"
        drawn = on_ground(resizable(picture)).convert("RGB")
        drawn.thumbnail((longest_side, longest_side), reducing_gap=2.0)
        mime, data, size = encode(drawn, lossless and is_drawn(drawn), out_bytes)
    return {"mime": mime, "size": size}, data
