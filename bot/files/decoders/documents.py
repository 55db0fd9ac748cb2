"""Text extraction from PDF and DOCX."""

import logging
import time
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from bot.errors import FailureCode, Unreadable

if TYPE_CHECKING:
    from docx.document import Document as Docx
    from pypdf import PdfReader

ENOUGH = 10.0  # seconds after which no further page is started
MOST_PAGES = 200
MOST_UNPACKED = 256 * 1024**2  # bytes of all parts of a DOCX, unpacked
MOST_PARTS = 10_000
MOST_RATIO = 200  # highest compression ratio of a large part
LARGE = 1024**2  # bytes

Result = tuple[tuple[list[str], int, float], bytes]
"""The texts of the pages, the number of pages (0: it has none), the share of the text that was read; and no bytes."""


def read_pdf(file: BinaryIO, *, most_text: int) -> Result:
    """Read a PDF, up to a number of characters. Unreadable: it is locked or damaged."""
    try:
        return _read_pdf(file, most_text), b""
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # any error of the parser means the same
        raise Unreadable(FailureCode.DOCUMENT_BROKEN) from error


def read_docx(file: BinaryIO, *, most_text: int) -> Result:
    """Read a DOCX likewise. Unreadable: it is damaged, unpacks to far too much, or is another format."""
    try:
        return _read_docx(file, most_text), b""
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        raise Unreadable(FailureCode.DOCUMENT_BROKEN) from error


# PDF


def _read_pdf(file: BinaryIO, most: int) -> tuple[list[str], int, float]:
    from pypdf import PasswordType, PdfReader  # imported here: it takes memory that other tasks need not spend

    logging.disable()
    reader = PdfReader(file)
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Unreadable(FailureCode.DOCUMENT_LOCKED)
    count = len(reader.pages)
    if not count:
        raise Unreadable(FailureCode.DOCUMENT_BROKEN)
    began, texts, left = time.monotonic(), list[str](), most
    for n in range(min(count, MOST_PAGES)):
        texts.append(_page(reader, n))
        left -= len(texts[-1])
        if left <= 0 or time.monotonic() > began + ENOUGH:
            break
    last = texts[-1]
    texts[-1] = last[: len(last) + min(left, 0)]
    return texts, count, most / (most - left) if left < 0 else 1.0


def _page(reader: "PdfReader", n: int) -> str:
    """Read one page; a damaged page does not spoil the others."""
    try:
        return _whole(reader.pages[n].extract_text())
    except MemoryError:
        raise
    except Exception:
        return ""


# DOCX


def _read_docx(file: BinaryIO, most: int) -> tuple[list[str], int, float]:
    from docx import Document

    _weigh(file)
    text = _whole("\n".join(_lines(Document(file))).strip())
    return [text[:most]], 0, min(1.0, most / max(len(text), 1))


def _weigh(file: BinaryIO) -> None:
    """Check the sizes in the zip before anything is unpacked: no part can become larger than declared there."""
    with zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
    names = {part.filename for part in parts}
    if "word/document.xml" not in names:
        is_office = names & {"xl/workbook.xml", "ppt/presentation.xml"}
        raise Unreadable(FailureCode.DOCUMENT_OFFICE if is_office else FailureCode.PHOTO_NOT_AN_IMAGE)
    is_dense = any(part.file_size > max(LARGE, part.compress_size * MOST_RATIO) for part in parts)
    if is_dense or len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unreadable(FailureCode.DOCUMENT_BOMB)


def _lines(document: "Docx") -> Iterator[str]:
    from docx.table import Table

    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield " | ".join(" ".join(cell.text.split()) for cell in row.cells)
        else:
            yield block.text


def _whole(text: str) -> str:
    """Return the text without unpaired surrogates, which cannot be sent."""
    return text.encode("utf-8", "replace").decode()
