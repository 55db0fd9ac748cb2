"""Cut files made whole again, as a download that broke off leaves them.

What is missing is filled up, in two ways: where the decoded picture depends on the filling, nothing is there.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image, ImageChops

from bot.errors import FailureCode, Unreadable
from bot.files.decoders import rendering as draw
from bot.files.decoders.bitmap import end_of_bitmap
from bot.files.decoders.boxes import declared_end
from bot.files.decoders.gif import draw_first_frame, keep_whole_frames
from bot.files.decoders.picture import WHOLE_BOX, Box
from bot.files.decoders.png import repack_rows
from bot.files.decoders.rendering import pixels_of
from bot.files.decoders.webp import keep_whole_animation, size_of_webp
from bot.files.isolation.worker_process import one_large

CheckSize = Callable[[tuple[int, int]], None]
"""Raises Unreadable for a size in pixels that is too large."""

_FILLINGS = (b"\0", b"\x55", b"\xaa", b"\x33", b"\xcc", b"\x0f")  # some make no sense behind some data
_LEAST_MISSING = 16  # bytes that are left out to see where they matter
_MOST_MISSING = 4  # times what is there: of such a file, half of the picture cannot be left
_TRIFLE = 0.01  # the part of a file that may be missing without a trace in the picture
_WEBP_HEAD = 64  # bytes in which the first chunk of pixels begins
_LARGE = 8_000_000  # pixels, from which on pictures are compared at a fourth of their size


@dataclass(frozen=True, slots=True)
class Mended:
    """A file that a decoder takes, the part of its picture that is real, and whether frames are missing."""

    kind: str
    data: bytes
    there: Box = WHOLE_BOX
    lacks_frames: bool = False


def mend(kind: str, data: bytes, check: CheckSize) -> Mended:
    """Fill up a cut file. Unreadable: too little is there, or nobody can tell how much."""
    if kind == "PNG":
        whole, rows, lacks_frames = repack_rows(data, check)
        return Mended("PNG", whole, (0.0, 0.0, 1.0, rows), lacks_frames)
    if kind == "GIF":
        if frames := keep_whole_frames(data):
            return Mended("GIF", frames, lacks_frames=True)
        drawn, rows = draw_first_frame(data, check)
        return Mended("PNG", drawn, (0.0, 0.0, 1.0, rows))
    if kind == "WEBP":
        if frames := keep_whole_animation(data):
            return Mended("WEBP", frames, lacks_frames=True)
        check(size_of_webp(data))  # opening it takes memory for all pixels
    ends = {"WEBP": _end_of_webp, "AVIF": declared_end, "HEIF": declared_end, "BMP": end_of_bitmap}
    return _filled(kind, data, ends[kind](data) if kind in ends else 0, check)


def _filled(kind: str, data: bytes, size: int, check: CheckSize) -> Mended:
    """Fill a file up to its size; what no filling changes is there."""
    if not 0 < size - len(data) < _MOST_MISSING * len(data):
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    decoded = list[tuple[bytes, Image.Image]]()
    with one_large():
        for begun, filling in _attempts(kind, data):
            filled = begun + filling * (size - len(begun))
            with suppress(OSError, RuntimeError, SyntaxError, ValueError):
                decoded.append((filled, _decoded(kind, filled, check)))
            if len(decoded) == 2:
                break
        else:
            raise Unreadable(FailureCode.PHOTO_TRUNCATED)
        (whole, one), (_, other) = decoded
        changed = ImageChops.difference(one, other).getbbox(alpha_only=False)
        if changed is None:
            return _unchanged(kind, whole, size - len(data))
        sides = _sides(changed, one.size)
        if kind == "HEIF":  # tiles without data may all look alike: less data change nothing there
            half = data[: len(data) // 2]
            less = _decoded(kind, half + bytes(size - len(half)), check)
            sides = [each for each in sides if _differs(one, less, each)]
    if not sides:
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    return Mended(kind, whole, max(sides, key=share))


def _unchanged(kind: str, whole: bytes, missing: int) -> Mended:
    """Take a picture that no filling changes as whole, as one in front of a thumbnail is, if hardly a byte is missing.

    Unreadable: nobody can tell where its data end.
    """
    if missing > _TRIFLE * len(whole):
        raise Unreadable(FailureCode.PHOTO_TRUNCATED)
    return Mended(kind, whole)


def _sides(box: tuple[int, int, int, int], size: tuple[int, int]) -> list[Box]:
    """Return what lies above, below, left and right of a box, from one edge of the picture to the other."""
    (width, height), (left, top, right, bottom) = size, box
    boxes = (0, 0, width, top), (0, bottom, width, height), (0, 0, left, height), (right, 0, width, height)
    return [(a / width, b / height, c / width, d / height) for a, b, c, d in boxes if a < c and b < d]


def _differs(one: Image.Image, other: Image.Image, box: Box) -> bool:
    within = pixels_of(box, one.size)
    return ImageChops.difference(one.crop(within), other.crop(within)).getbbox(alpha_only=False) is not None


def _attempts(kind: str, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what is kept of the data, and what it is filled up with."""
    for filling in _FILLINGS:
        yield data, filling
    # Without losses it takes zeros only, and reads from the first byte to the last.
    if kind == "WEBP" and b"VP8L" in data[:_WEBP_HEAD]:
        yield data[: -max(_LEAST_MISSING, len(data) // 100)], _FILLINGS[0]


def _decoded(kind: str, data: bytes, check: CheckSize) -> Image.Image:
    with draw.open_image(kind, data) as image:
        check(image.size)
        picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return picture.reduce(4) if picture.width * picture.height > _LARGE else picture


def share(box: Box) -> float:
    """Return the part of the area that a box takes."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _end_of_webp(data: bytes) -> int:
    return 8 + int.from_bytes(data[4:8], "little")
