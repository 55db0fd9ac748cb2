"""Pictures inside an answer: in fields beside the words, or as data URLs between them. No base64 reaches a chat."""

import base64
import binascii
import re
from collections.abc import Sequence

from bot.errors import Unreadable
from bot.files.photos import sniff
from bot.messages import Drawn, File
from bot.util.http import MEGABYTE

MAX_PICTURE = 25 * MEGABYTE  # bytes
MAX_PICTURES = 10  # of one answer
MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}

_LABEL = r"!?\[[^\]\n]{0,200}\]\(\s?"
_URL = re.compile(rf"(?:{_LABEL})?data:image/[\w.+-]{{1,20}};base64,", re.IGNORECASE)
# The end of a text that may turn out to be the beginning of such a link.
_MAY_BEGIN = re.compile(
    r"(?:!\Z|(?:!?\[[^\]\n]{0,200}(?:\](?:\(\s?)?)?)?(?:d(?:a(?:t(?:a(?::[\w.+/-]{0,30}(?:;[a-z0-9]{0,6},?)?)?)?)?)?)?\Z)",
    re.IGNORECASE,
)
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")


class InlinePictureFilter:
    """Takes text piece by piece, and returns it without the data URLs in it, and the pictures in their place."""

    def __init__(self) -> None:
        self._pending = ""  # may be the beginning of a link
        self._encoded: list[str] | None = None  # the pieces of a picture whose link has begun
        self._count = 0

    def feed(self, piece: str) -> Sequence[str | Drawn]:
        """Accept the next piece, and return what is certain."""
        found = list[str | Drawn]()
        rest = piece
        while rest:
            rest = self._read_text(rest, found) if self._encoded is None else self._read_link(rest, found)
        return found

    def end(self) -> Sequence[str | Drawn]:
        """Return what is left when nothing more comes."""
        found: list[str | Drawn] = [self._pending]
        self._pending = ""
        if self._encoded is not None:
            self._close(found)
        return found

    def _read_text(self, piece: str, found: list[str | Drawn]) -> str:
        """Take text up to the next link; return what is behind its beginning."""
        text, self._pending = self._pending + piece, ""
        if link := _URL.search(text):
            found.append(text[: link.start()])
            self._encoded = []
            return text[link.end() :]
        held = _MAY_BEGIN.search(text)
        safe = held.start() if held else len(text)
        self._pending = text[safe:]
        found.append(text[:safe])
        return ""

    def _read_link(self, piece: str, found: list[str | Drawn]) -> str:
        """Take the data of a picture; return what is behind it."""
        other = _NO_BASE64.search(piece)
        end = other.start() if other else len(piece)
        if self._encoded is not None:
            self._encoded.append(piece[:end])
        if other is None:
            return ""
        self._close(found)
        return piece[end:].removeprefix(")")

    def _close(self, found: list[str | Drawn]) -> None:
        encoded, self._encoded = "".join(self._encoded or ()), None
        data = decode_picture(encoded) if self._count < MAX_PICTURES else b""
        if data:
            self._count += 1
            found.append(Drawn(picture_file(data, f"picture-{self._count}")))


def picture_file(data: bytes, name: str, about: str = "") -> File:
    """Return a picture as a file, with the ending of its format."""
    mime = MIMES[sniff(data)]
    return File(name=f"{name}.{mime.partition('/')[2].replace('jpeg', 'jpg')}", mime=mime, data=data, about=about)


def decode_picture(encoded: str) -> bytes:
    """Decode a picture in base64; empty where it is none that can be shown, or too large."""
    if len(encoded) > MAX_PICTURE * 4 // 3:
        return b""
    try:
        data = base64.b64decode(re.sub(r"\s+", "", encoded), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if is_shown_picture(data) else b""


def is_shown_picture(data: bytes) -> bool:
    """Tell whether these are the bytes of a picture in a format that every platform shows."""
    try:
        return sniff(data) in MIMES
    except Unreadable:
        return False
