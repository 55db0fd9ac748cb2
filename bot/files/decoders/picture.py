"""What is left of a picture file when all that is not the picture has been taken away."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file, and what was said about it that decides how it looks."""

    data: bytes
    plain: bool = False  # stripped, and of a kind that any viewer shows
    exif: bytes = b""
    icc: bytes = b""
    size: tuple[int, int] = (0, 0)  # pixels; only where merely opening the file could take much memory
