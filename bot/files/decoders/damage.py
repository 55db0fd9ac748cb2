"""Translation of the many errors that malformed files cause in decoders into one."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageCms, UnidentifiedImageError

from bot.errors import FailureCode, Unreadable

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
    Warning,  # Pillow warns of odd metadata; with warnings turned into errors, that would raise
    struct.error,
    zlib.error,
)


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turn any exception of Pillow and its libraries over a file into Unreadable, except MemoryError."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE) from error
    except _UPSET as error:
        raise Unreadable(
            FailureCode.PHOTO_TRUNCATED if "truncated" in str(error).lower() else FailureCode.PHOTO_BROKEN
        ) from error
