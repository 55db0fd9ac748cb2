"""Filters for the noise in 1min.ai's answers: the text repeated, lines about crawled sites, a footer of links."""

import re
from collections.abc import Callable

from bot.messages import WebSource

CRAWL = "🌐 Crawling site http"
FOOTER = "Here is some information from the links you provided"
MAX_HELD = 4_000  # characters; anything longer is no noise

_CRAWL = r"^(?:🌐 Crawling site https?://[^\s🌐]+(?:[ \t]*\r?\n|[ \t]+(?=\S)|(?=🌐)END))+"
_CRAWLED = re.compile(_CRAWL.replace("END", ""), re.MULTILINE)
_CRAWLED_AT_END = re.compile(_CRAWL.replace("END", r"|\s*\Z"), re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s🌐]+")
_LINK = re.compile(r"https?://\S+|[-*•]|\d+[.)]?")


class StreamCleaner:
    """A filter that removes the noise from a stream of text, wherever its pieces are cut, and blanks at both ends."""

    def __init__(self, add_source: Callable[[WebSource], None] | None = None) -> None:
        """Make a filter; `add_source` is told the addresses in what is removed."""
        self._add_source = add_source
        self._pending = ""  # may turn out to be noise
        self._has_begun = False
        self._at_line_start = True  # of the pending text

    def feed(self, piece: str) -> str:
        """Accept the next piece, and return the text that is certainly part of the answer."""
        text = self._without_crawls(_CRAWLED, self._pending + piece)
        safe_length = self._safe_length(text)
        if len(text) - safe_length > MAX_HELD:
            safe_length = len(text)
        clean_text, self._pending = text[:safe_length], text[safe_length:]
        if not self._has_begun:
            clean_text = clean_text.lstrip()
        if clean_text:
            self._has_begun, self._at_line_start = True, clean_text.endswith("\n")
        return clean_text

    def end(self) -> str:
        """Return what is left when nothing more comes."""
        text = self._without_crawls(_CRAWLED_AT_END, self._pending)
        footer = text.rfind(FOOTER)
        if footer >= 0 and _only_links(text[footer + len(FOOTER) :], ended=True):
            self._note(text[footer:])
            text = text[:footer]
        self._pending = ""
        return text.rstrip() if self._has_begun else text.strip()

    def _without_crawls(self, pattern: re.Pattern[str], text: str) -> str:
        before = "" if self._at_line_start else "x"  # so that the text does not look like a line's beginning
        return pattern.sub(self._remove, before + text)[len(before) :]

    def _remove(self, noise: re.Match[str]) -> str:
        self._note(noise[0])
        return ""

    def _note(self, noise: str) -> None:
        if self._add_source:
            for address in _ADDRESS.findall(noise):
                self._add_source(WebSource(address))

    def _safe_length(self, text: str) -> int:
        """Return how many characters of the text are certainly no noise."""
        safe_length = len(text)
        line = text.rfind("\n") + 1
        if (line or self._at_line_start) and _may_begin(text[line:], CRAWL):
            safe_length = line
        footer = text.rfind(FOOTER, 0, safe_length)
        if footer >= 0 and _only_links(text[footer + len(FOOTER) : safe_length], ended=False):
            safe_length = footer
        else:
            safe_length -= _overlap(text[max(0, safe_length - len(FOOTER)) : safe_length], FOOTER)
        return len(text[:safe_length].rstrip())


def clean(text: str) -> str:
    """Return a whole text without the noise."""
    cleaner = StreamCleaner()
    return cleaner.feed(text) + cleaner.end()


class DuplicateTailFilter:
    """A filter that drops the last piece of a stream when it repeats the whole answer, as some models do (gpt-5.4).

    Such a piece is held back until it is known to be the last one: "ha" may well follow "ha".
    """

    def __init__(self) -> None:
        self._passed: list[str] = []
        self._length = 0
        self._pending = ""

    def feed(self, piece: str) -> str:
        """Accept the next piece, and return the text that may be passed on."""
        if not piece:
            return ""
        released = self._pass(self._pending)
        self._pending = ""
        if self._repeats(piece):
            self._pending = piece
            return released
        return released + self._pass(piece)

    def end(self, whole: str | None = None) -> str:
        """Return the text that is left at the end; `whole` is the whole answer, where the service repeats it."""
        pending, self._pending = self._pending, ""
        passed_text = "".join(self._passed)
        # The whole text tells whether the last piece belongs to it.
        return pending if pending and whole and clean(whole).startswith(clean(passed_text + pending)) else ""

    def _pass(self, piece: str) -> str:
        if piece:
            self._passed.append(piece)
            self._length += len(piece)
        return piece

    def _repeats(self, piece: str) -> bool:
        # Only a long piece is worth the look: what it is compared with has grown by an eighth since the last time.
        if self._length < 2 or 8 * len(piece) < self._length:
            return False
        self._passed = ["".join(self._passed)]
        return piece == self._passed[0] or clean(piece) == clean(self._passed[0])


def _may_begin(line: str, start: str) -> bool:
    return start.startswith(line) or line.startswith(start)


def _overlap(text: str, start: str) -> int:
    """Return how many characters at the end of the text may begin `start`."""
    at = text.find(start[0])
    while at >= 0 and not start.startswith(text[at:]):
        at = text.find(start[0], at + 1)
    return len(text) - at if at >= 0 else 0


def _only_links(text: str, *, ended: bool) -> bool:
    """Tell whether there is nothing but links, bullets and numbers; the last one may not be complete yet."""
    links = text.lstrip(":.").split()
    if links and not ended and any(protocol.startswith(links[-1]) for protocol in ("http://", "https://")):
        links.pop()
    return all(_LINK.fullmatch(link) for link in links)
