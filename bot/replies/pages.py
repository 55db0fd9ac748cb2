"""Splitting of a long text into posts, at natural breaks, with code blocks closed and reopened."""

import re
from collections.abc import Iterator

FENCE = re.compile(r"^ {0,3}(?P<ticks>`{3,16}|~{3,16})(?P<language>[^\n`]*)$", re.MULTILINE)
LONGEST_FENCE = 24  # characters of a fence line that are repeated on the next page
PAUSES = ("\n\n", "\n", ". ", " ")  # the best first


def units(text: str) -> int:
    """Count UTF-16 units, as Telegram does; no platform counts more than that."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pages(text: str, size: int) -> list[str]:
    """Split `text` into posts of at most `size` UTF-16 units (at least 64).

    Nothing is lost but white space at a split. As the text grows, only the last page changes: a split depends only
    on its own page.
    """
    return list(_pages(text, size))


def _pages(text: str, size: int) -> Iterator[str]:
    opening = ""  # the fence line that the page has to begin with
    while units(opening) + units(text) > size:
        room = _fitting(text, size - units(opening))
        cut, fence = _cut(opening, text, room)
        page = opening + text[:cut].rstrip("\n" if fence else None)
        yield f"{page}\n{_ticks(fence)}" if fence else page
        opening = f"{fence}\n" if fence else ""
        text = text[cut:].lstrip("\n") if fence else text[cut:].lstrip()
    if text.strip() or not opening:
        yield opening + text


def _cut(opening: str, text: str, room: int) -> tuple[int, str]:
    """Return the end of the page, in characters of `text`, and the open fence there, if any."""
    cut = _pause(text, room)
    fence = _open_fence(opening + text[:cut])
    closing = len(_ticks(fence)) + 1
    if fence and cut + closing > room:  # the closing fence needs space
        cut = _pause(text, max(1, room - closing))
        fence = _open_fence(opening + text[:cut])
    return cut, fence


def _pause(text: str, room: int) -> int:
    """Return the last good break within the first `room` characters, but not in the first half of them."""
    for pause in PAUSES:
        at = text.rfind(pause, room // 2, room)
        if at >= 0:
            return at + len(pause)
    return room


def _open_fence(text: str) -> str:
    """Return the fence line that is not closed at the end of `text`, or an empty string."""
    fence = ""
    for match in FENCE.finditer(text):
        line = match.group().strip()
        if not fence:
            fence = line if len(line) <= LONGEST_FENCE else match["ticks"]
        elif line == line[0] * len(line) and line.startswith(_ticks(fence)):
            fence = ""
    return fence


def _ticks(fence: str) -> str:
    opening_fence = FENCE.match(fence)
    return opening_fence["ticks"] if opening_fence else ""


def _fitting(text: str, size: int) -> int:
    """Return the number of characters of `text` that fit into `size` UTF-16 units."""
    fitting = text[:size].encode("utf-16-le", "surrogatepass")[: 2 * size]
    return len(fitting.decode("utf-16-le", "ignore"))
