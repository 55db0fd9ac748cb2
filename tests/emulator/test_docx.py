import io
import zipfile

import pytest

from emulator import docx
from emulator.docx import paragraphs

from .conftest import docx as written

BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_paragraphs_are_read() -> None:
    assert paragraphs(written("Dear Ada,", "", "naïve  写真 &amp; more")) == ["Dear Ada,", "naïve 写真 & more"]


def test_what_unpacks_too_far_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx, "MOST", 10_000)
    bomb = written("x" * 1_000_000)
    assert len(bomb) < 5_000
    with pytest.raises(ValueError, match="too far"):
        paragraphs(bomb)


def test_entities_are_not_expanded() -> None:
    with pytest.raises(ValueError, match="document type"):
        paragraphs(written("&b;", head=BOMB))


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 and nothing more",
        written("Hello", part="word/other.xml"),
        written("<broken>"),
        written("Hello" * 1000)[:-40],
        written("Hello" * 1000).replace(b"\x08\x00", b"\x63\x00"),  # a way of packing that nobody knows
    ],
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="DOCX"):
        paragraphs(data)


def test_bytes_that_were_changed_are_noticed() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<a>Hello</a>")
    with pytest.raises(ValueError, match="DOCX"):
        paragraphs(file.getvalue().replace(b"Hello", b"Jello"))
