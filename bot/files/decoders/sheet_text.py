"""Text extraction from spreadsheets: tables of cells, with numbers and dates as the sheet shows them."""

import mimetypes
import re
import sys
import warnings
from collections.abc import Iterator
from importlib import import_module
from itertools import repeat
from typing import Any, BinaryIO

from bot.files.decoders.drawing_text import drawn_lines
from bot.files.decoders.embedded_pictures import find_pictures
from bot.files.decoders.extract import Extract, in_one, reader, without_empty
from bot.files.decoders.number_formats import shown
from bot.files.decoders.package import Package

_UNKNOWN = re.compile(rb"</(?:\w+:)?f>\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)")
_GAP = re.compile(r"(?: \| ?){9,}")  # many empty cells in a row


@reader
def read_sheets(file: BinaryIO, most_text: int) -> Extract:
    """Read an XLSX, XLSM or a template: the values, not the formulas. Unreadable: it is damaged or far too large."""
    package = Package(file)
    extract = in_one(without_empty(_lines(file, package)), most_text)
    extract.pictures = len(find_pictures(package))
    return extract


def _lines(file: BinaryIO, package: Package) -> Iterator[str]:
    warnings.simplefilter("ignore")
    load_workbook = import_openpyxl().load_workbook
    workbook = load_workbook(package.transitional(file), read_only=True, data_only=True, keep_links=False)
    sources = load_workbook(package.transitional(file), read_only=True) if _lacks_results(package) else None
    parts = {each.id: each.target for each in package.relations(package.main)}
    for sheet in workbook.worksheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # some programs declare too few
        yield ""
        yield f"## {sheet.title}"
        formulas = sources[sheet.title].iter_rows() if sources else repeat(())
        for row, source in zip(sheet.iter_rows(), formulas, strict=False):
            yield _row(row, source)
        yield from _beside(package, sheet_part(sheet, parts))
    for sheet in workbook.chartsheets:
        yield f"## {sheet.title}"


def import_openpyxl() -> Any:
    """Import openpyxl here: it takes memory that other tasks need not spend."""
    mimetypes.knownfiles.clear()  # or its import would read files in /etc, which are out of reach
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]  # not needed, and its threads take address space
    return import_module("openpyxl")


def sheet_part(sheet: Any, parts: dict[str, str]) -> str:
    """Return the name of the part of a sheet."""
    path = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
    return path if path in parts.values() else ""


def _lacks_results(package: Package) -> bool:
    """Tell whether some formulas were never calculated, as other programs than Excel may leave them."""
    names = (name for name in package.names if name.startswith("xl/worksheets/") and name.endswith(".xml"))
    return any(_UNKNOWN.search(package.read(name)) for name in names)


def _row(row: tuple[Any, ...], source: tuple[Any, ...]) -> str:
    """Return a row as text; a formula stands for itself where its result is not known."""
    cells = [" ".join(shown(cell.value, getattr(cell, "number_format", "General")).split()) for cell in row]
    for n, cell in enumerate(source[: len(cells)]):
        cells[n] = cells[n] or str(cell.value or "")
    while cells and not cells[-1]:
        cells.pop()
    return _GAP.sub(" | … | ", " | ".join(cells))


def _beside(package: Package, name: str) -> Iterator[str]:
    """Yield the words in the drawings on a sheet, and its comments."""
    if not name:
        return
    for drawing in package.related(name, "drawing"):
        yield from drawn_lines(package.parse(drawing))
        for chart in package.related(drawing, "chart"):
            yield from drawn_lines(package.parse(chart))
    for part in package.related(name, "comments", "threadedComment"):
        for comment in package.parse(part).iter("{*}comment", "{*}threadedComment"):
            words = "".join(each.text or "" for each in comment.iter("{*}t", "{*}text"))
            yield f"[comment at {comment.get('ref', '')}] {words}"
