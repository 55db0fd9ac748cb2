"""Text extraction from Word documents: every word that Word shows, in its order."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from bot.files.decoders.drawing_text import drawn_lines
from bot.files.decoders.embedded_pictures import find_pictures
from bot.files.decoders.extract import Extract, in_one, reader
from bot.files.decoders.html_text import html_lines
from bot.files.decoders.package import Element, Package
from bot.files.decoders.plain_text import decode
from bot.files.decoders.word_numbering import Numbering, spelled, symbol, value_of

_HIDDEN = frozenset(
    {"del", "moveFrom", "rPr", "pPr", "tblPr", "trPr", "tcPr", "sectPr", "sdtPr", "instrText", "delText"}
)
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_CODE = re.compile(r"[0-9a-fA-F]{4}")
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
    notes: dict[tuple[str, str], str] = field(default_factory=dict)  # by kind, and id in that part: number or sign
    comments: dict[str, str] = field(default_factory=dict)
    numbering: Numbering = field(default_factory=Numbering)  # of paragraphs
    counted: Counter[str] = field(default_factory=Counter)  # notes with a number, by kind
    note_formats: dict[str, tuple[str, int]] = field(default_factory=dict)  # by kind: format, and the first number

    def lines(self) -> Iterator[str]:
        """Yield the lines: headers, text with comments, footers, notes, and the words in diagrams and charts."""
        main = self.package.main
        root = self.package.parse(main)
        self.numbering = Numbering.of(self._part(main, "numbering"), self._part(main, "styles"))
        self.note_formats = dict(self._note_formats(root, self._part(main, "settings")))
        self.comments = dict(self._comments(main))
        yield from self._beside(main, "header")
        yield from self._blocks(root)
        yield from self._beside(main, "footer")
        yield from self._noted(main)
        for name in self.package.related(main, "diagramData", "chart"):
            yield from drawn_lines(self.package.parse(name))

    def _part(self, main: str, kind: str) -> Element | None:
        """Return a part beside the document; None if it is missing or broken: the words count more."""
        with suppress(Exception):
            return next(map(self.package.parse, self.package.related(main, kind)), None)
        return None

    def _note_formats(self, root: Element, settings: Element | None) -> Iterator[tuple[str, tuple[str, int]]]:
        """Yield how footnotes and endnotes are numbered; the last section's word counts most."""
        for kind, usual in (("footnotes", "decimal"), ("endnotes", "lowerRoman")):
            number, start = usual, 1
            places = [] if settings is None else [settings]
            for place in (*places, *root.iterfind(".//{*}sectPr")):
                for each in place.iterfind(f"{{*}}{kind[:-1]}Pr/*"):
                    if _name(each) == "numFmt":
                        number = value_of(each, "val") or usual
                    elif _name(each) == "numStart" and value_of(each, "val").isdecimal():
                        start = int(value_of(each, "val")[:9])
            yield kind, (number, start)

    def _beside(self, main: str, kind: str) -> Iterator[str]:
        """Yield headers or footers; those of the first, the even and the other pages are often the same."""
        for text in dict.fromkeys(
            "\n".join(self._blocks(self.package.parse(name))).strip() for name in self.package.related(main, kind)
        ):
            if text:
                yield f"[{kind}] {text}"

    def _noted(self, main: str) -> Iterator[str]:
        texts = {
            (kind, value_of(note, "id")): " ".join(self._blocks(note)).strip()
            for kind in _NOTES.values()
            for name in self.package.related(main, kind)
            for note in self.package.parse(name)
        }
        for key, sign in self.notes.items():
            yield f"[note {sign}] {texts.get(key, '')}"

    def _note(self, reference: Element) -> str:
        """Return the number of a note that is referred to; empty if a sign of its own follows."""
        kind = _NOTES[_name(reference)]
        key = kind, value_of(reference, "id")
        if value_of(reference, "customMarkFollows") in ("1", "true", "on"):
            following = "".join(each.text or "" for each in reference.itersiblings("{*}t")).strip()
            self.notes[key] = following or "*"
            return ""
        if key not in self.notes:
            number, start = self.note_formats.get(kind, ("decimal", 1))
            self.notes[key] = spelled(start + self.counted[kind], number)
            self.counted[kind] += 1
        return f"[note {self.notes[key]}]"

    def _comments(self, main: str) -> Iterator[tuple[str, str]]:
        for name in self.package.related(main, "comments"):
            for comment in self.package.parse(name):
                by = f" by {author}" if (author := value_of(comment, "author")) else ""
                yield value_of(comment, "id"), f"[comment{by}] {' '.join(self._blocks(comment)).strip()}"

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
        label = self.numbering.label(paragraph)
        inline, beside = [f"{label} "] if label else [], list[str]()
        self._collect(paragraph, inline, beside)
        if inline or not beside:
            yield "".join(inline)
        yield from beside

    def _collect(self, parent: Element, inline: list[str], beside: list[str]) -> None:
        """Collect the words of a line, and what stands beside it: text boxes and comments."""
        for element in parent.iterchildren("*"):
            name = _name(element)
            if (words := self._words(name, element)) is not None:
                inline.append(words)
            elif name == "commentReference":
                beside.append(self.comments.get(value_of(element, "id"), ""))
            elif name == "txbxContent":
                beside.extend(self._blocks(element))
            elif name == "AlternateContent":  # the same for newer and older programs
                self._collect(element[0], inline, beside)
            elif name not in _HIDDEN and not _is_hidden(element):
                self._collect(element, inline, beside)

    def _words(self, name: str, element: Element) -> str | None:
        """Return what an element of a line shows itself; None if it holds others, or nothing."""
        if name == "t":
            return element.text or ""
        if name in _SIGNS:
            return _SIGNS[name]
        if name in _NOTES:
            return self._note(element)
        if name == "sym":  # a character of a symbol font, by its number
            code = value_of(element, "char")
            return symbol(chr(int(code, 16))) if _CODE.fullmatch(code) else ""
        if name == "textpath":  # WordArt of older versions
            return str(element.get("string", ""))
        return None


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


def _is_hidden(run: Element) -> bool:
    """Tell whether a run is formatted as hidden text."""
    return _name(run) == "r" and any(
        _name(each) == "vanish" and value_of(each, "val") not in ("0", "false", "off") for each in run.iterfind("*/*")
    )
