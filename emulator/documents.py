"""Open a document, count what is in it, and find words. Nothing is understood."""

import csv
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO, StringIO

from docx import Document
from pypdf import PdfReader

MOST_PAGES = 500
MOST_TEXT = 400_000  # characters
MOST_UNPACKED = 64 * 1024 * 1024  # bytes of a DOCX


class Damaged(Exception):
    """A document that cannot be read."""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of a document, page by page."""

    kind: str  # PDF, DOCX, text ...
    measure: str  # "3 pages", "12 rows and 4 columns"
    pages: tuple[str, ...]  # the text of each; whatever has no pages has one

    @property
    def text(self) -> str:
        """Everything in it."""
        return "\n\n".join(self.pages)

    @property
    def words(self) -> int:
        """The number of words."""
        return sum(len(page.split()) for page in self.pages)

    def finds(self, question: str) -> dict[str, tuple[int, ...]]:
        """Return the words of a question that stand in it, with the pages, from 1; short words do not count."""
        asked = dict.fromkeys(word for word in re.findall(r"\w+", question.lower()) if len(word) > 3)
        stand = [set(re.findall(r"\w+", page.lower())) for page in self.pages]
        places = {word: tuple(n for n, page in enumerate(stand, 1) if word in page) for word in asked}
        return {word: pages for word, pages in places.items() if pages}


def read(extension: str, data: bytes) -> DocumentText:
    """Read a document by its kind. Raises Damaged. It takes a while: call it in a thread."""
    try:
        reading = _READERS[extension](data)
    except (ValueError, csv.Error) as error:
        raise Damaged(str(error)) from None
    room, pages = MOST_TEXT, []
    for page in reading.pages:
        pages.append(page[:room])
        room -= len(pages[-1])
    return DocumentText(reading.kind, reading.measure, tuple(pages))


def _pdf(data: bytes) -> DocumentText:
    try:
        pages = PdfReader(BytesIO(data)).pages
        texts = tuple(pages[at].extract_text() for at in range(min(len(pages), MOST_PAGES)))
    # Whatever a parser says of a damaged or locked file, it means the same.
    except Exception as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
    if not texts:
        raise ValueError("no pages")
    return DocumentText("PDF", count(len(pages), "page"), texts)


def _docx(data: bytes) -> DocumentText:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise ValueError("it unpacks too far")
        paragraphs = [" ".join(each.text.split()) for each in Document(BytesIO(data)).paragraphs if each.text.strip()]
    # Zip, XML and the package above them each fail in ways of their own.
    except Exception as error:
        raise ValueError(f"no DOCX: {error}") from None
    return DocumentText("DOCX", count(len(paragraphs), "paragraph"), ("\n".join(paragraphs),))


def _text(data: bytes) -> DocumentText:
    text = _decoded(data)
    return DocumentText("text", count(len(text.splitlines()), "line"), (text,))


def _markdown(data: bytes) -> DocumentText:
    text = _decoded(data)
    headings = count(len(re.findall(r"^#{1,6} ", text, re.MULTILINE)), "heading")
    return DocumentText("Markdown text", f"{count(len(text.splitlines()), 'line')} and {headings}", (text,))


def _table(data: bytes) -> DocumentText:
    text = _decoded(data)
    rows = [row for row in csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text)) if row]
    columns = max(map(len, rows), default=0)
    return DocumentText("table (CSV)", f"{count(len(rows), 'row')} and {count(columns, 'column')}", (text,))


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def count(many: int, thing: str) -> str:
    """Write `1 page` or `2 pages`."""
    return f"{many:,} {thing}" if many == 1 else f"{many:,} {thing}s"


_READERS: dict[str, Callable[[bytes], DocumentText]] = {
    "pdf": _pdf,
    "docx": _docx,
    "txt": _text,
    "md": _markdown,
    "csv": _table,
}
