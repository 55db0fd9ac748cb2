"""Text extraction from Word documents: every word that Word shows, in its order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from bot.files.decoders.drawing_text import drawn_lines
from bot.files.decoders.embedded_pictures import find_pictures
from bot.files.decoders.extract import Extract, in_one, reader
from bot.files.decoders.html_text import html_lines
from bot.files.decoders.package import Element, Package
from bot.files.decoders.plain_text import decode

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_HIDDEN = frozenset(
    {"del", "moveFrom", "rPr", "pPr", "tblPr", "trPr", "tcPr", "sectPr", "sdtPr", "instrText", "delText"}
)
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}


@reader
def read_docx(file: BinaryIO, most_text: int) -> Extract:
    """Read a DOCX, DOCM or a template of one. Unreadable: it is damaged, or unpacks to far too much."""
    package = Package(file)
    extract = in_one(_Word(package).lines(), most_text)
    extract.pictures = len(find_pictures(package))
    return extract


@dataclass(slots=True)
class _Word:
    """A document, and the notes to which its text refers, in their order."""

    package: Package
    notes: list[tuple[str, str]] = field(default_factory=list)  # kind, and id in that part
    comments: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the lines: headers, text with comments, footers, notes, and the words in diagrams and charts."""
        main = self.package.main
        root = self.package.parse(main)
        self.comments = dict(self._comments(main))
        yield from self._beside(main, "header")
        yield from self._blocks(root)
        yield from self._beside(main, "footer")
        yield from self._noted(main)
        for name in self.package.related(main, "diagramData", "chart"):
            yield from drawn_lines(self.package.parse(name))

    def _beside(self, main: str, kind: str) -> Iterator[str]:
        """Yield headers or footers; those of the first, the even and the other pages are often the same."""
        for text in dict.fromkeys(
            "\n".join(self._blocks(self.package.parse(name))).strip() for name in self.package.related(main, kind)
        ):
            if text:
                yield f"[{kind}] {text}"

    def _noted(self, main: str) -> Iterator[str]:
        texts = {
            (kind, _value(note, "id")): " ".join(self._blocks(note)).strip()
            for kind in _NOTES.values()
            for name in self.package.related(main, kind)
            for note in self.package.parse(name)
        }
        for number, key in enumerate(self.notes, 1):
            yield f"[note {number}] {texts.get(key, '')}"

    def _comments(self, main: str) -> Iterator[tuple[str, str]]:
        for name in self.package.related(main, "comments"):
            for comment in self.package.parse(name):
                by = f" by {author}" if (author := _value(comment, "author")) else ""
                yield _value(comment, "id"), f"[comment{by}] {' '.join(self._blocks(comment)).strip()}"

    def _blocks(self, parent: Element) -> Iterator[str]:
        """Yield the lines of paragraphs and tables, also those in content controls and insertions."""
        for element in parent.iterchildren("*"):
            name = _name(element)
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._rows(element)
            elif name == "AlternateContent":
                yield from self._blocks(element[0])
            elif name == "altChunk":
                yield from self._chunk(element)
            elif name not in _HIDDEN:
                yield from self._blocks(element)

    def _chunk(self, element: Element) -> Iterator[str]:
        """Yield the lines of a page in HTML that Word shows in place of an element."""
        ids = set(element.attrib.values())
        for each in self.package.relations(self.package.main):
            if each.kind == "aFChunk" and each.id in ids and each.target.lower().endswith((".html", ".htm", ".xhtml")):
                yield from html_lines(decode(self.package.read(each.target)))

    def _rows(self, table: Element) -> Iterator[str]:
        for row in _shown(table, "tr"):
            yield " | ".join(" ".join(" ".join(self._blocks(cell)).split()) for cell in _shown(row, "tc"))

    def _paragraph(self, paragraph: Element) -> Iterator[str]:
        inline, beside = list[str](), list[str]()
        self._collect(paragraph, inline, beside)
        if inline or not beside:
            yield "".join(inline)
        yield from beside

    def _collect(self, parent: Element, inline: list[str], beside: list[str]) -> None:
        """Collect the words of a line, and what stands beside it: text boxes and comments."""
        for element in parent.iterchildren("*"):
            name = _name(element)
            if name == "t":
                inline.append(element.text or "")
            elif name in _SIGNS:
                inline.append(_SIGNS[name])
            elif name in _NOTES:
                self.notes.append((_NOTES[name], _value(element, "id")))
                inline.append(f"[note {len(self.notes)}]")
            elif name == "commentReference":
                beside.append(self.comments.get(_value(element, "id"), ""))
            elif name == "textpath":  # WordArt of older versions
                inline.append(str(element.get("string", "")))
            elif name == "txbxContent":
                beside.extend(self._blocks(element))
            elif name == "AlternateContent":  # the same for newer and older programs
                self._collect(element[0], inline, beside)
            elif name not in _HIDDEN and not _is_hidden(element):
                self._collect(element, inline, beside)


def _shown(parent: Element, name: str) -> Iterator[Element]:
    """Yield the rows of a table or the cells of a row, also those in content controls, without deleted ones."""
    for element in parent.iterchildren("*"):
        if _name(element) == name:
            if not any(_name(each) in ("del", "cellDel") for each in element.iterfind(f"{{*}}{name}Pr/*")):
                yield element
        elif _name(element) in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _shown(element, name)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _value(element: Element, name: str) -> str:
    return str(element.get(f"{_W}{name}") or element.get(f"{_STRICT}{name}") or "")


def _is_hidden(run: Element) -> bool:
    """Tell whether a run is formatted as hidden text."""
    return _name(run) == "r" and any(
        _name(each) == "vanish" and _value(each, "val") not in ("0", "false", "off") for each in run.iterfind("*/*")
    )
