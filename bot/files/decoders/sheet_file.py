"""A spreadsheet (XLSX) of one table, with typed cells; doubtful ones are coloured and have a comment.

It is written here because openpyxl is at home in worker processes only, and what stands in a table came from a photo.
"""

import io
import json
import re
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from bot.files.decoders.sheet_text import import_openpyxl

MOST_TEXT = 32_767  # characters of a cell
WIDEST, NARROWEST = 60, 8  # of columns, in characters
DOUBT_COLOUR, HEAD_COLOUR = "FFF2B8", "E8EDF4"
DAY = "yyyy-mm-dd"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_TITLE = re.compile(r"[\[\]:*?/\\']")


def write_sheet(file: BinaryIO) -> tuple[None, bytes]:
    """Write the table that `bot.tables.table_files.sheet_data` describes; the bytes are the XLSX file."""
    data = json.loads(file.read())
    openpyxl = import_openpyxl()
    from openpyxl.styles import Font, PatternFill

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = _TITLE.sub(" ", data["title"])[:31] or "Table"
    head = PatternFill("solid", start_color=HEAD_COLOUR)
    for column, name in enumerate(data["columns"], 1):
        cell = _write_text(sheet.cell(1, column), name)
        cell.font, cell.fill = Font(bold=True), head
    for n, row in enumerate(data["rows"], 2):
        for column, values in enumerate(row, 1):
            _write_cell(sheet.cell(n, column), values)
    _lay_out(sheet, data)
    return None, _saved(workbook)


def _write_cell(cell: Any, values: dict[str, str]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    if "number" in values:
        number_format = values.get("format", "General")
        number = Decimal(values["number"])
        cell.value = number / 100 if number_format.endswith("%") else number
        cell.number_format = number_format
    elif "date" in values:
        cell.value, cell.number_format = date.fromisoformat(values["date"]), DAY
    elif values.get("text"):
        _write_text(cell, values["text"])
    if doubt := values.get("doubt"):
        cell.fill = PatternFill("solid", start_color=DOUBT_COLOUR)
        cell.comment = Comment(_FORBIDDEN.sub("", doubt), "Snapthread", height=60, width=260)


def _write_text(cell: Any, text: str) -> Any:
    """Write words that are never a formula, however they begin."""
    cell.value = _FORBIDDEN.sub("", text)[:MOST_TEXT]
    if cell.data_type == "f" or text[:1] in "=+-@":
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


def _lay_out(sheet: Any, data: dict[str, Any]) -> None:
    """Keep the header in view, and make the columns as wide as what stands in them."""
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for column, name in enumerate(data["columns"], 1):
        texts = [name, *(_shown(row[column - 1]) for row in data["rows"] if column <= len(row))]
        longest = max(len(line) for text in texts for line in text.splitlines() or [""])
        sheet.column_dimensions[get_column_letter(column)].width = min(max(longest + 2, NARROWEST), WIDEST)


def _shown(values: dict[str, str]) -> str:
    return next((values[kind] for kind in ("number", "date", "text") if kind in values), "")


def _saved(workbook: Any) -> bytes:
    """Return the bytes of the file. The library's own way needs temporary files, which a worker may not write."""
    from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
    from openpyxl.worksheet._writer import WorksheetWriter
    from openpyxl.writer.excel import ExcelWriter

    class MemoryWriter(ExcelWriter):  # type: ignore[misc]
        def write_worksheet(self, ws: Any) -> None:
            ws._drawing = SpreadsheetDrawing()
            written = io.BytesIO()
            writer = WorksheetWriter(ws, written)
            writer.write()
            ws._rels = writer._rels
            self._archive.writestr(ws.path[1:], written.getvalue())
            self.manifest.append(ws)

    written = io.BytesIO()
    MemoryWriter(workbook, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED)).save()
    return written.getvalue()
