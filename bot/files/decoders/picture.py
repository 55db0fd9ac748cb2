"""The picture data of a file, with everything else removed."""

from dataclasses import dataclass

from bot.files.decoders.cicp import CodePoints

Box = tuple[float, float, float, float]
"""A part of a picture: left, top, right and bottom, as shares of its size."""

WHOLE_BOX: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture file, and its metadata that affects rendering."""

    data: bytes
    plain: bool = False  # stripped, and of a kind that any viewer shows
    exif: bytes = b""
    icc: bytes = b""
    code_points: CodePoints | None = None  # of the colours; None: not named
    size: tuple[int, int] = (0, 0)  # pixels; only set if merely opening the file could take much memory
    film: bytes = b""  # the file with all its frames or pages; empty if there is only one
    pages: int = 1
    there: Box = WHOLE_BOX  # the part for which a cut file has data
    lacks_frames: bool = False  # the file ends in the middle of an animation
