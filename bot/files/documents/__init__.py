"""Intake of documents: untrusted bytes in, a document and its text out."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.errors import Busy, FailureCode, Unreadable
from bot.files.documents.document_kinds import ZIP, kind_of
from bot.files.documents.document_text import MOST_TEXT, DocumentText
from bot.files.documents.encoding_names import ENCODING_NAMES
from bot.files.file_cache import FileCache, display_name
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import DOCUMENTS, DOCX, PDF, TEXTS, Document
from bot.words import wished

AT_ONCE = 2  # worker processes that read documents
REMEMBERED = 32  # cached texts
LONGEST_SIDE = 2048  # pixels of a page that is drawn: letters of 6 points are 12 pixels high on A4
MOST_PICTURE_BYTES = 4_000_000
ASSUMED = 512  # encodings of cached files

FAILURES = {
    "slow": FailureCode.DOCUMENT_SLOW,
    "memory": FailureCode.DOCUMENT_BOMB,
    "crashed": FailureCode.DOCUMENT_BROKEN,
}
TASKS: Mapping[str, str] = {
    PDF: "read_pdf",
    DOCX: "read_docx",
    "application/vnd.ms-word.document.macroenabled.12": "read_docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "read_sheets",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "read_slides",
    "application/vnd.oasis.opendocument.text": "read_open_document",
    "application/vnd.oasis.opendocument.spreadsheet": "read_open_document",
    "application/vnd.oasis.opendocument.presentation": "read_open_document",
    "application/epub+zip": "read_ebook",
    "application/rtf": "read_rtf",
    "application/x-ipynb+json": "read_notebook",
    "message/rfc822": "read_mail",
    "text/html": "read_html",
}
"""The tasks that read documents, by MIME type; the others are text."""

WRITTEN = TEXTS | {"application/x-ipynb+json", "message/rfc822", "text/html"}  # types that any text may claim to be


class DocumentIntake:
    """Detects documents by their bytes, caches them beside the photos, and reads their text."""

    def __init__(self, keep: FileCache, most_bytes: int = 50 * 1024 * 1024, *, off: bool = False) -> None:
        """Keep the limits; `off` means that the operator switched documents off."""
        self.most_bytes = most_bytes
        self._keep, self._off = keep, off
        self._readings: OrderedDict[str, DocumentText] = OrderedDict()  # by hash, the least recently used first
        self._assumed: OrderedDict[str, str] = OrderedDict()  # uncertain encodings, by the hash after conversion
        self._room = asyncio.Semaphore(AT_ONCE)

    async def take(self, name: str, data: bytes, *, plain: bool = True, owner: str = "") -> Document:
        """Keep a file that is no picture as a document, judged by its first bytes; `words` tells if it is sound.

        The same bytes give the same document. Unreadable: it is empty, too large, or no document, such as plain
        text where none is expected.
        """
        if not data:
            raise Unreadable(FailureCode.PHOTO_EMPTY)
        mime = kind_of(name, data)
        if mime in WRITTEN and not plain:
            raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)
        if len(data) > self.most_bytes:
            raise Unreadable(FailureCode.DOCUMENT_TOO_HEAVY, limit=self.most_bytes // 1024**2)
        mime, data, encoding = await self._converted(mime, data)
        if self._off:
            raise Unreadable(FailureCode.FEATURE_OFF)
        put = partial(self._keep.put_document, owner=owner)
        document = await asyncio.to_thread(put, display_name(name, "file"), mime, data)
        self._assumed.pop(document.sha256, None)
        if encoding:
            self._assumed[document.sha256] = encoding
            _shorten(self._assumed, ASSUMED)
        return document

    async def recall(self, sha256: str, name: str) -> Document | None:
        """Return the cached document of this hash; None if it is no longer cached."""
        document = await asyncio.to_thread(self._keep.recall, sha256, display_name(name, "file"))
        return document if isinstance(document, Document) else None

    async def words(self, document: Document) -> DocumentText:
        """Return its text, as far as it is read. Unreadable: it is locked, damaged ...; Busy: its file is gone."""
        if document.sha256 not in self._readings:
            self._readings[document.sha256] = await self._read(document)
        self._readings.move_to_end(document.sha256)
        _shorten(self._readings, REMEMBERED)
        return self._readings[document.sha256]

    async def pictures(self, document: Document, most: int) -> list[tuple[int, bytes]]:
        """Return pictures of pages without words, or those in an Office file, with the number of each, from 1.

        Unreadable: there are none that can be shown; Busy: its file is gone.
        """
        text = await self.words(document)
        try:
            async with self._room:
                if document.mime == PDF:
                    pages = list(text.pictured[:most])
                    value, body = await run(
                        "draw_pages",
                        document.file,
                        owner="documents",
                        pages=pages,
                        longest_side=LONGEST_SIDE,
                        most_bytes=MOST_PICTURE_BYTES,
                    )
                    return _pieces(value, body)
                value, body = await run("list_pictures", document.file, owner="documents")
                return _pieces(list(enumerate(value, 1)), body)[:most]
        except FileNotFoundError as error:
            raise Busy(FailureCode.PHOTO_GONE) from error
        except WorkerFailed as error:
            raise Unreadable(FAILURES[error.reason]) from error

    def assumed_encoding(self, document: Document) -> str:
        """Return the name of the encoding that was assumed for a text; empty if it is certain or forgotten."""
        return self._assumed.get(document.sha256, "")

    async def _converted(self, mime: str, data: bytes) -> tuple[str, bytes, str]:
        """Return type and bytes to keep: text is in UTF-8 from here on; and the encoding, if it was assumed."""
        try:
            if mime == ZIP:
                value, _ = await run("name_package", data, owner="documents")
                return _checked_mime(value), data, ""
            if mime in TASKS:
                return mime, data, ""
            value, text = await run("convert_text", data, owner="documents", language=wished())
            encoding = _checked_encoding(value)
            return mime, data if value.get("same") else text, encoding
        except WorkerFailed as error:
            raise Unreadable(FAILURES[error.reason]) from error

    async def _read(self, document: Document) -> DocumentText:
        try:
            if document.mime in TEXTS:
                return await asyncio.to_thread(_beginning, document)
            async with self._room:
                value, _ = await run(TASKS[document.mime], document.file, owner="documents", most_text=MOST_TEXT)
            text = _reading(value)
            if text.is_empty and not text.pictures and document.mime != PDF:
                raise Unreadable(FailureCode.DOCUMENT_EMPTY)
            return text
        except FileNotFoundError as error:
            raise Busy(FailureCode.PHOTO_GONE) from error
        except (Unreadable, WorkerFailed) as error:
            await asyncio.to_thread(self._keep.drop, [document.sha256])
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(FAILURES[error.reason]) from error


def _reading(value: Any) -> DocumentText:
    """Check the result of a worker. WorkerFailed: it is not valid."""
    try:
        return DocumentText(
            pages=tuple(map(str, value["pages"])),
            of=int(value["of"]),
            share=float(value["share"]),
            slides=bool(value["slides"]),
            pictured=tuple(map(int, value["pictured"])),
            unread=tuple(map(int, value["unread"])),
            pictures=int(value["pictures"]),
        )
    except (LookupError, TypeError, ValueError):
        raise WorkerFailed("crashed") from None


def _pieces(sizes: Any, body: bytes) -> list[tuple[int, bytes]]:
    """Cut the pictures of a worker apart. WorkerFailed: they are not as announced."""
    pieces, at = list[tuple[int, bytes]](), 0
    try:
        for number, size in sizes:
            pieces.append((int(number), body[at : at + int(size)]))
            at += int(size)
    except (TypeError, ValueError):
        raise WorkerFailed("crashed") from None
    return pieces


def _checked_mime(value: Any) -> str:
    if value in DOCUMENTS and value not in TEXTS:
        return str(value)
    raise WorkerFailed("crashed")


def _checked_encoding(value: Any) -> str:
    try:
        return "" if value["certain"] else ENCODING_NAMES[value["codec"]]
    except (AttributeError, LookupError, TypeError):
        raise WorkerFailed("crashed") from None


def _beginning(document: Document) -> DocumentText:
    with document.file.open("rb") as file:
        raw = file.read(4 * MOST_TEXT)
    text = raw.decode("utf-8", "ignore")  # the last character may be cut
    if not text.strip():
        raise Unreadable(FailureCode.DOCUMENT_EMPTY)
    share = len(raw) / max(document.size, 1) * min(1.0, MOST_TEXT / max(len(text), 1))
    return DocumentText(pages=(text[:MOST_TEXT],), share=share)


def _shorten(cache: OrderedDict[str, Any], most: int) -> None:
    while len(cache) > most:
        cache.popitem(last=False)
