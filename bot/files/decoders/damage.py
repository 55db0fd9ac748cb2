"""Where the many ways in which hostile bytes upset a decoder become one sentence."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageCms, UnidentifiedImageError

from bot.errors import Unreadable

_UPSET = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,  # Pillow warns of odd metadata; where warnings are errors, that is one
    struct.error,
    zlib.error,
)


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turn whatever Pillow and its libraries raise over a file into Unreadable, except MemoryError."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise Unreadable("photo_not_an_image") from error
    except _UPSET as error:
        raise Unreadable("photo_truncated" if "truncated" in str(error).lower() else "photo_broken") from error
