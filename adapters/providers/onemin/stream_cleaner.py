"""What 1min.ai says besides the answer: the whole text once more, lines about crawled sites, a footer of links."""

import re

CRAWL = "🌐 Crawling site http"
FOOTER = "Here is some information from the links you provided"
MOST_HELD = 4_000  # characters; whatever is longer is no noise

_CRAWL = r"^(?:🌐 Crawling site https?://[^\s🌐]+(?:[ \t]*\r?\n|[ \t]+(?=\S)|(?=🌐)END))+"
_CRAWLED = re.compile(_CRAWL.replace("END", ""), re.MULTILINE)
_CRAWLED_AT_END = re.compile(_CRAWL.replace("END", r"|\s*\Z"), re.MULTILINE)
_LINK = re.compile(r"https?://\S+|[-*•]|\d+[.)]?")


class StreamCleaner:
    """Takes the noise out of a growing text, wherever its pieces are cut. Blanks at both ends go too."""

    def __init__(self) -> None:
        self._held = ""  # may turn out to be noise
        self._begun = False
        self._fresh = True  # what is held begins a line

    def feed(self, piece: str) -> str:
        """Take the next piece in, and return what is surely part of the answer."""
        text = self._without_crawls(_CRAWLED, self._held + piece)
        safe = self._safe(text)
        if len(text) - safe > MOST_HELD:
            safe = len(text)
        said, self._held = text[:safe], text[safe:]
        if not self._begun:
            said = said.lstrip()
        if said:
            self._begun, self._fresh = True, said.endswith("\n")
        return said

    def end(self) -> str:
        """Return what is left when nothing more comes."""
        text = self._without_crawls(_CRAWLED_AT_END, self._held)
        footer = text.rfind(FOOTER)
        if footer >= 0 and _only_links(text[footer + len(FOOTER) :], ended=True):
            text = text[:footer]
        self._held = ""
        return text.rstrip() if self._begun else text.strip()

    def _without_crawls(self, pattern: re.Pattern[str], text: str) -> str:
        before = "" if self._fresh else "x"  # so that the text does not look like a line's beginning
        return pattern.sub("", before + text)[len(before) :]

    def _safe(self, text: str) -> int:
        """Return how much of the text is no noise, whatever comes next."""
        safe = len(text)
        line = text.rfind("\n") + 1
        if (line or self._fresh) and _may_begin(text[line:], CRAWL):
            safe = line
        footer = text.rfind(FOOTER, 0, safe)
        if footer >= 0 and _only_links(text[footer + len(FOOTER) : safe], ended=False):
            safe = footer
        else:
            safe -= _overlap(text[max(0, safe - len(FOOTER)) : safe], FOOTER)
        return len(text[:safe].rstrip())


def clean(text: str) -> str:
    """Return a whole text without the noise."""
    noise = StreamCleaner()
    return noise.feed(text) + noise.end()


class DuplicateTailFilter:
    """Drops the last piece of a stream when it says everything once more, as some models do (gpt-5.4).

    Such a piece is held back until it is known to be the last one: "ha" may well follow "ha".
    """

    def __init__(self) -> None:
        self._said: list[str] = []
        self._length = 0
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece in, and return what may be passed on."""
        if not piece:
            return ""
        released = self._keep(self._held)
        self._held = ""
        if self._repeats(piece):
            self._held = piece
            return released
        return released + self._keep(piece)

    def end(self, whole: str | None = None) -> str:
        """Return what is left at the end; `whole` is the answer in one piece, where the other side tells it."""
        held, self._held = self._held, ""
        said = "".join(self._said)
        # The whole text knows whether the last piece belongs to it.
        return held if held and whole and clean(whole).startswith(clean(said + held)) else ""

    def _keep(self, piece: str) -> str:
        if piece:
            self._said.append(piece)
            self._length += len(piece)
        return piece

    def _repeats(self, piece: str) -> bool:
        # Only a long piece is worth the look: what it is compared with has grown by an eighth since the last time.
        if self._length < 2 or 8 * len(piece) < self._length:
            return False
        self._said = ["".join(self._said)]
        return piece == self._said[0] or clean(piece) == clean(self._said[0])


def _may_begin(line: str, start: str) -> bool:
    return start.startswith(line) or line.startswith(start)


def _overlap(text: str, start: str) -> int:
    """Return how many characters at the end of the text may begin `start`."""
    at = text.find(start[0])
    while at >= 0 and not start.startswith(text[at:]):
        at = text.find(start[0], at + 1)
    return len(text) - at if at >= 0 else 0


def _only_links(text: str, *, ended: bool) -> bool:
    """Whether there is nothing but links, bullets and numbers; the last one may not be there in full yet."""
    links = text.lstrip(":.").split()
    if links and not ended and any(protocol.startswith(links[-1]) for protocol in ("http://", "https://")):
        links.pop()
    return all(_LINK.fullmatch(link) for link in links)
