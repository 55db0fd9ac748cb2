import pytest

from emulator import documents
from emulator.documents import Damaged, read

from .conftest import docx, pdf


def test_a_pdf_is_read_page_by_page() -> None:
    reading = read("pdf", pdf("The invoice is here", "The total is 12", "The total again"))
    assert (reading.kind, reading.measure, reading.words) == ("PDF", "3 pages", 11)
    assert reading.finds("What is the total of the Invoice?") == {"total": (2, 3), "invoice": (1,)}


def test_short_words_and_words_that_are_not_there_are_not_found() -> None:
    assert read("pdf", pdf("The cat")).finds("the cat and zebra") == {}


@pytest.mark.parametrize(
    ("extension", "data", "kind", "measure", "words"),
    [
        ("docx", docx("Dear Ada,", "see you soon"), "DOCX", "2 paragraphs", 5),
        ("txt", b"one\ntwo three\n", "text", "2 lines", 3),
        ("txt", "naïve".encode("cp1252"), "text", "1 line", 1),
        ("txt", "naïve".encode("utf-16"), "text", "1 line", 1),
        ("txt", b"", "text", "0 lines", 0),
        ("md", b"# A\n\ntext\n## B\n", "Markdown text", "4 lines and 2 headings", 5),
        ("csv", b'name,age\n"Lovelace, Ada",36\n\n', "table (CSV)", "2 rows and 2 columns", 3),
        ("csv", b"a;b;c\n1;2;3\n", "table (CSV)", "2 rows and 3 columns", 2),
        ("csv", b"", "table (CSV)", "0 rows and 0 columns", 0),
    ],
)
def test_other_documents_are_counted(extension: str, data: bytes, kind: str, measure: str, words: int) -> None:
    reading = read(extension, data)
    assert (reading.kind, reading.measure, reading.words) == (kind, measure, words)


@pytest.mark.parametrize(
    ("extension", "data"),
    [
        ("pdf", b"%PDF-1.7 and then nothing"),
        ("pdf", pdf("Hello")[:150]),
        ("docx", b"PK\x03\x04"),
        ("docx", docx("Hello" * 1000)[:-40]),
        ("docx", docx("Hello").replace(b"word/document.xml", b"word/documant.xml")),
        ("csv", b'"' + b"x" * 200_000 + b'"'),
    ],
)
def test_a_damaged_document_is_refused(extension: str, data: bytes) -> None:
    with pytest.raises(Damaged):
        read(extension, data)


def test_a_document_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_TEXT", 25)
    reading = read("pdf", pdf("first page here", "second page here", "third page here"))
    assert sum(map(len, reading.pages)) == 25 and reading.measure == "3 pages"


def test_a_docx_that_unpacks_too_far_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = docx("x" * 1_000_000)
    assert len(bomb) < 50_000
    monkeypatch.setattr(documents, "MOST_UNPACKED", 500_000)
    with pytest.raises(Damaged, match="too far"):
        read("docx", bomb)


def test_blanks_and_signs_in_a_docx_are_read_as_they_are_meant() -> None:
    assert read("docx", docx("Dear Ada,", "", "naïve  写真 & more")).text == "Dear Ada,\nnaïve 写真 & more"
