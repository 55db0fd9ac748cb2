"""GIF blocks, of which only those that draw are kept."""

from collections.abc import Callable, Iterator
from io import BytesIO

from PIL import Image, ImageChops

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.parts import bounded

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9  # includes the index of the transparent colour
_HEADER = 13  # bytes, before the colour table
_MOST_BLOCKS = 4096
_MOST_PIECES = 500_000  # of up to 255 bytes; a picture of 100 MB has 400,000


def strip_gif(data: bytes) -> tuple[bytes, bytes]:
    """Keep the pictures; Pillow would concatenate the comments before each again and again.

    Return the first picture, and all of them; nothing for the latter if there is only one. Unreadable: far too many
    blocks or sub-blocks before the first one, or it ends in the middle of a picture.
    """
    start = _after_colours(data, 10, _HEADER)
    blocks, first = [data[:start]], b""
    for count, (kind, block) in enumerate(_blocks(data, start), 1):
        if count > _MOST_BLOCKS:
            if first:
                break
            raise Unreadable(FailureCode.PHOTO_TOO_MANY_PARTS)
        if kind == _IMAGE and not _is_finished(block):
            raise Unreadable(FailureCode.PHOTO_TRUNCATED)
        if kind in (_IMAGE, _GRAPHIC_CONTROL):
            blocks.append(block)
        if kind == _IMAGE and not first:
            first = _joined(blocks)
    has_more = len(blocks) > 1 and _joined(blocks) != first
    return first or _joined(blocks), _joined(blocks) if has_more else b""


def _joined(blocks: list[bytes]) -> bytes:
    return b"".join([*blocks, bytes([_TRAILER])])


def _blocks(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield each block with its kind, for an extension that of the extension."""
    while at < len(data) and data[at] != _TRAILER:
        if data[at] == _EXTENSION:
            kind, pieces = data[at + 1] if at + 1 < len(data) else 0, at + 2
        elif data[at] == _IMAGE:
            kind, pieces = _IMAGE, _after_colours(data, at + 9, at + 10) + 1  # beyond the valid code sizes
        else:
            raise Unreadable(FailureCode.PHOTO_BROKEN)
        end = max(bounded(_ends(data, pieces), _MOST_PIECES), default=pieces)
        yield kind, data[at:end]
        at = end


def _ends(data: bytes, at: int) -> Iterator[int]:
    """Yield the end of each sub-block; the last one is empty."""
    while at < len(data):
        size = data[at]
        at += 1 + size
        yield at
        if not size:
            return


def _after_colours(data: bytes, flags: int, at: int) -> int:
    """Return the end of the colour table that may start at `at`, by the flags at `flags`."""
    packed = data[flags] if flags < len(data) else 0
    return at + (3 << (packed & 7) + 1 if packed & 0x80 else 0)


# A file that is cut


def keep_whole_frames(data: bytes) -> bytes:
    """Return a cut file up to its last whole frame; empty if it has none."""
    start = _after_colours(data, 10, _HEADER)
    kept, end = [data[:start]], 0
    for kind, block in bounded(_blocks(data, start), _MOST_BLOCKS):
        if kind == _IMAGE and not _is_finished(block):
            break
        kept.append(block)
        end = len(kept) if kind == _IMAGE else end
    return _joined(kept[:end]) if end else b""


def draw_first_frame(data: bytes, check: Callable[[tuple[int, int]], None]) -> tuple[bytes, float]:
    """Draw a cut frame as far as it goes, as a PNG; return it and the share of the rows, from the top, that are there.

    Unreadable: `check` refuses the size.
    """
    drawn, other = (_drawn(data, paint, check) for paint in (0, 1))
    changed = ImageChops.difference(*(Image.frombytes("L", each.size, each.tobytes()) for each in (drawn, other)))
    box, file = changed.getbbox(), BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue(), box[1] / drawn.height if box else 1.0


def _drawn(data: bytes, paint: int, check: Callable[[tuple[int, int]], None]) -> Image.Image:
    with Image.open(BytesIO(data), formats=["GIF"]) as image:
        check(image.size)
        tile = image.tile[0]
        canvas = Image.new(image.mode, image.size, paint)
        if image.mode == "P" and image.palette:
            canvas.putpalette(image.palette)
        if "transparency" in image.info:
            canvas.info["transparency"] = image.info["transparency"]
        decoder = Image._getdecoder(image.mode, tile.codec_name, tile.args)
    try:
        decoder.setimage(canvas.im, tile.extents)
        decoder.decode(data[tile.offset :])
    finally:
        decoder.cleanup()
    return canvas


def _is_finished(block: bytes) -> bool:
    """Tell whether a picture ends with an empty sub-block, and not with the file."""
    pieces = _after_colours(block, 9, 10) + 1
    *_, end = (0, *bounded(_ends(block, pieces), _MOST_PIECES))
    return end == len(block) and block.endswith(b"\0")
