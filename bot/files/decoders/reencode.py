"""Writing of a photo anew: smaller, or in a format that more models take."""

import warnings
from typing import Any, BinaryIO

from PIL import Image

from bot.files.decoders.damage import damage_refused
from bot.files.decoders.encode import encode
from bot.files.isolation.worker_process import one_large


def reencode_photo(
    file: BinaryIO, *, kinds: list[str], longest_side: int, out_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Write a photo as a JPEG on white, with no side longer than `longest_side`; return its `mime` and `size`."""
    Image.init()
    with (
        damage_refused(),
        warnings.catch_warnings(action="ignore"),
        Image.open(file, formats=kinds) as picture,
        one_large(),
    ):
        drawn = _on_white(picture)
        drawn.thumbnail((longest_side, longest_side), reducing_gap=2.0)
        mime, data, size = encode(drawn, False, out_bytes)
    return {"mime": mime, "size": size}, data


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
