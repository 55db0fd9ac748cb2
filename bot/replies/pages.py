"""Splitting of a long text into posts, at natural breaks, so that each post is well-formed Markdown by itself."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import wcwidth

from bot.replies.markdown.parse import open_signs, unfinished_table

FENCE = re.compile(r"^ {0,3}(?P<ticks>`{3,16}|~{3,16})(?P<language>[^\n`~]*)$", re.MULTILINE)
FENCE_SIGNS = re.compile(r"`{3}|~{3}")  # the same signs of spans, where they begin a line
WORD_JOINER = "\u2060"  # invisible; signs behind it don't begin a line
LONGEST_FENCE = 24  # characters of a fence line that are repeated on the next page
PAUSES = ("\n\n", "\n", ". ", " ")  # the best first
STEP = 64  # UTF-16 units, at least, by which a page is shortened that becomes too long when it is rendered
LOOK_AHEAD = 16  # characters behind a page that tell whether its last paragraph goes on
DEFINITION = re.compile(r"^ {0,3}\[([^\[\]^\n][^\[\]\n]{0,99})\]:[ \t]{1,9}\S[^\n]*$", re.MULTILINE)
REFERENCE = re.compile(r"\[([^\[\]^\n][^\[\]\n]{0,99})\](?![(:])")
MOST_SIGNS = 8  # characters; what more of them begin is hardly meant
NEW_BLOCK = re.compile(r"\s{0,9}\n|[ \t]{0,9}(?:(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]|\||```|~~~)")
TAIL = re.compile(r"[*_~|`]{1,3}$")  # signs at the end of a text that grows; what they mean is not known yet
BEGINNING = re.compile(r"(?:^|(?<=\s))(?:[*_~`]{1,3}|\|\|)$")  # what they begin has not come yet
HALF_LINK = re.compile(r"!?\[([^\[\]\n]{1,200})\]\([^()\s]{0,500}$")

Measure = Callable[[str], int]
"""A function that tells how long a page becomes when it is rendered, in UTF-16 units."""


class PageBreak(NamedTuple):
    """The signs that close a page and those that open the next one, where a block or a span goes on."""

    closing: str = ""
    opening: str = ""
    is_code: bool = False


class LastPage(NamedTuple):
    """A page with all that is left of a text."""

    text: str


def units(text: str) -> int:
    """Count UTF-16 units, as Telegram does; no platform counts more than that."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pages(text: str, size: int, *, measure: Measure = units, ending: str = "") -> list[str]:
    """Split `text` into posts of at most `size` UTF-16 units (at least 64), also when they are rendered.

    Nothing is lost but white space at a split. As the text grows, only the last page changes: a split depends only
    on its own page. `ending` comes after a text that will go on to grow: what it has begun is closed before.
    """
    split = list(_pages(text, size, measure, ending))
    definitions = _definitions(text) if len(split) > 1 else {}
    return [_with_definitions(page, definitions, size, measure) for page in split] if definitions else split


def _definitions(text: str) -> dict[str, str]:
    """Return the lines that say where a reference leads, by its label."""
    return {match[1].casefold(): match.group().strip() for match in DEFINITION.finditer(text)}


def _with_definitions(page: str, definitions: Mapping[str, str], size: int, measure: Measure) -> str:
    """Return a page that knows where its references lead: what says so may stand on another page."""
    lines = [definitions.get(label.casefold(), "") for label in dict.fromkeys(REFERENCE.findall(page))]
    missing = [line for line in dict.fromkeys(lines) if line and line not in page]
    whole = "\n".join([f"{page}\n", *missing])
    # Measured as it is shown: where links have no room of their own, the lines take none.
    return whole if missing and measure(whole) <= size else page


def _pages(text: str, size: int, measure: Measure, ending: str) -> Iterator[str]:
    opening = ""  # what the page has to begin with
    while not (last := _last_page(opening, text, size=size, measure=measure, ending=ending)):
        page, cut, opening = _first_page(opening, text[: size + LOOK_AHEAD], size, measure)
        yield page
        text = text[cut:].lstrip("\n") if "\n" in opening else text[cut:].lstrip()
    if text.strip() or not opening:
        yield last.text


