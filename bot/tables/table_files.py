"""Tables as people get them: a preview in the chat, a CSV file, and the data of a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date

from bot.replies.markdown.literal import literal
from bot.replies.markdown.tree import display_width
from bot.tables.amounts import Amount, as_written
from bot.tables.photo_table import PhotoTable, TableCell, TableRow
from bot.words import say

PREVIEW_ROWS, PREVIEW_COLUMNS, PREVIEW_DOUBTS = 15, 8, 5
PREVIEW_CELL = 40  # columns of a cell that the chat shows
MARK = "⚠"

CSV_MIME = "text/csv"
XLSX_MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")  # with which spreadsheets begin a formula
_NUMBER = re.compile(r"-?\d+(\.\d+)?%?")
_DASHES = re.compile(r"[-–—]+")


def write_csv(table: PhotoTable) -> bytes:
    """Write the table as CSV (RFC 4180, UTF-8): numbers with a point, dates as 2026-05-31, doubts in the last column.

    No cell is a formula: words that would begin one have an apostrophe in front of them.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    doubts = table.doubts
    writer.writerow([_safe(name) for name in [*headers(table), *([say("table_doubts")] if doubts else [])]])
    for row in table.rows:
        cells = [_safe(_as_text(cell)) for cell in row.cells]
        writer.writerow([*_photo(table, row), *cells, *([_doubts_of(table, row)] if doubts else [])])
    return written.getvalue().encode("utf-8", "replace")


def headers(table: PhotoTable) -> Sequence[str]:
    """Return the names of the columns, with that of the photos where there are several."""
    if not table.has_photos:
        return table.columns
    name = say("table_photo")
    taken = {column.casefold() for column in table.columns}
    while name.casefold() in taken:
        name += " #"
    return (name, *table.columns)


def _photo(table: PhotoTable, row: TableRow) -> Sequence[str]:
    return [str(row.photo or "")] if table.has_photos else []


def _as_text(cell: TableCell) -> str:
    """Return a cell as programs read it."""
    match cell.value:
        case Amount():
            return as_written(cell.value)
        case date():
            return cell.value.isoformat()
    return cell.text


def _safe(text: str) -> str:
    is_harmless = _NUMBER.fullmatch(text) or _DASHES.fullmatch(text) or not _FORMULA.match(text.lstrip())
    return text if is_harmless else f"'{text}"


def _doubts_of(table: PhotoTable, row: TableRow) -> str:
    named = zip(table.columns, row.cells, strict=False)
    return _safe("; ".join(f"{name}: {cell.doubt}" for name, cell in named if cell.doubt))


def sheet_data(table: PhotoTable) -> bytes:
    """Return the table as JSON, for the worker process that writes the spreadsheet (`decoders/sheet_file`)."""
    first = 1 if table.has_photos else 0
    rows = [[*([_typed(row.photo)] if first else []), *(_sheet_cell(cell) for cell in row.cells)] for row in table.rows]
    return json.dumps({"title": say("table_sheet"), "columns": list(headers(table)), "rows": rows}).encode()


def _typed(number: int | None) -> dict[str, str]:
    return {} if number is None else {"number": str(number)}


def _sheet_cell(cell: TableCell) -> dict[str, str]:
    doubt = {"doubt": cell.doubt} if cell.doubt else {}
    match cell.value:
        case Amount():
            return {"number": f"{cell.value.value:f}", "format": _number_format(cell.value), **doubt}
        case date():
            return {"date": cell.value.isoformat(), **doubt}
    return {"text": cell.text, **doubt}


def _number_format(amount: Amount) -> str:
    """Return the format that shows as many decimals as were written, and the currency."""
    exponent = amount.value.as_tuple().exponent
    decimals = min(-exponent, 10) if isinstance(exponent, int) and exponent < 0 else 0
    digits = "0." + "0" * decimals if decimals else "0"
    if amount.is_percent:
        return f"{digits}%"
    grouped = f"#,##{digits}" if decimals == 2 or amount.currency else digits
    return f'{grouped} "{amount.currency}"' if amount.currency else grouped


def preview(table: PhotoTable) -> str:
    """Return the table in Markdown: its first rows and columns, and the first doubts."""
    columns = list(headers(table))[:PREVIEW_COLUMNS]
    rows = [_preview_row(table, row)[: len(columns)] for row in table.rows[:PREVIEW_ROWS]]
    head = [_shortened(name) for name in columns]
    sides = ["--:" if _is_numeric(table, n) else "---" for n in range(len(columns))]
    lines = [_line(head), _line(sides), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _preview_row(table: PhotoTable, row: TableRow) -> list[str]:
    cells = (f"{MARK} {_shortened(cell.text)}".rstrip() if cell.doubt else _shortened(cell.text) for cell in row.cells)
    return [*_photo(table, row), *cells]


def _shortened(text: str) -> str:
    """Return the beginning of a cell in one line, as it stands."""
    line = " ".join(text.split())
    if display_width(line) > PREVIEW_CELL:
        while display_width(line) >= PREVIEW_CELL:
            line = line[: max(1, len(line) - max(1, (display_width(line) - PREVIEW_CELL) // 2))]
        line += "…"
    return _in_cell(line) or " "


def _in_cell(text: str) -> str:
    """Return Markdown that shows the text itself in a cell of a table, where a backslash is no help for a bar."""
    return literal(text).replace("&", "\\&").replace("\\|", "&#124;")


def _is_numeric(table: PhotoTable, place: int) -> bool:
    """Tell whether a column of the preview holds numbers only."""
    column = place - 1 if table.has_photos else place
    if column < 0:
        return True
    filled = [row.cells[column] for row in table.rows if row.cells[column].text]
    return bool(filled) and all(isinstance(cell.value, Amount) for cell in filled)


def remarks(table: PhotoTable) -> list[str]:
    """Return what is to be said below the preview: what it leaves out, and what is doubtful."""
    return [*_left_out(table), *_doubt_lines(table)]


def _left_out(table: PhotoTable) -> Iterator[str]:
    rows, columns = len(table.rows) - PREVIEW_ROWS, len(headers(table)) - PREVIEW_COLUMNS
    if rows > 0:
        yield say("table_more_rows", n=rows)
    if columns > 0:
        yield say("table_more_columns", n=columns)
    if table.is_cut:
        yield say("table_too_long", n=len(table.rows))
    if table.currency:
        yield say("table_currency", currency=literal(table.currency))


def _doubt_lines(table: PhotoTable) -> Iterator[str]:
    doubts = table.doubts
    for row, column in doubts[:PREVIEW_DOUBTS]:
        cell = table.rows[row].cells[column]
        place = say("table_place", row=row + 1, column=literal(table.columns[column]))
        yield f"{MARK} {place}: {literal(cell.doubt)}"
    if len(doubts) > PREVIEW_DOUBTS:
        yield f"{MARK} {say('table_more_doubts', n=len(doubts) - PREVIEW_DOUBTS)}"
