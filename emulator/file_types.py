"""The files that 1min.ai takes, told by the extension of their name and by their first bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from emulator.vision import is_image

Family = Literal["image", "document", "sound"]


@dataclass(frozen=True, slots=True)
class FileType:
    """The type of a file."""

    extension: str
    family: Family
    mime: str

    @property
    def folder(self) -> str:
        """The beginning of its key. An MP3 that a client uploaded was seen under documents/, so sounds go there too."""
        return "images" if self.family == "image" else "documents"


def _is_mp3(data: bytes) -> bool:
    return data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0")


def _is_text(data: bytes) -> bool:
    return b"\x00" not in data[:1024] or data[:2] in (b"\xff\xfe", b"\xfe\xff")


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(magic)


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ROWS: tuple[tuple[str, Family, str, Callable[[bytes], bool]], ...] = (
    ("png", "image", "image/png", is_image),
    ("jpg", "image", "image/jpeg", is_image),
    ("jpeg", "image", "image/jpeg", is_image),
    ("webp", "image", "image/webp", is_image),
    ("gif", "image", "image/gif", is_image),
    ("pdf", "document", "application/pdf", lambda data: b"%PDF-" in data[:1024]),
    ("docx", "document", _DOCX, _starts(b"PK\x03\x04")),
    ("txt", "document", "text/plain", _is_text),
    ("csv", "document", "text/csv", _is_text),
    ("mp3", "sound", "audio/mpeg", _is_mp3),
    ("mp4", "sound", "audio/mp4", lambda data: data[4:8] == b"ftyp"),
    ("m4a", "sound", "audio/mp4", lambda data: data[4:8] == b"ftyp"),
    ("wav", "sound", "audio/wav", _starts(b"RIFF")),
    ("webm", "sound", "audio/webm", _starts(b"\x1a\x45\xdf\xa3")),
    ("ogg", "sound", "audio/ogg", _starts(b"OggS")),
    ("flac", "sound", "audio/flac", _starts(b"fLaC")),
)
_KINDS = {extension: (FileType(extension, family, mime), fits) for extension, family, mime, fits in _ROWS}


def file_type_of(name: str, data: bytes) -> FileType | None:
    """Tell what a file is; None: it is not taken, for its name or for its bytes.

    That the bytes count is our choice: of the real one only the check of the name is known.
    """
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    kind, fits = _KINDS.get(extension, (None, None))
    return kind if kind and fits and fits(data) else None
