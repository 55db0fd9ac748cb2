"""Comparison of two pictures: the same, or different, and where."""

import io
from typing import Any, BinaryIO

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bot.files.decoders.damage import damage_refused
from bot.files.decoders.measure import on_white

SIDE = 1280  # pixels of the longest side at which they are compared
CELL = 16  # pixels of a side of the squares that are compared
VISIBLE = 40  # levels of 255 by which pixels differ visibly, after noise was smoothed away
CHANGED = 0.04  # share of such pixels that makes a square a different one
SHAPES = 0.02  # by which the shapes of two pictures may differ
EDGE = 4  # pixels of the line around a place
MOST = 40  # places that are marked
QUALITY = 88


def mark_differences(file: BinaryIO, *, first_bytes: int, kinds: list[str]) -> tuple[dict[str, Any], bytes]:
    """Compare two cleaned photos of the Pillow formats `kinds`, the first of which has so many bytes.

    Return the `share` of the picture that differs (0 to 1), or None where their shapes do not fit, the number of
    `places`, and as bytes a JPEG: the second picture with these places marked. Unreadable: one is damaged.
    """
    Image.init()
    both = file.read()
    with damage_refused():
        first, second = (_open(data, kinds) for data in (both[:first_bytes], both[first_bytes:]))
    if abs(first.width / first.height - second.width / second.height) > SHAPES * first.width / first.height:
        return {"share": None, "places": 0}, b""
    second.thumbnail((SIDE, SIDE))
    first = first.resize(second.size, Image.Resampling.LANCZOS)
    cells = _changed_cells(first, second)
    places = _places(cells)
    share = sum(map(sum, cells)) / (len(cells) * len(cells[0]))
    return {"share": share, "places": len(places)}, _drawn(second, places[:MOST]) if places else b""


def _open(data: bytes, kinds: list[str]) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=kinds) as image:
        image.draft("RGB", (SIDE, SIDE))
        return on_white(image)


def _changed_cells(first: Image.Image, second: Image.Image) -> list[list[bool]]:
    """Return the grid of squares, row by row: True where they differ."""
    smooth = ImageFilter.BoxBlur(1.5)
    bands = ImageChops.difference(first.filter(smooth), second.filter(smooth)).split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    seen = most.point([255 * (level > VISIBLE) for level in range(256)])
    columns, rows = max(1, -(-seen.width // CELL)), max(1, -(-seen.height // CELL))
    padded = Image.new("L", (columns * CELL, rows * CELL))
    padded.paste(seen)
    shares = padded.resize((columns, rows), Image.Resampling.BOX).tobytes()
    return [[value > 255 * CHANGED for value in shares[n * columns : (n + 1) * columns]] for n in range(rows)]


def _places(cells: list[list[bool]]) -> list[tuple[int, int, int, int]]:
    """Return the boxes around connected squares, the largest first, as left, top, right and bottom in squares."""
    left = {(x, y) for y, row in enumerate(cells) for x, changed in enumerate(row) if changed}
    boxes = list[tuple[int, int, int, int]]()
    while left:
        found, waiting = set[tuple[int, int]](), [left.pop()]
        while waiting:
            x, y = waiting.pop()
            found.add((x, y))
            near = {(x + dx, y + dy) for dx in (-2, -1, 0, 1, 2) for dy in (-2, -1, 0, 1, 2)} & left
            left -= near
            waiting += near
        xs, ys = [x for x, _ in found], [y for _, y in found]
        boxes.append((min(xs), min(ys), max(xs) + 1, max(ys) + 1))
    return sorted(boxes, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))


def _drawn(picture: Image.Image, places: list[tuple[int, int, int, int]]) -> bytes:
    """Return the picture with a line in two colours around each place, to be seen on any ground."""
    draw = ImageDraw.Draw(picture)
    for box in places:
        x0, y0, x1, y1 = (side * CELL for side in box)
        around = (
            max(0, x0 - EDGE),
            max(0, y0 - EDGE),
            min(picture.width, x1 + EDGE) - 1,
            min(picture.height, y1 + EDGE) - 1,
        )
        draw.rectangle(around, outline="white", width=EDGE + 2)
        draw.rectangle(around, outline="#e0102f", width=EDGE)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
