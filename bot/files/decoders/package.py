"""Packages: the zip files that hold a document as parts in XML, with relations between them."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import unquote

from lxml import etree

from bot.errors import FailureCode, Unreadable

MOST_UNPACKED = 256 * 1024**2  # bytes of all parts, unpacked
MOST_PARTS = 10_000
MOST_RATIO = 200  # highest compression ratio of a large part
LARGE = 16 * 1024**2  # bytes; a picture of that size may well be nothing but white

Element = Any
"""An element of lxml."""

_STRICT = b"http://purl.oclc.org/ooxml/"  # the beginning of the namespaces of the strict kind
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_KINDS = {  # words in the type of the main part
    "ms-word.document.macro": "application/vnd.ms-word.document.macroenabled.12",
    "ms-word.template": "application/vnd.ms-word.document.macroenabled.12",
    "wordprocessingml.template": "application/vnd.ms-word.document.macroenabled.12",
    "wordprocessingml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "excel.sheet.binary": "",
    "spreadsheetml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ms-excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "presentationml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ms-powerpoint": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MAIN_PARTS = {"word/document.xml": "wordprocessingml", "xl/workbook.xml": "spreadsheetml"}
_MAIN_PARTS["ppt/presentation.xml"] = "presentationml"
_OPEN_KINDS = {  # the beginning of what the part `mimetype` says
    "application/vnd.oasis.opendocument.text": "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet": "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation": "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.graphics": "application/vnd.oasis.opendocument.presentation",
    "application/epub+zip": "application/epub+zip",
    "application/x-ibooks+zip": "application/epub+zip",
}
_FOREIGN = (".iwa", "Index.zip", ".fdseq", "visio/document.xml", "xl/workbook.bin")  # ends of names of parts


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of a part to another one: its type, by the last word, and the other part's name."""

    id: str
    kind: str
    target: str


class Package:
    """A package that was weighed before anything was unpacked."""

    def __init__(self, file: BinaryIO) -> None:
        """Open it. Unreadable: it unpacks to far too much."""
        self._zip = zipfile.ZipFile(file)
        infos = self._zip.infolist()
        self.names = {info.filename: info.file_size for info in infos}
        is_dense = any(info.file_size > max(LARGE, info.compress_size * MOST_RATIO) for info in infos)
        if is_dense or len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
            raise Unreadable(FailureCode.DOCUMENT_BOMB)

    def read(self, name: str) -> bytes:
        """Return the bytes of a part. KeyError: there is none with this name."""
        return self._zip.read(name)

    def parse(self, name: str) -> Element:
        """Return the root of a part in XML; external entities and DTDs are not loaded."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
        return etree.fromstring(self.read(name), parser)

    def relations(self, name: str = "") -> list[Relation]:
        """Return the relations of a part, or those of the package, to parts that are in it."""
        folder, base = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{base}.rels")
        if path not in self.names:
            return []
        found = list[Relation]()
        for each in self.parse(path).iter(_RELATIONS):
            target = unquote(each.get("Target", ""))
            target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            if target in self.names and each.get("TargetMode") != "External":
                found.append(Relation(each.get("Id", ""), each.get("Type", "").rpartition("/")[2], target))
        return found

    def related(self, name: str, *kinds: str) -> Iterator[str]:
        """Yield the names of parts to which a part has a relation of one of these kinds."""
        for each in self.relations(name):
            if each.kind in kinds:
                yield each.target

    def transitional(self, file: BinaryIO) -> BinaryIO:
        """Return the file of this package, or a copy with the usual namespaces if it has those of the strict kind."""
        if _STRICT not in self.read(self.main):
            return file
        copy = BytesIO()
        with zipfile.ZipFile(copy, "w") as written:
            for name in self.names:
                data = self.read(name)
                written.writestr(name, _as_transitional(data) if name.endswith((".xml", ".rels")) else data)
        return copy

    @property
    def main(self) -> str:
        """The name of the main part of an Office file; empty if this is none."""
        main = next(self.related("", "officeDocument"), "")
        return main or next((name for name in _MAIN_PARTS if name in self.names), "")

    def type_of(self, name: str) -> str:
        """Return the type of a part, as the package declares it."""
        if "[Content_Types].xml" not in self.names:
            return ""
        for each in self.parse("[Content_Types].xml").iter(f"{_TYPES}Override"):
            if each.get("PartName", "").lower() == f"/{name}".lower():
                return str(each.get("ContentType", "")).lower()
        return ""


def _as_transitional(data: bytes) -> bytes:
    data = data.replace(_STRICT + b"officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/")
    return re.sub(re.escape(_STRICT) + rb"(\w+)/main", rb"http://schemas.openxmlformats.org/\1/2006/main", data)


def name_package(file: BinaryIO) -> tuple[str, bytes]:
    """Return the MIME type of the document in a zip. Unreadable: it holds none, or one that cannot be read."""
    try:
        package = Package(file)
        kind = _open_kind(package) or _office_kind(package)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        raise Unreadable(FailureCode.DOCUMENT_BROKEN) from error
    if kind:
        return kind, b""
    is_foreign = package.main or any(name.endswith(_FOREIGN) for name in package.names)
    raise Unreadable(FailureCode.DOCUMENT_OFFICE if is_foreign else FailureCode.PHOTO_NOT_AN_IMAGE)


def _open_kind(package: Package) -> str:
    if "mimetype" not in package.names:
        return "application/epub+zip" if "META-INF/container.xml" in package.names else ""
    said = package.read("mimetype")[:200].decode("ascii", "replace").strip()
    kind = next((kind for start, kind in _OPEN_KINDS.items() if said.startswith(start)), "")
    if (
        kind
        and "META-INF/manifest.xml" in package.names
        and b"encryption-data" in package.read("META-INF/manifest.xml")
    ):
        raise Unreadable(FailureCode.DOCUMENT_LOCKED)
    return kind


def _office_kind(package: Package) -> str:
    if not package.main:
        return ""
    declared = package.type_of(package.main)
    by_type = next((kind for words, kind in _KINDS.items() if words in declared), None)
    if by_type is not None:
        return by_type
    return _KINDS.get(_MAIN_PARTS.get(package.main, ""), "")
