"""The words of drawings in Office files: shapes, tables, diagrams and charts."""

import re
from collections.abc import Iterator
from itertools import islice

from bot.files.decoders.package import Element
from bot.files.decoders.word_numbering import spelled

_NUMBERS = frozenset({"sldNum", "dt", "sldImg", "hdr"})  # placeholders that say nothing of their own

_SHAPE = re.compile(r"(arabic|alphaLc|alphaUc|romanLc|romanUc)(Period|ParenR|ParenBoth|Plain)")  # of counted paragraphs
_MOST_COUNTED = 1000
_AROUND = {"Period": ("", "."), "ParenR": ("", ")"), "ParenBoth": ("(", ")"), "Plain": ("", "")}
_COUNTS = {
    "arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}  # fmt: skip


def drawn_lines(root: Element) -> Iterator[str]:
    """Yield a line for each paragraph, and one for each row of a table; then the labels of a chart."""
    yield from _lines(root)
    labels = [each.text for each in root.iter("{*}v") if each.text and _name(each.getparent()) == "pt"]
    if labels:
        yield " | ".join(labels)


def _lines(parent: Element) -> Iterator[str]:
    for element in parent.iterchildren("*"):
        name = _name(element)
        if (name == "p" and element.tag.endswith("drawingml/2006/main}p")) or (
            name == "p" and "drawingml" in element.tag
        ):
            yield _paragraph(element)
        elif name == "tr":
            yield " | ".join(" ".join(" ".join(_lines(cell)).split()) for cell in element.iterchildren("{*}tc"))
        elif name == "AlternateContent":
            yield from _lines(element[0])
        elif not (name == "sp" and _placeholder(element) in _NUMBERS):
            yield from _lines(element)


def _paragraph(paragraph: Element) -> str:
    label = _label(paragraph)
    return (f"{label} " if label else "") + _words(paragraph)


def _label(paragraph: Element) -> str:
    """Return the number that PowerPoint counts for a paragraph; empty if it counts none."""
    automatic = _automatic(paragraph)
    if automatic is None:
        return ""
    kind, level, count = automatic.get("type", ""), _level(paragraph), 0
    for before in islice(paragraph.itersiblings("{*}p", preceding=True), _MOST_COUNTED):
        if _level(before) > level:
            continue
        other = _automatic(before)
        if _level(before) < level or other is None or dict(other.attrib) != dict(automatic.attrib):
            break
        count += 1
    start = str(automatic.get("startAt", "1"))
    number, shape = (int(start) if start.isdecimal() else 1) + count, _SHAPE.fullmatch(kind)
    if shape is None:
        return f"{number}."
    before_it, after_it = _AROUND[shape[2]]
    return f"{before_it}{spelled(number, _COUNTS[shape[1]])}{after_it}"


def _automatic(paragraph: Element) -> Element | None:
    return next(paragraph.iterfind("{*}pPr/{*}buAutoNum"), None)


def _level(paragraph: Element) -> int:
    level = next((str(each.get("lvl", "0")) for each in paragraph.iterfind("{*}pPr")), "0")
    return int(level) if level.isdecimal() else 0


def _words(paragraph: Element) -> str:
    return "".join(each.text or "" if _name(each) == "t" else "\n" for each in paragraph.iter("{*}t", "{*}br"))


def _placeholder(shape: Element) -> str:
    """Return the type of placeholder that a shape is; empty if it is none."""
    found = next(shape.iterfind("{*}nvSpPr/{*}nvPr/{*}ph"), None)
    return "" if found is None else str(found.get("type", ""))


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
