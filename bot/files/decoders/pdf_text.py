"""Text extraction from PDF: words, filled forms and notes of a page, by a second parser where the first one fails."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.extract import Deadline, Extract, cut, limited, reader, whole
from bot.files.decoders.pdf_pages import PageViewer

_PATIENCE = 4.0  # seconds for a page, before the other parser has its turn
_MOST_ODD = 0.1  # share of the characters that a font without a usable map makes of its letters
_FEW = 12  # characters, apart from spaces, that tell nothing about that
_SCARCE = 60  # characters: fewer on a page that is mostly a picture are a stamp or a page number
_MOST_SYMBOLS = 0.75
_LEADERS = dict.fromkeys(map(ord, ".-_·…"))
_CODES = re.compile(r"\(cid:\d+\)|/g\d+|/G\w{2}\b")  # letters that are named by their place in the font
_SILENT_BUTTON = 1 << 16  # flag of buttons that hold no value
_NOTES = frozenset({"/FreeText", "/Text", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Stamp", "/Caret"})


@reader
def read_pdf(file: BinaryIO, most_text: int) -> Extract:
    """Read a PDF, up to a number of characters. Unreadable: it is locked or damaged."""
    logging.disable()
    viewer = PageViewer(file)
    pages = _open(file)
    count = len(pages) if pages is not None else viewer.count
    if not count:
        raise Unreadable(FailureCode.DOCUMENT_BROKEN)
    extract, left, deadline = Extract(pages=[], of=count), most_text, Deadline()
    for n in range(count):
        extract.pages.append(_page(pages, viewer, n, extract))
        left -= len(extract.pages[-1])
        if left <= 0 or deadline.is_over:
            break
    return cut(extract, most_text, left)


def _open(file: BinaryIO) -> Any:
    """Return the pages as pypdf opens them; None if it cannot. Unreadable: the file is locked."""
    from pypdf import PasswordType, PdfReader  # imported here: it takes memory that other tasks need not spend

    try:
        document = PdfReader(file)
        if document.is_encrypted and document.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise Unreadable(FailureCode.DOCUMENT_LOCKED)
        return document.pages if len(document.pages) else None
    except (Unreadable, MemoryError):
        raise
    except Exception:  # whatever it stumbles over, the other parser may not
        return None


def _page(pages: Any, viewer: PageViewer, n: int, extract: Extract) -> str:
    """Return the text of a page, and note in the extract whether it is to be seen, or cannot be read."""
    text = _first_text(pages, n)
    if text is None or not text.strip() or is_garbled(text):
        other = viewer.text(n)
        text = other if other is not None and (other.strip() or text is None) else text
    is_garbage = text is not None and is_garbled(text)
    if is_garbage or _is_seen_better(text or "", viewer, n):
        extract.pictured.append(n + 1)
    elif text is None:
        extract.unread.append(n + 1)
    words = "" if is_garbage or text is None else text.rstrip()
    return "\n".join(filter(None, (words, *_filled_in(pages, n))))


def _is_seen_better(text: str, viewer: PageViewer, n: int) -> bool:
    length = len("".join(text.split()))
    return length < _SCARCE and (viewer.is_a_picture(n) if length else viewer.is_marked(n))


def _first_text(pages: Any, n: int) -> str | None:
    if pages is None:
        return None
    try:
        with limited(_PATIENCE):
            return whole(pages[n].extract_text())
    except MemoryError:
        raise
    except Exception:  # a damaged page does not spoil the others
        return None


def is_garbled(text: str) -> bool:
    """Tell whether these are places in a font rather than letters."""
    signs = "".join(text.split())
    if len(signs) < _FEW:
        return False
    odd = sum(
        unicodedata.category(sign) in ("Cc", "Co", "Cn") or sign == "\ufffd" for sign in text if sign not in "\n\t\r\f"
    )
    codes = sum(len(match[0]) for match in _CODES.finditer(signs))
    return odd > _MOST_ODD * len(signs) or codes > len(signs) / 2 or _is_mostly_symbols(signs)


def _is_mostly_symbols(signs: str) -> bool:
    """Tell whether there are far more symbols than letters, apart from lines of dots, as in tables of contents."""
    rest = signs.translate(_LEADERS)
    symbols = sum(unicodedata.category(sign)[0] == "S" or sign in "!\"#$%&'()*+,/:;<=>?@" for sign in rest)
    return len(rest) >= _FEW and symbols > _MOST_SYMBOLS * len(rest)


# forms and notes


def _filled_in(pages: Any, n: int) -> Iterator[str]:
    """Yield the values of form fields and the words of notes on a page."""
    if pages is None:
        return
    with suppress(Exception):  # a damaged annotation spoils neither the page nor the document
        for reference in pages[n].get("/Annots") or ():
            with suppress(Exception):
                yield from _annotation(reference.get_object())


def _annotation(annotation: Any) -> Iterator[str]:
    kind = annotation.get("/Subtype")
    if kind == "/Widget":
        name, value = _field_name(annotation), _field_value(annotation)
        if value:
            yield whole(f"[{name}: {value}]" if name else f"[{value}]")
    elif kind in _NOTES and (words := str(annotation.get("/Contents") or "").strip()):
        author = str(annotation.get("/T") or "").strip()
        label = "note" if kind == "/FreeText" else "comment"
        yield whole(f"[{label} by {author}] {words}" if author else f"[{label}] {words}")


def _field_name(widget: Any) -> str:
    return str(_inherited(widget, "/TU") or _inherited(widget, "/T") or "").strip()


def _field_value(widget: Any) -> str:
    kind, value = _inherited(widget, "/FT"), _inherited(widget, "/V")
    if kind == "/Btn":
        if int(_inherited(widget, "/Ff") or 0) & _SILENT_BUTTON:
            return ""
        state = str(widget.get("/AS") or value or "")
        return "" if state in ("", "/Off") else f"☑ {state.removeprefix('/')}"
    if value is None or kind == "/Sig":
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.get_data().decode("utf-8", "replace") if hasattr(value, "get_data") else str(value).strip()


def _inherited(widget: Any, key: str) -> Any:
    """Return an entry of a field, which its parent may hold."""
    from pypdf.generic import NullObject

    for _ in range(8):
        found = widget.get(key)
        if found is not None and not isinstance(found, NullObject):
            return found.get_object() if hasattr(found, "get_object") else found
        parent = widget.get("/Parent")
        if parent is None:
            return None
        widget = parent.get_object()
    return None