def _last_page(opening: str, text: str, size: int, measure: Measure, ending: str) -> "LastPage | None":
    """Return the last page, if all of the text fits on it."""
    page = opening + text
    if len(page) > size:
        return None
    if ending:
        page = close_open_spans(page) + ending
    elif opening and "\n" not in opening and _is_open(page):  # whatever seemed to begin did not
        page = text
    is_fit = units(page) <= size and (measure is units or measure(page) <= size)
    return LastPage(page) if is_fit else None


def close_open_spans(text: str) -> str:
    """Close what a text that will go on to grow has begun: spans, and links whose address has not come yet."""
    if _open_fence(text):
        return text
    text = HALF_LINK.sub(r"\1", text)
    begun = TAIL.sub("", text)
    signs = _signs(begun)
    return begun.rstrip() + signs[::-1] if signs else BEGINNING.sub("", text)


@lru_cache(maxsize=512)
def _first_page(opening: str, text: str, size: int, measure: Measure) -> tuple[str, int, str]:
    """Return the first page of a text that needs several, where it ends, and what the next one begins with."""
    room = _fitting(text, size - units(opening))
    page = _page(opening, text, room)
    if measure is units or measure(page[0]) <= size:
        return page
    step = max(STEP, size // 8)
    fewest, most = 1, -(-room // step)  # steps; all pages of the fewest fit, as far as we know
    while most - fewest > 1:
        middle = (fewest + most) // 2
        is_fit = measure(_page(opening, text, middle * step)[0]) <= size
        fewest, most = (middle, most) if is_fit else (fewest, middle)
    return _page(opening, text, min(room, fewest * step))


def _page(opening: str, text: str, room: int) -> tuple[str, int, str]:
    cut = _pause(text, room)
    page_break = _page_break(opening + text[:cut], text[cut : cut + LOOK_AHEAD])
    if cut + len(page_break.closing) > room:  # the closing signs need space
        cut = _pause(text, max(1, room - len(page_break.closing)))
        page_break = _page_break(opening + text[:cut], text[cut : cut + LOOK_AHEAD])
    page = opening + text[:cut].rstrip("\n" if page_break.is_code else None)
    opening = page_break.opening if units(page_break.opening) <= room // 2 else ""
    return page + page_break.closing, cut, opening


def _page_break(page: str, following: str) -> PageBreak:
    if fence := _open_fence(page):
        return PageBreak(f"\n{_ticks(fence)}", f"{fence}\n", is_code=True)
    if page.endswith("\n") and following.strip() and following[0] != "\n" and not page.endswith("\n\n"):
        header = unfinished_table(page)
        if header and "|" in following.partition("\n")[0]:
            return PageBreak("", header)
    if page.endswith("\n\n") or NEW_BLOCK.match(following):
        return PageBreak()
    signs = _signs(page)
    opening = f"{WORD_JOINER}{signs}" if FENCE_SIGNS.match(signs) else signs
    return PageBreak(signs[::-1], opening) if len(signs) <= MOST_SIGNS else PageBreak()


def _signs(text: str) -> str:
    """Return the signs that have opened something in the last paragraph of a text."""
    return "".join(open_signs(text)) if any(sign in text for sign in "*_~|`") else ""


def _is_open(page: str) -> bool:
    """Tell whether the signs that a page begins with have no partners in its first paragraph."""
    return bool(_signs(page.partition("\n\n")[0]))


def _pause(text: str, room: int) -> int:
    """Return the last good break within the first `room` characters, but not in the first half of them."""
    for pause in PAUSES:
        at = text.rfind(pause, room // 2, room)
        if at >= 0:
            return at + len(pause)
    if room < len(text):  # a letter with its accents, or an emoji of several parts, stays whole
        start = wcwidth.grapheme_boundary_before(text, room + 1)
        return start if start > room // 2 else room
    return room


def _open_fence(text: str) -> str:
    """Return the fence line that is not closed at the end of `text`, or an empty string."""
    fence = ""
    for match in FENCE.finditer(text):
        line = match.group().strip()
        if match.end() == len(text) and len(line.split()) > 1:
            continue  # words that may go on to the end of a span
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
