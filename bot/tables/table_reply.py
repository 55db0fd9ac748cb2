"""A model's reply to the question for a table: JSON in any of the forms that models choose, or a table in Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.replies.markdown.tree import Node, plain_words, read_markdown
from bot.tables.amounts import read_amount
from bot.tables.loose_json import FoundJson, Json, find_json

PHOTO_KEYS = ("photo", "photo_number", "photo number", "image", "picture")
ROW_KEYS = ("rows", "data", "items", "entries", "records", "lines")
COLUMN_KEYS = ("columns", "headers", "header", "schema")
TABLE_KEYS = ("tables", "photos", "results", "table", "result")
CELL_KEYS = ("cells", "values", "row")
KNOWN_KEYS = frozenset({*PHOTO_KEYS, *ROW_KEYS, *COLUMN_KEYS, *TABLE_KEYS, *CELL_KEYS, "number", "page", "count"})
_AROUND = re.compile(r"```\w*|\s")
MOST_VALUES = 200_000  # cells of a reply

Object = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the model wrote it; `photo` is the number that it names, or empty."""

    photo: str
    cells: tuple[str | Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """The table as the model wrote it."""

    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]
    is_cut: bool = False  # the reply breaks off


def read_reply(text: str) -> RawTable | None:
    """Read the table in a reply; None where there is none that can be read. One without rows is one, too."""
    found = find_json(text)
    table = _of_json(found)
    if table and table.rows:
        return table
    says_nothing = bool(found.values) and (isinstance(found.values[-1], dict) or _AROUND.sub("", text) == "[]")
    is_empty = table is not None and not found.open and says_nothing
    return _of_markdown(text) or (table if is_empty else None)


def has_json(text: str) -> bool:
    """Tell whether a reply is meant to be JSON, however broken."""
    return "{" in text or "[" in text


def _of_json(found: FoundJson) -> RawTable | None:
    values = [complete for value in found.values if (complete := _without_broken_row(value, found)) is not None]
    if len(values) > 1 and all(_is_record(value) for value in values):  # JSON lines
        values = [[*values]]
    tables = [table for value in values if (table := _table(value)) is not None]
    best = max(tables, key=lambda table: len(table.rows), default=None)  # the others are examples
    return None if best is None else replace(best, is_cut=bool(found.open))


def _without_broken_row(value: Json, found: FoundJson) -> Json:
    """Drop the row in which the reply breaks off: its last cell may be half a number. None: the value is that row."""
    if not found.is_open(value):
        return value
    if isinstance(value, list) and any(isinstance(each, list | dict) for each in value):
        return [inner for each in value if (inner := _without_broken_row(each, found)) is not None]
    if isinstance(value, dict) and _holds_rows(value):
        return {name: _without_broken_row(each, found) for name, each in value.items()}
    return None


def _holds_rows(value: Json) -> bool:
    if isinstance(value, dict):
        return _get(value, ROW_KEYS) is not None or _get(value, TABLE_KEYS) is not None
    return False


def _is_record(value: Json) -> bool:
    """Tell whether it is a row by the names of its cells."""
    return isinstance(value, dict) and bool(value) and not _holds_rows(value) and _get(value, COLUMN_KEYS) is None


def _table(value: Json) -> RawTable | None:
    if isinstance(value, list):
        return _of_rows(value, ())
    if not isinstance(value, dict):
        return None
    inner = _get(value, TABLE_KEYS)
    rows = _get(value, ROW_KEYS)
    if isinstance(inner, dict) and rows is None:
        return _table(inner)
    if isinstance(inner, list) and rows is None:
        return _joined([table for each in inner if (table := _table(each)) is not None], value)
    if isinstance(rows, list) or _get(value, COLUMN_KEYS) is not None:
        photo = _text(_get(value, PHOTO_KEYS))
        columns = tuple(_column_names(_get(value, COLUMN_KEYS)))
        table = _of_rows(rows if isinstance(rows, list) else [], columns, str(photo))
        return table and _with_sums(table, value, str(photo))
    return _of_rows([value], ()) if value else None


def _with_sums(table: RawTable, value: Object, photo: str) -> RawTable:
    """Add the amounts that stand beside the rows, such as the total of a receipt, as rows of their own."""
    beside = ((name, _text(each)) for name, each in value.items() if name.casefold() not in KNOWN_KEYS)
    sums = [(name, each) for name, each in beside if isinstance(each, Decimal) or read_amount(each)]
    width = len(table.columns)
    if width < 2 or not table.rows:
        return table
    rows = [RawRow(photo, (name, *[""] * (width - 2), each)) for name, each in sums]
    return replace(table, rows=(*table.rows, *rows))


