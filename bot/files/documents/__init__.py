"""Intake of documents: untrusted bytes in, a document and its text out."""

import asyncio
from collections import OrderedDict
from typing import Any

from bot.errors import Busy, FailureCode, Unreadable
from bot.files.documents.document_kinds import DOCX, PDF, kind_of
from bot.files.documents.document_text import MOST_TEXT, DocumentText
from bot.files.documents.encodings import in_utf8
from bot.files.file_cache import FileCache, display_name
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import Document

AT_ONCE = 2  # worker processes that read documents
REMEMBERED = 32  # cached texts

FAILURES = {
    "slow": FailureCode.DOCUMENT_SLOW,
    "memory": FailureCode.DOCUMENT_BOMB,
    "crashed": FailureCode.DOCUMENT_BROKEN,
}
TASKS = {PDF: "read_pdf", DOCX: "read_docx"}


class DocumentIntake:
    """Detects documents by their bytes, caches them beside the photos, and reads their text."""

    def __init__(self, keep: FileCache, most_bytes: int = 50 * 1024 * 1024, *, off: bool = False) -> None:
        """Keep the limits; `off` means that the operator switched documents off."""
        self.most_bytes = most_bytes
        self._keep, self._off = keep, off
        self._readings: OrderedDict[str, DocumentText] = OrderedDict()  # by hash, the least recently used first
        self._room = asyncio.Semaphore(AT_ONCE)

    async def take(self, name: str, data: bytes, *, plain: bool = True, owner: str = "") -> Document:
        """Keep a file that is no picture as a document, judged by its first bytes; `words` tells if it is sound.

        The same bytes give the same document. Unreadable: it is empty, too large, or no document, such as plain
        text where none is expected.
        """
        if not data:
            raise Unreadable(FailureCode.PHOTO_EMPTY)
        mime, data = await asyncio.to_thread(_judged, name, data, plain)
        if self._off:
            raise Unreadable(FailureCode.FEATURE_OFF)
        if len(data) > self.most_bytes:
            raise Unreadable(FailureCode.DOCUMENT_TOO_HEAVY, limit=self.most_bytes // 1024**2)
        return await asyncio.to_thread(self._keep.put_document, display_name(name, "file"), mime, data, owner)

    async def recall(self, sha256: str, name: str) -> Document | None:
        """Return the cached document of this hash; None if it is no longer cached."""
        document = await asyncio.to_thread(self._keep.recall, sha256, display_name(name, "file"))
        return document if isinstance(document, Document) else None

    async def words(self, document: Document) -> DocumentText:
        """Return its text, as far as it is read. Unreadable: it is locked, damaged ...; Busy: its file is gone."""
        if document.sha256 not in self._readings:
            self._readings[document.sha256] = await self._read(document)
        self._readings.move_to_end(document.sha256)
        while len(self._readings) > REMEMBERED:
            self._readings.popitem(last=False)
        return self._readings[document.sha256]

    async def _read(self, document: Document) -> DocumentText:
        try:
            if document.mime not in TASKS:
                return await asyncio.to_thread(_beginning, document)
            async with self._room:
                value, _ = await run(TASKS[document.mime], document.file, owner="documents", most_text=MOST_TEXT)
            return _reading(value)
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
        pages, count, share = value
        return DocumentText(tuple(map(str, pages)), int(count), float(share))
    except (TypeError, ValueError):
        raise WorkerFailed("crashed") from None


def _judged(name: str, data: bytes, plain: bool) -> tuple[str, bytes]:
    """Return its type and bytes: text is in UTF-8 from here on. Unreadable: it is not a document."""
    mime = kind_of(name, data)
    if mime in (PDF, DOCX):
        return mime, data
    text = in_utf8(data) if plain else None
    if text is None:
        raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)
    return mime, text


def _beginning(document: Document) -> DocumentText:
    with document.file.open("rb") as file:
        raw = file.read(4 * MOST_TEXT)
    text = raw.decode("utf-8", "ignore")  # the last character may be cut
    share = len(raw) / max(document.size, 1) * min(1.0, MOST_TEXT / max(len(text), 1))
    return DocumentText((text[:MOST_TEXT],), share=share)
