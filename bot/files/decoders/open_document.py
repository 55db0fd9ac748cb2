"""Text extraction from OpenDocument files: texts, spreadsheets and presentations."""

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from bot.files.decoders.embedded_pictures import find_pictures
from bot.files.decoders.extract import Extract, in_one, in_pages, reader, without_empty
from bot.files.decoders.open_document_lists import ListNumbers
from bot.files.decoders.package import Element, Package

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_LABEL = "label"  # our own mark
_MOST_REPEATED = 64  # empty cells and rows are repeated up to the edge of the sheet
_SKIPPED = frozenset({"tracked-changes", "forms", "sequence-decls", "page-number", "event-listeners", "settings"})


@reader
def read_open_document(file: BinaryIO, most_text: int) -> Extract:
    """Read an ODT, ODS or ODP. Unreadable: it is damaged, or unpacks to far too much."""
    package = Package(file)
    content = package.parse("content.xml")
    body = next(content.iter(f"{_OFFICE}body"))
    _number(package, content, body)
    slides = list(body.iterfind("*/{*}page"))
    if slides:
        extract = in_pages(("\n".join(without_empty(_blocks(each))) for each in slides), len(slides), most_text)
        extract.slides = True
    else:
        extract = in_one(without_empty(_all(package, body)), most_text)
    extract.pictures = len(find_pictures(package))
    return extract


def _all(package: Package, body: Element) -> Iterator[str]:
    """Yield the headers, the text and the footers."""
    styles = package.parse("styles.xml") if "styles.xml" in package.names else None
    yield from _beside(styles, "header")
    yield from _blocks(body)
    yield from _beside(styles, "footer")


def _number(package: Package, content: Element, body: Element) -> None:
    """Write the numbers of lists and headings into their first line, where a reader finds them."""
    with suppress(Exception):  # whatever is wrong with the lists, the words count more
        numbers = ListNumbers.of(package.parse("styles.xml") if "styles.xml" in package.names else None, content)
        for element in body.iter(f"{_TEXT}list-item", f"{_TEXT}h"):
            is_item = element.tag == f"{_TEXT}list-item"
            label = numbers.item(element) if is_item else numbers.heading(element)
            line = next(element.iterchildren(f"{_TEXT}p", f"{_TEXT}h"), None) if is_item else element
            if label and line is not None:
                line.set(_LABEL, label)


def _beside(styles: Element | None, kind: str) -> Iterator[str]:
    if styles is not None:
        texts = (" ".join(_blocks(each)).strip() for each in styles.iter(f"{{*}}{kind}"))
        yield from (f"[{kind}] {text}" for text in dict.fromkeys(texts) if text)


def _blocks(parent: Element) -> Iterator[str]:
    for element in parent.iterchildren("*"):
        name = _name(element)
        if name in ("p", "h"):
            yield from _paragraph(element)
        elif name == "table" and element.tag.startswith(_TABLE):
            yield from _table(element)
        elif name == "notes":
            if text := "\n".join(without_empty(_blocks(element))).strip():
                yield f"[notes] {text}"
        elif name == "annotation":
            yield _comment(element)
        elif name not in _SKIPPED:
            yield from _blocks(element)


def _table(table: Element) -> Iterator[str]:
    if _name(table.getparent()) == "spreadsheet":
        yield ""
        yield f"## {table.get(f'{_TABLE}name', '')}"
    for row in table.iter(f"{_TABLE}table-row"):
        if next(row.iterancestors(f"{_TABLE}table")) is not table:
            continue  # of a table within a cell, which is read with that
        cells = _cells(row)
        for _ in range(_repeated(row, "rows") if any(cells) else 1):
            yield " | ".join(cells)


def _cells(row: Element) -> list[str]:
    cells = list[str]()
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        text = " ".join(" ".join(_blocks(cell)).split()) or str(cell.get(f"{_OFFICE}value", ""))
        cells.extend([text] * _repeated(cell, "columns"))
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _repeated(element: Element, kind: str) -> int:
    count = str(element.get(f"{_TABLE}number-{kind}-repeated", "1"))
    return min(int(count) if count.isdigit() else 1, _MOST_REPEATED)


def _paragraph(paragraph: Element) -> Iterator[str]:
    label = str(paragraph.get(_LABEL, ""))
    inline, beside = [f"{label} "] if label else [], list[str]()
    _collect(paragraph, inline, beside)
    yield "".join(inline)
    yield from beside


def _collect(parent: Element, inline: list[str], beside: list[str]) -> None:
    """Collect the words of a line, and what stands beside it: notes, comments, text boxes and tables in frames."""
    inline.append(_words(parent.text))
    for element in parent.iterchildren("*"):
        name = _name(element)
        if name == "s":
            inline.append(" " * min(int(element.get(f"{_TEXT}c", "1")), _MOST_REPEATED))
        elif name in ("tab", "line-break"):
            inline.append("\t" if name == "tab" else "\n")
        elif name == "annotation":
            beside.append(_comment(element))
        elif name == "note":
            _collect_note(element, inline, beside)
        elif name in ("frame", "custom-shape", "g", "rect"):
            beside.extend(_blocks(element))
        elif name not in _SKIPPED:
            _collect(element, inline, beside)
        inline.append(_words(element.tail))


def _collect_note(note: Element, inline: list[str], beside: list[str]) -> None:
    number = "".join(note.find("{*}note-citation").itertext())
    inline.append(f"[note {number}]")
    beside.append(f"[note {number}] {' '.join(_blocks(note.find('{*}note-body'))).strip()}")


def _comment(annotation: Element) -> str:
    author = "".join(annotation.itertext("{*}creator")).strip()
    words = " ".join("".join(each.itertext()) for each in annotation.iter(f"{_TEXT}p"))
    return f"[comment by {author}] {words}" if author else f"[comment] {words}"


def _words(text: str | None) -> str:
    """Return a text with its white space collapsed, as the format asks for."""
    if not text:
        return ""
    words = " ".join(text.split())
    return f"{' ' * text[0].isspace()}{words}{' ' * (text[-1].isspace() and bool(words))}"


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
