"""The program that reads a PDF or a DOCX, and knows nothing of the bot.

Its arguments are the path of the file, its kind and how many characters to read. On stdout it says a JSON list: the
texts of the pages, how many pages there are (0: it has none), and which share of the text this is; or else a word that
says why there is nothing.
"""

import json
import logging
import signal
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docx.document import Document as Docx
    from pypdf import PdfReader

LOCKED, BROKEN, BOMB, OFFICE, OTHER, SLOW, GONE = "locked", "broken", "bomb", "office", "other", "slow", "gone"
TOO_LONG = signal.SIGXCPU if sys.platform != "win32" else 0  # ends it when it has worked for too long

MOST_SECONDS = 20  # of work
ENOUGH = 10.0  # seconds after which no further page is begun
MOST_PAGES = 200
MOST_MEMORY = 1024**3  # bytes
MOST_UNPACKED = 256 * 1024**2  # bytes of all parts of a DOCX
MOST_PARTS = 10_000
MOST_RATIO = 200  # by which one of its large parts may be packed
LARGE = 1024**2  # bytes

Said = tuple[list[str], int, float]


class Unusable(Exception):
    """Carries the word that says why."""


def main(path: str, kind: str, most: str) -> None:
    """Read it, within limits."""
    logging.disable()
    _limit()
    try:
        said: Said | str = (_docx if kind == "docx" else _pdf)(path, int(most))
    except Unusable as error:
        said = str(error)
    except FileNotFoundError:
        said = GONE
    except MemoryError:
        said = BOMB
    except Exception:  # whatever a parser stumbles over, it means the same
        said = BROKEN
    sys.stdout.write(json.dumps(said))


def _limit() -> None:
    with suppress(ImportError, ValueError, OSError):  # not every system has them
        import os
        import resource

        os.nice(5)  # whoever waits for words goes first
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 1))


# PDF


def _pdf(path: str, most: int) -> Said:
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Unusable(LOCKED)
    count = len(reader.pages)
    if not count:
        raise Unusable(BROKEN)
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
    """One damaged page does not spoil the others."""
    try:
        return _whole(reader.pages[n].extract_text())
    except MemoryError:
        raise
    except Exception:
        return ""


# DOCX


def _docx(path: str, most: int) -> Said:
    from docx import Document

    _weigh(path)
    text = _whole("\n".join(_lines(Document(path))).strip())
    return [text[:most]], 0, min(1.0, most / max(len(text), 1))


def _weigh(path: str) -> None:
    """Look into the zip before anything is unpacked: no part becomes larger than it says there."""
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
    names = {part.filename for part in parts}
    if "word/document.xml" not in names:
        raise Unusable(OFFICE if names & {"xl/workbook.xml", "ppt/presentation.xml"} else OTHER)
    is_dense = any(part.file_size > max(LARGE, part.compress_size * MOST_RATIO) for part in parts)
    if is_dense or len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unusable(BOMB)


def _lines(document: "Docx") -> Iterator[str]:
    from docx.table import Table

    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield " | ".join(" ".join(cell.text.split()) for cell in row.cells)
        else:
            yield block.text


def _whole(text: str) -> str:
    """The text without halves of signs, which cannot be sent."""
    return text.encode("utf-8", "replace").decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
