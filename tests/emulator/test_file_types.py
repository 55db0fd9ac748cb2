import pytest

from emulator.file_types import file_type_of

from .conftest import docx, pdf, photo

TAKEN = [
    ("cat.JPG", photo(), "image", "images"),
    ("letter.pdf", pdf("Hello"), "document", "documents"),
    ("letter.docx", docx("Hello"), "document", "documents"),
    ("a.txt", "Hällo".encode(), "document", "documents"),
    ("a.txt", "Hello".encode("utf-16"), "document", "documents"),
    ("a.csv", b"a,b", "document", "documents"),
    ("a.mp3", b"ID3\x04\x00\x00\x00\x00\x00\x00", "sound", "documents"),
    ("a.mp3", b"\xff\xfb\x90\x00", "sound", "documents"),
    ("a.mp4", b"\x00\x00\x00\x14ftypisom", "sound", "documents"),
    ("a.m4a", b"\x00\x00\x00\x14ftypM4A ", "sound", "documents"),
    ("a.wav", b"RIFF\x00\x00\x00\x00WAVE", "sound", "documents"),
    ("a.webm", b"\x1a\x45\xdf\xa3", "sound", "documents"),
    ("a.ogg", b"OggS", "sound", "documents"),
    ("a.flac", b"fLaC", "sound", "documents"),
]


@pytest.mark.parametrize(("name", "data", "family", "folder"), TAKEN)
def test_photos_documents_and_sounds_are_taken(name: str, data: bytes, family: str, folder: str) -> None:
    kind = file_type_of(name, data)
    assert kind is not None and (kind.family, kind.folder) == (family, folder)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("voice.oga", b"OggS"),
        ("voice.opus", b"OggS"),
        ("voice", b"OggS"),
        ("letter.pdf", b"PK\x03\x04"),
        ("a.md", b"# Hello"),
        ("letter.doc", b"\xd0\xcf\x11\xe0"),
        ("table.xlsx", b"PK\x03\x04"),
        ("a.txt", b"\x7fELF\x00\x00"),
        ("a.mp3", b"OggS"),
        ("a.ogg", b""),
    ],
)
def test_others_are_not(name: str, data: bytes) -> None:
    assert file_type_of(name, data) is None
