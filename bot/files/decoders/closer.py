"""A closer look at a photo: an overview with a grid, and cells of it at full resolution."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from PIL import Image, ImageDraw, ImageFont

from bot.files.decoders import rendering as draw
from bot.files.decoders.damage import damage_refused
from bot.files.decoders.encode import encode, is_drawn
from bot.files.decoders.photo_file import check_pixels, open_picture, read_picture

MOST_CELLS = 3
_CELLS = 20  # about so many
_MOST_COLUMNS, _MOST_ROWS = 8, 8
_OVERVIEW = 1536  # pixels of the longest side
_MARGIN = 0.15  # share of a cell that is added on each side, because things lie across lines
_LEGIBLE = 1024  # pixels of the longest side, to which a small cell is enlarged, at most twofold
_INK, _PAPER = (255, 255, 0), (0, 0, 0)


def grid_size(width: int, height: int) -> tuple[int, int]:
    """Return columns and rows of about square cells."""
    columns = round((_CELLS * width / height) ** 0.5)
    columns = min(_MOST_COLUMNS, max(1, columns))
    return columns, min(_MOST_ROWS, max(1, round(_CELLS / columns)))


def draw_grid(file: BinaryIO, *, kind: str, most_pixels: int, out_bytes: int) -> tuple[dict[str, Any], bytes]:
    """Draw a photo with a grid over it; return `mime`, `size`, `columns`, `rows` and the bytes."""
    with _drawn(file, kind, most_pixels, _OVERVIEW) as image:
        overview = image.convert("RGB")
    overview.thumbnail((_OVERVIEW, _OVERVIEW))
    columns, rows = grid_size(*overview.size)
    pen = ImageDraw.Draw(overview)
    font = ImageFont.load_default(max(14, max(overview.size) // 50))
    for column in range(columns):
        for row in range(rows):
            box = _box(overview.size, columns, rows=rows, column=column, row=row)
            pen.rectangle(box, outline=_INK, width=2)
            name = f"{chr(ord('A') + column)}{row + 1}"
            corner = (box[0] + 4, box[1] + 2)
            pen.rectangle(pen.textbbox(corner, name, font), fill=_PAPER)
            pen.text(corner, name, _INK, font)
    mime, data, size = encode(overview, False, out_bytes)
    return {"mime": mime, "size": size, "columns": columns, "rows": rows}, data


def cut_cells(
    file: BinaryIO,
    *,
    kind: str,
    most_pixels: int,
    longest_side: int,
    out_bytes: int,
    grid: list[int],
    cells: list[list[int]],
) -> tuple[list[dict[str, Any]], bytes]:
    """Cut cells, as columns and rows from 0, at full resolution; return `mime`, `size` and `bytes` of each."""
    columns, rows = grid
    values, bodies = list[dict[str, Any]](), list[bytes]()
    with _drawn(file, kind, most_pixels, 1_000_000) as image:
        for column, row in cells[:MOST_CELLS]:
            left, top, right, bottom = _box(image.size, columns, rows=rows, column=column, row=row)
            across, down = int((right - left) * _MARGIN), int((bottom - top) * _MARGIN)
            box = max(0, left - across), max(0, top - down), min(image.width, right + across), bottom + down
            piece = image.crop((*box[:3], min(image.height, box[3])))
            mime, data, size = encode(_sized(piece, longest_side), kind != "JPEG" and is_drawn(piece), out_bytes)
            values.append({"mime": mime, "size": size, "bytes": len(data)})
            bodies.append(data)
    return values, b"".join(bodies)


def cut_part(
    file: BinaryIO, *, kind: str, most_pixels: int, longest_side: int, out_bytes: int, box: list[float]
) -> tuple[dict[str, Any], bytes]:
    """Cut a rectangle at full resolution; return `mime`, `size` and the bytes.

    `box` has its left, top, right and bottom edges as shares of the upright photo.
    """
    with _drawn(file, kind, most_pixels, 1_000_000) as image:
        (left, right), (top, bottom) = _edges(box[0::2], image.width), _edges(box[1::2], image.height)
        piece = image.crop((left, top, right, bottom))
        mime, data, size = encode(_sized(piece, longest_side), kind != "JPEG" and is_drawn(piece), out_bytes)
    return {"mime": mime, "size": size}, data


def _edges(shares: list[float], length: int) -> tuple[int, int]:
    """Return the first and the last edge in pixels, at least one apart and within the length."""
    first, last = sorted(min(1.0, max(0.0, share)) for share in shares)
    start = min(length - 1, int(first * length))
    return start, min(length, max(start + 1, round(last * length)))


@contextmanager
def _drawn(file: BinaryIO, kind: str, most_pixels: int, side: int) -> Iterator[Image.Image]:
    with damage_refused():
        kind, picture = read_picture(kind, file.read(), most_pixels)
        with open_picture(kind, picture.data, most_pixels) as image:
            check_pixels(image.size, most_pixels)
            yield draw.draw(image, kind, picture, side)


def _sized(piece: Image.Image, longest_side: int) -> Image.Image:
    scale = min(longest_side / max(piece.size), max(1.0, min(2.0, _LEGIBLE / max(piece.size))))
    return piece.resize((max(1, round(piece.width * scale)), max(1, round(piece.height * scale))))


def _box(size: tuple[int, int], columns: int, rows: int, column: int, row: int) -> tuple[int, int, int, int]:
    width, height = size
    return (
        width * column // columns,
        height * row // rows,
        width * (column + 1) // columns,
        height * (row + 1) // rows,
    )
