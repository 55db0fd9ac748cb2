"""The text that is read of a document, up to a number of characters and within some time."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import wraps
from typing import Any, BinaryIO

from bot.errors import FailureCode, Unreadable

ENOUGH = 10.0  # seconds after which no further page, row or paragraph is started

Result = tuple[dict[str, Any], bytes]
"""An `Extract` as a dictionary, and no bytes."""


@dataclass(slots=True, kw_only=True)
class Extract:
    """The texts of the first pages or slides; a document without pages counts as one."""

    pages: list[str]
    of: int = 0  # number of pages; 0: it has none
    share: float = 1.0  # share of the text of these pages that this is
    slides: bool = False  # the pages are slides
    pictured: list[int] = field(default_factory=list)  # pages, from 1, that say more as pictures
    unread: list[int] = field(default_factory=list)  # pages that no parser can read
    pictures: int = 0  # number of pictures in it that can be shown


@dataclass(slots=True)
class Deadline:
    """The time for one document, from now on."""

    at: float = field(default_factory=lambda: time.monotonic() + ENOUGH)

    @property
    def is_over(self) -> bool:
        """True if no more may be started."""
        return time.monotonic() > self.at


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError within a parser in Python that takes longer, so that another one may be tried."""
    if threading.current_thread() is not threading.main_thread():  # of a worker there is one
        yield
        return

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def reader(read: Callable[[BinaryIO, int], Extract]) -> Callable[..., Result]:
    """Wrap a function that reads a document: any error of its parsers means that the document is damaged."""

    @wraps(read)
    def task(file: BinaryIO, *, most_text: int) -> Result:
        try:
            return asdict(read(file, most_text)), b""
        except (Unreadable, MemoryError):
            raise
        except Exception as error:
            raise Unreadable(FailureCode.DOCUMENT_BROKEN) from error

    return task


def in_one(parts: Iterable[str], most: int) -> Extract:
    """Join the parts of a document without pages, in lines."""
    texts, total, is_whole = list[str](), 0, True
    deadline = Deadline()
    for part in parts:
        if total < most:
            texts.append(part[: most - total])
        total += len(part) + 1
        if deadline.is_over:
            is_whole = False
            break
    text = whole("\n".join(texts)).strip()
    share = min(1.0, most / max(total, 1))
    return Extract(pages=[text], share=share if is_whole else min(share, 0.99))


def in_pages(pages: Iterable[str], of: int, most: int) -> Extract:
    """Collect whole pages until there is enough text."""
    texts, left = list[str](), most
    deadline = Deadline()
    for page in pages:
        texts.append(whole(page).strip())
        left -= len(texts[-1])
        if left <= 0 or deadline.is_over:
            break
    return cut(Extract(pages=texts or [""], of=of), most, left)


def cut(extract: Extract, most: int, left: int) -> Extract:
    """Cut the last page if there is too much text: `left` is what is left of `most` characters, negative then."""
    if left < 0:
        last = extract.pages[-1]
        extract.pages[-1], extract.share = last[: len(last) + left], most / (most - left)
    return extract


def whole(text: str) -> str:
    """Return the text without unpaired surrogates, which cannot be sent."""
    return text.encode("utf-8", "replace").decode()


def without_empty(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines, with one empty line at most between two others."""
    was_empty = True
    for line in lines:
        if line.strip():
            yield line.rstrip()
        elif not was_empty:
            yield ""
        was_empty = not line.strip()
