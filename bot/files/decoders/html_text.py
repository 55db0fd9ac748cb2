"""Text extraction from pages in HTML, and from books that are made of them."""

import posixpath
import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote

from lxml import etree, html

from bot.errors import FailureCode, Unreadable
from bot.files.decoders.extract import Extract, in_one, reader, without_empty
from bot.files.decoders.package import Element, Package
from bot.files.decoders.plain_text import decode
from bot.files.decoders.word_numbering import spelled

_SILENT = frozenset({"script", "style", "template", "head", "noscript", "svg", "iframe", "object", "datalist", "rp"})
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "br", "dd", "details", "div", "dl", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li"),
        *(
            "legend",
            "main",
            "nav",
            "ol",
            "option",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "tbody",
            "tfoot",
            "thead",
        ),
        *("title", "tr", "ul", "caption"),
    }
)
_NUMBERS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}  # by an attribute of lists
_COUNTED = "data-counted"  # our own mark, by which the next item knows its number
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_CELLS = frozenset({"td", "th"})


@reader
def read_html(file: BinaryIO, most_text: int) -> Extract:
    """Read the words of a page, without its markup and scripts."""
    return in_one(html_lines(decode(file.read())), most_text)


@reader
def read_ebook(file: BinaryIO, most_text: int) -> Extract:
    """Read an EPUB. Unreadable: it is damaged, locked, or unpacks to far too much."""
    package = Package(file)
    encryption = "META-INF/encryption.xml"
    if encryption in package.names and b"xmlenc#" in package.read(encryption):
        raise Unreadable(FailureCode.DOCUMENT_LOCKED)
    return in_one(without_empty(_chapters(package)), most_text)


def html_lines(text: str) -> Iterator[str]:
    """Yield the lines that a browser shows, the title first."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)  # lxml refuses a declared encoding in a text
    if not text.strip():
        return
    parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    root = html.document_fromstring(text, parser=parser)
    if title := " ".join((root.findtext(".//title") or "").split()):
        yield title
    pieces = list[str]()
    _collect(root, pieces)
    yield from without_empty(line.rstrip().removesuffix(" |") for line in "".join(pieces).split("\n"))


def _collect(root: Element, pieces: list[str]) -> None:
    """Collect the words in document order: with events, because pages may be nested without a bound."""
    silent, kept = 0, 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = element.tag if isinstance(element.tag, str) else ""
        if name in _SILENT:
            silent += 1 if event == "start" else -1
        kept += (1 if event == "start" else -1) * (name == "pre")
        if name in _BLOCKS and not silent and pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")
        if event == "end" and name in _CELLS:
            pieces.append(" | ")
        if name == "li" and event == "start" and not silent and (label := _label(element)):
            pieces.append(f"{label} ")
        text = element.text if event == "start" else element.tail
        if text and not silent:
            pieces.append(_words(text, pieces, keeps_spaces=kept > 0))


def _label(item: Element) -> str:
    """Return the number that a browser shows before an item; empty in a list without numbers."""
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return ""
    number = _whole(item.get("value"))
    if number is None:
        before = item.getprevious()
        step = -1 if "reversed" in parent.attrib else 1
        if before is not None and before.tag == "li":
            number = int(before.get(_COUNTED, "0")) + step
        else:
            first = _whole(parent.get("start"))
            number = first if first is not None else 1 if step > 0 else len(parent)
    item.set(_COUNTED, str(number))
    return f"{spelled(number, _NUMBERS.get(parent.get('type', '1'), 'decimal'))}."


def _whole(text: str | None) -> int | None:
    return int(text) if text and _WHOLE.fullmatch(text.strip()) else None


def _words(text: str, pieces: list[str], *, keeps_spaces: bool) -> str:
    if keeps_spaces:
        return text
    text = re.sub(r"\s+", " ", text)
    follows_space = not pieces or pieces[-1].endswith((" ", "\n"))
    return text.lstrip() if follows_space else text


def _chapters(package: Package) -> Iterator[str]:
    """Yield the lines of all chapters, in the order of reading."""
    container = package.parse("META-INF/container.xml")
    path = next(each.get("full-path") for each in container.iter("{*}rootfile"))
    path = path if path in package.names else unquote(path)  # some programs write it as an address
    book, folder = package.parse(path), posixpath.dirname(path)
    hrefs = {each.get("id"): each.get("href", "") for each in book.iter("{*}item")}
    for label in ("title", "creator"):
        yield from (each.text for each in book.iter(f"{{http://purl.org/dc/elements/1.1/}}{label}") if each.text)
    for item in book.iter("{*}itemref"):
        name = posixpath.normpath(posixpath.join(folder, unquote(hrefs.get(item.get("idref"), ""))))
        if name in package.names:
            yield ""
            yield from html_lines(decode(package.read(name)))
