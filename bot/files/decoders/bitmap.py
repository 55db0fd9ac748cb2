"""BMP files with 16 or 32 bits for each pixel, whose colours may lie anywhere in it."""

import struct

from PIL import Image

from bot.errors import FailureCode, Unreadable

_BITFIELDS = (3, 6)
_MASKS = 54  # bytes before the masks, behind the first header
_ALPHA = 3

_HEADER = struct.Struct("<10xIIii2xHI")  # start of the rows, size of the header, width, height, bits, packing
_PLAIN = (0, 3)  # not packed


def open_bitfields(data: bytes, most_pixels: int) -> Image.Image:
    """Draw a BMP whose layout Pillow does not know. Unreadable: it is another kind, damaged or too large."""
    import numpy as np  # 20 MB, for one file among thousands

    try:
        start, header, width, height, _, bits, compression = struct.unpack_from("<IIiiHHI", data, 10)
        masks = struct.unpack_from("<IIII", data, _MASKS)
    except struct.error as error:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED) from error
    if compression not in _BITFIELDS or bits not in (16, 32) or width < 1 or not 0 < abs(height) * width <= most_pixels:
        raise Unreadable(FailureCode.PHOTO_BROKEN)
    row = -(-width * bits // 32) * 4
    raw = data[start : start + row * abs(height)]
    if len(raw) < row * abs(height):
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    pixels = np.frombuffer(raw, f"<u{bits // 8}").reshape(abs(height), -1)[:, :width].astype(np.uint32)
    has_alpha = header > 52 and masks[_ALPHA]
    channels = []
    for mask in masks[: 4 if has_alpha else 3]:
        shift = (mask & -mask).bit_length() - 1 if mask else 0
        channels.append(
            (((pixels & mask) >> shift).astype(np.float32) * (255 / ((mask >> shift) or 1))).astype(np.uint8)
        )
    image = Image.merge("RGBA" if has_alpha else "RGB", [Image.fromarray(channel) for channel in channels])
    return image if height < 0 else image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def end_of_bitmap(data: bytes) -> int:
    """Return how many bytes a BMP has whose rows are all of one length; 0 for others."""
    if len(data) < _HEADER.size:
        return 0
    start, header, width, height, bits, packing = _HEADER.unpack_from(data)
    is_plain = header >= 40 and packing in _PLAIN and width > 0
    return start + (width * bits + 31) // 32 * 4 * abs(height) if is_plain else 0
