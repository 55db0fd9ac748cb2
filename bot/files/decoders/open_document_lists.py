"""Numbers of lists and headings in OpenDocument texts, as LibreOffice shows them: the text holds none of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.files.decoders.package import Element
from bot.files.decoders.word_numbering import spelled, symbol

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_KINDS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_HEADINGS = ""  # the name under which the levels of headings are kept
_LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListLevel:
    """One level of a list: a bullet, or a number between two texts that may show those of the levels above."""

    kind: str = ""  # of numbers; empty: none is shown
    bullet: str = ""
    before: str = ""
    after: str = ""
    shown: int = 1  # levels
    start: int = 1


@dataclass(slots=True)
class ListNumbers:
    """Counts the items of lists and the headings of a document."""

    _styles: dict[str, Mapping[int, _ListLevel]] = field(default_factory=dict)
    _counters: dict[str, dict[int, int]] = field(default_factory=dict)  # by style, so that a list can be continued

    @classmethod
    def of(cls, *parts: Element | None) -> "ListNumbers":
        """Read the parts of a document in which lists are defined."""
        numbers = cls()
        for part in (each for each in parts if each is not None):
            for style in part.iter(f"{_TEXT}list-style", f"{_TEXT}outline-style"):
                is_outline = style.tag == f"{_TEXT}outline-style"
                name = _HEADINGS if is_outline else str(style.get(f"{_STYLE}name", ""))
                numbers._styles[name] = dict(_levels(style))
        return numbers

    def heading(self, element: Element) -> str:
        """Count a heading, and return its number; empty if headings have none."""
        level = _whole(element.get(f"{_TEXT}outline-level"), 1)
        if (
            element.get(f"{_TEXT}is-list-header") == "true"
            or next(element.iterancestors(f"{_TEXT}list"), None) is not None
        ):
            return ""
        return self._label(_HEADINGS, level, None)

    def item(self, element: Element) -> str:
        """Count an item of a list, and return its number or bullet, indented by its level."""
        lists = list(element.iterancestors(f"{_TEXT}list"))
        name = next((str(each.get(f"{_TEXT}style-name")) for each in lists if each.get(f"{_TEXT}style-name")), "-")
        if next(element.itersiblings(f"{_TEXT}list-item", preceding=True), None) is None and not _continues(lists[0]):
            self._counters.setdefault(name, {}).pop(len(lists), None)
        label = self._label(name, len(lists), element.get(f"{_TEXT}start-value"))
        return "  " * (len(lists) - 1) + label if label else ""

    def _label(self, name: str, level: int, start: str | None) -> str:
        levels, counters = self._styles.get(name, {}), self._counters.setdefault(name, {})
        described = levels.get(level, _ListLevel())
        first = _whole(start, described.start)
        counters[level] = counters[level] + 1 if level in counters and start is None else first
        for below in range(level + 1, _LEVELS + 1):
            counters.pop(below, None)
        if described.bullet:
            return symbol(described.bullet)
        if not described.kind:
            return ""
        places = range(max(1, level - described.shown + 1), level + 1)
        shown = [
            spelled(counters.get(n, levels.get(n, described).start), levels.get(n, described).kind) for n in places
        ]
        return f"{described.before}{'.'.join(shown)}{described.after}".strip()


def _levels(style: Element) -> Iterator[tuple[int, _ListLevel]]:
    for element in style.iterchildren("*"):
        level = _whole(element.get(f"{_TEXT}level"), 0)
        if 0 < level <= _LEVELS:
            yield (
                level,
                _ListLevel(
                    kind=_KINDS.get(str(element.get(f"{_STYLE}num-format", "")), ""),
                    bullet=str(element.get(f"{_TEXT}bullet-char", "")),
                    before=str(element.get(f"{_STYLE}num-prefix", "")),
                    after=str(element.get(f"{_STYLE}num-suffix", "")),
                    shown=_whole(element.get(f"{_TEXT}display-levels"), 1),
                    start=_whole(element.get(f"{_TEXT}start-value"), 1),
                ),
            )


def _continues(element: Element) -> bool:
    names = ("continue-numbering", "continue-list")
    return any(str(element.get(f"{_TEXT}{name}", "false")) != "false" for name in names)


def _whole(text: str | None, otherwise: int) -> int:
    return int(text[:9]) if text and text.isdecimal() else otherwise
