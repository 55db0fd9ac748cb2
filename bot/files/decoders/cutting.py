"""Cutting of a long or wide picture into overlapping parts, so that nothing is shrunk past reading."""

import math

from PIL import Image

MOST_PARTS = 8
READABLE = 0.5  # scale below which small letters are lost; remarked upon
_FINE_WHOLE = 0.6  # scale at which a picture stays in one piece
_SLIM = 2.0  # longest side by shortest: what is less slim is an ordinary photo, and stays in one piece
_THREAD = 48  # pixels of the shortest side: in what is slimmer there is nothing to read
_OVERLAP = 12  # a twelfth of a part: more than a line of text is high

Size = tuple[int, int]


def drawing_size(size: Size, side: int) -> Size:
    """Return the size to draw a picture at: within `side`, or larger if it is to be cut into parts of that side."""
    scale = min(1.0, side / max(size))
    if _is_slim(size) and scale < _FINE_WHOLE:
        scale = _cutting_scale(max(size), min(size), side)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def is_to_be_cut(drawn: Size, side: int) -> bool:
    """Tell whether a drawn picture is larger than one part."""
    return max(drawn) > side


def cut(image: Image.Image, side: int) -> list[Image.Image]:
    """Cut a drawn picture into parts: from top to bottom, or from left to right."""
    length, overlap = max(image.size), side // _OVERLAP
    count = max(2, min(MOST_PARTS, math.ceil((length - overlap) / (side - overlap))))
    starts = [round(n * (length - side) / (count - 1)) for n in range(count)]
    if image.width > image.height:
        return [image.crop((start, 0, start + side, image.height)) for start in starts]
    return [image.crop((0, start, image.width, start + side)) for start in starts]


def _is_slim(size: Size) -> bool:
    return min(size) >= _THREAD and max(size) > _SLIM * min(size)


def _cutting_scale(longest: int, shortest: int, side: int) -> float:
    overlap = side // _OVERLAP
    most = MOST_PARTS * (side - overlap) + overlap  # pixels that all parts cover together
    return min(1.0, side / shortest, most / longest)
