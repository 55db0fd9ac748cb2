"""Kinds of pictures, sounds and videos, detected by their bytes, never by what a name or a header claims."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Family = Literal["picture", "sound", "video"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKind:
    """A kind of file."""

    family: Family
    mime: str
    extension: str
    matches: Callable[[bytes], bool]
    is_complete: Callable[[bytes], bool] = bool  # nothing is missing at its end, as far as that is cheap to tell


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(magic)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda data: data[:4] == b"RIFF" and data[8:12] == form


def _is_mp3(data: bytes) -> bool:
    # A frame begins with eleven ones; then come the version (01 is none) and the layer, which is the third of MP3's.
    frame = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2 and data[1] & 0x18 != 0x08
    return data.startswith(b"ID3") or frame


def _is_mp4(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] not in (b"avif", b"heic", b"mif1")


_KINDS = (
    AssetKind(
        family="picture",
        mime="image/png",
        extension="png",
        matches=_starts(b"\x89PNG\r\n\x1a\n"),
        is_complete=lambda data: b"IEND" in data[-32:],
    ),
    AssetKind(
        family="picture",
        mime="image/jpeg",
        extension="jpg",
        matches=_starts(b"\xff\xd8\xff"),
        is_complete=lambda data: b"\xff\xd9" in data[-4096:],
    ),
    AssetKind(
        family="picture",
        mime="image/webp",
        extension="webp",
        matches=_riff(b"WEBP"),
        is_complete=lambda data: _riff_length(data) <= len(data),
    ),
    AssetKind(
        family="picture",
        mime="image/gif",
        extension="gif",
        matches=_starts(b"GIF87a", b"GIF89a"),
        is_complete=lambda data: b";" in data[-16:],
    ),
    AssetKind(family="sound", mime="audio/ogg", extension="ogg", matches=_starts(b"OggS")),
    AssetKind(family="sound", mime="audio/wav", extension="wav", matches=_riff(b"WAVE")),
    AssetKind(family="sound", mime="audio/flac", extension="flac", matches=_starts(b"fLaC")),
    AssetKind(family="sound", mime="audio/webm", extension="webm", matches=_starts(b"\x1a\x45\xdf\xa3")),
    AssetKind(family="sound", mime="audio/mp4", extension="m4a", matches=_is_mp4),
    AssetKind(family="sound", mime="audio/mpeg", extension="mp3", matches=_is_mp3),
    AssetKind(family="video", mime="video/mp4", extension="mp4", matches=_is_mp4),
    AssetKind(family="video", mime="video/webm", extension="webm", matches=_starts(b"\x1a\x45\xdf\xa3")),
)


def _riff_length(data: bytes) -> int:
    """Return the length that the header of a RIFF file names."""
    return int.from_bytes(data[4:8], "little") + 8


def kind_of(data: bytes, family: Family) -> AssetKind | None:
    """Detect the kind of a file; None for anything else, and for a picture whose end is missing."""
    detected = next((kind for kind in _KINDS if kind.family == family and kind.matches(data)), None)
    return detected if detected and detected.is_complete(data) else None
