"""Documents to try, made here: whole, locked, damaged and far too big."""

import io
import zipfile
from functools import cache

import docx
from pypdf import PdfWriter

from tests.emulator.conftest import pdf

__all__ = ["bomb", "locked", "pdf", "scan", "word"]


def locked(data: bytes, password: str, algorithm: str = "AES-256") -> bytes:
    """The same PDF, which only opens with the password; an empty one lets everybody read it."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, "the owner's", algorithm=algorithm)
    return written(writer)


def scan(pages: int = 2) -> bytes:
    """A PDF without a word in it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(612, 792)
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*paragraphs: str, table: tuple[tuple[str, ...], ...] = ()) -> bytes:
    """A DOCX as Word writes it, with a table at its end."""
    document, out = docx.Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(len(table), len(table[0]))
        for row, texts in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    document.save(out)
    return out.getvalue()


def packed(**parts: bytes) -> bytes:
    """A zip; `__` in a name stands for a slash and `_` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


@cache
def bomb(megabytes: int = 300) -> bytes:
    """A DOCX that unpacks to so much of nothing."""
    return packed(word__document_xml=b" " * (megabytes * 1024 * 1024))
