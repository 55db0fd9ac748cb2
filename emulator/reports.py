"""Describe documents and videos: what was read, what was found, and what cannot be known here."""

from collections.abc import Sequence

from emulator.documents import count
from emulator.state import NumberedDocument
from emulator.videos import MOST

_QUOTED = 160  # characters of the beginning


def described(paper: NumberedDocument, question: str) -> str:
    """Tell what is in a document, and where the words of the question stand in it."""
    reading = paper.reading
    begins = " ".join(reading.text[: 4 * _QUOTED].split())
    quoted = begins if len(begins) <= _QUOTED else begins[: _QUOTED - 1].rstrip() + "…"
    return (
        f"**File {paper.number}** 📄 {paper.name} is a {reading.kind} of **{reading.measure}** and "
        f"{count(reading.words, 'word')}. {f'It begins: “{quoted}”' if quoted else 'I found no text in it.'}"
        f"{_found(paper, question)}"
    )


def recalled(paper: NumberedDocument, question: str) -> str:
    """Tell that an earlier document is still known, and where the words of this question stand in it."""
    return f"Still about file {brief(paper)}.{_found(paper, question)}"


def brief(paper: NumberedDocument) -> str:
    """Name a document in a few words."""
    return f"{paper.number} ({paper.name}, a {paper.reading.kind} of {paper.reading.measure})"


def linked(videos: Sequence[str]) -> str:
    """Tell which videos were linked, and that nobody looked at them."""
    known = listed([f"`{video}`" for video in videos[:MOST]])
    more = f" I took the first {MOST} of {len(videos)} links." if len(videos) > MOST else ""
    return (
        f"**YouTube** 🎬 You linked {count(len(videos[:MOST]), 'video')}: {known}. "
        f"I fetch nothing, so I know the link and not what is said there.{more}"
    )


def listed(names: Sequence[str]) -> str:
    """Write `a, b and c`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _found(paper: NumberedDocument, question: str) -> str:
    found = paper.reading.finds(question)
    if not found:
        return ""
    paged = len(paper.reading.pages) > 1
    return f" Of your words I found {listed([_place(word, pages, paged) for word, pages in found.items()])}."


def _place(word: str, pages: Sequence[int], paged: bool) -> str:
    if not paged:
        return f"*{word}*"
    return f"*{word}* on page{'s' * (len(pages) > 1)} {listed([str(page) for page in pages])}"
