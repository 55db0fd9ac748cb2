"""The words of drawings in Office files: shapes, tables, diagrams and charts."""

from collections.abc import Iterator

from bot.files.decoders.package import Element

_NUMBERS = frozenset({"sldNum", "dt", "sldImg", "hdr"})  # placeholders that say nothing of their own


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
    return "".join(each.text or "" if _name(each) == "t" else "\n" for each in paragraph.iter("{*}t", "{*}br"))


def _placeholder(shape: Element) -> str:
    """Return the type of placeholder that a shape is; empty if it is none."""
    found = next(shape.iterfind("{*}nvSpPr/{*}nvPr/{*}ph"), None)
    return "" if found is None else str(found.get("type", ""))


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
