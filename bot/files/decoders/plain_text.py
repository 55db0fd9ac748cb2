"""Conversion of text to UTF-8, without the signs that steer a terminal."""

import re
from typing import Any, BinaryIO

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.encodings import detect

_STEERING = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,500}(?:\x07|\x1b\\)|[()][0-9A-Z]|[ -/]*[0-~])"  # colours, titles ...
    r"|[^\n]\x08"  # overstriking, by which old printers made bold letters
    r"|[\x00-\x08\x0b\x0e-\x1f\x7f]"
)


def convert_text(file: BinaryIO, *, language: str) -> tuple[dict[str, Any], bytes]:
    """Convert a text in any encoding; `language` is likely that of its writer. Unreadable: it is no text.

    Return the `codec` that it was in, whether that is `certain`, and the text in UTF-8; no bytes if it is the `same`.
    """
    data = file.read()
    encoding = detect(data, language)
    if encoding is None:
        raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)
    text = clean(data.decode(encoding.codec, "replace")).encode("utf-8", "replace")
    is_same = text == data
    return {"codec": encoding.codec, "certain": encoding.is_certain, "same": is_same}, b"" if is_same else text


def decode(data: bytes, language: str = "") -> str:
    """Return the text of a part of a document, whatever its encoding; bytes that are no text become signs."""
    encoding = detect(data, language)
    return clean(data.decode(encoding.codec if encoding else "latin-1", "replace"))


def clean(text: str) -> str:
    """Remove control characters, apart from tabs and the ends of lines and pages."""
    return _STEERING.sub("", text) if _STEERING.search(text) else text