def _joined(tables: Sequence[RawTable], value: Object) -> RawTable:
    """Return one table with the columns of all."""
    names = list(dict.fromkeys(name for table in tables for name in table.columns)) or list(
        _column_names(_get(value, COLUMN_KEYS))
    )
    rows = [
        RawRow(row.photo, tuple(_cells_by_name(dict(zip(table.columns, row.cells, strict=False)), names)))
        if len(set(table.columns)) == len(table.columns) and table.columns
        else row
        for table in tables
        for row in table.rows
    ]
    return RawTable(columns=tuple(names), rows=tuple(rows))


def _cells_by_name(cells: Mapping[str, str | Decimal], names: Sequence[str]) -> Iterator[str | Decimal]:
    return (cells.get(name, "") for name in names)


def _of_rows(rows: Sequence[Json], columns: Sequence[str], photo: str = "") -> RawTable | None:
    """Read rows: lists of cells, objects with a list of cells, or objects by the names of the columns."""
    if not columns and len(rows) > 1 and all(isinstance(row, list) for row in rows) and _is_header(rows[0]):
        columns, rows = list(_column_names(rows[0])), rows[1:]
    records = [row for row in rows if isinstance(row, dict) and _get(row, CELL_KEYS) is None]
    if records and not columns:
        names = dict[str, str]()
        for name in (name for row in records for name in row if name.casefold() not in PHOTO_KEYS):
            names.setdefault(name.casefold(), name)
        columns = list(names.values())
    read = [found for row in rows[:MOST_VALUES] if (found := _row(row, columns, photo)) is not None]
    if rows and not read:
        return None
    width = max([len(columns), *(len(row.cells) for row in read)], default=0)
    drops_photo = bool(columns) and columns[0].casefold() in PHOTO_KEYS and all(len(row.cells) == width for row in read)
    if drops_photo and not any(row.photo for row in read):
        read = [RawRow(str(row.cells[0]).strip(), row.cells[1:]) for row in read]
        columns = columns[1:]
    return RawTable(columns=tuple(columns), rows=tuple(read))


def _is_header(row: Json) -> bool:
    return isinstance(row, list) and bool(row) and all(isinstance(cell, str) and not cell.isdigit() for cell in row)


def _row(row: Json, columns: Sequence[str], photo: str) -> RawRow | None:
    if isinstance(row, list):
        return RawRow(photo, tuple(map(_text, row)))
    if not isinstance(row, dict):
        return None
    said = str(_text(_get(row, PHOTO_KEYS))).strip() or photo
    said = "".join(filter(str.isdecimal, said))
    cells = _get(row, CELL_KEYS)
    if isinstance(cells, list):
        return RawRow(said, tuple(map(_text, cells)))
    by_name = cells if isinstance(cells, dict) else row
    folded = {name.casefold(): value for name, value in by_name.items()}
    known = {name.casefold() for name in columns}
    if not known & set(folded):
        return None
    return RawRow(said, tuple(_text(folded.get(name.casefold())) for name in columns))


def _get(values: Object, names: Sequence[str]) -> Json:
    """Return the value of the first of these names."""
    folded = {name.casefold(): value for name, value in values.items()}
    return next((folded[name] for name in names if name in folded), None)


def _column_names(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            name = _get(each, ("name", "title", "label", "key")) if isinstance(each, dict) else each
            yield str(_text(name))


def _text(value: Json) -> str | Decimal:
    """Return a cell: words as they are, numbers exactly; what is nested becomes words."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | Decimal():
            return value
        case list():
            return ", ".join(str(_text(each)) for each in value)
    return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())


def _of_markdown(text: str) -> RawTable | None:
    """Read the largest table in Markdown."""
    tables = list(find_tables(read_markdown(text)))
    if not tables:
        return None
    head, *body = max(tables, key=lambda table: len(table.children)).children
    rows = [RawRow("", tuple(_words(cell) for cell in row.children)) for row in body]
    return _of_rows([[*row.cells] for row in rows], [_words(cell) for cell in head.children])


def find_tables(node: Node) -> Iterator[Node]:
    """Yield the tables in a text with at least one row below the header."""
    if node.kind == "table":
        if len(node.children) > 1:
            yield node
        return
    for child in node.children:
        yield from find_tables(child)


def _words(cell: Node) -> str:
    return plain_words(cell.children, "\n").strip()
