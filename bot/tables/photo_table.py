"""A table that was read from photos: cells with their exact values, and the doubts about them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from bot.tables.amounts import Amount, Mark, find_decimal_mark, read_amount, read_dates
from bot.tables.table_reply import RawRow, RawTable
from bot.words import say

MOST_ROWS, MOST_COLUMNS = 2_000, 50
LONGEST_CELL, LONGEST_NAME = 2_000, 100  # characters
UNSURE = re.compile(r"(?:(?<!\s)\s+)?\(\?\)\s*$")  # behind what the model could not read for certain


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell: the words as the model wrote them, their value if they are a number or a date, and a doubt about it."""

    text: str = ""
    value: Amount | date | None = None
    doubt: str = ""  # a sentence; empty: none

    @property
    def number(self) -> Decimal | None:
        """The number, if it is one that can be added up."""
        return self.value.value if isinstance(self.value, Amount) and not self.value.is_percent else None

    def doubted(self, sentence: str) -> "TableCell":
        """Return the cell with a doubt, unless it has one."""
        return self if self.doubt else replace(self, doubt=sentence)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row, and the number of its photo in the conversation; None where nobody knows."""

    photo: int | None
    cells: tuple[TableCell, ...]

    def with_doubt(self, column: int, sentence: str) -> "TableRow":
        """Return the row with a doubt about one of its cells."""
        cells = list(self.cells)
        cells[column] = cells[column].doubted(sentence)
        return replace(self, cells=tuple(cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTable:
    """The table of one or several photos."""

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    has_photos: bool = False  # the number of the photo belongs to each row
    is_cut: bool = False  # there were more rows than these

    @property
    def doubts(self) -> list[tuple[int, int]]:
        """The places of the doubtful cells: row and column, from 0."""
        return [(n, column) for n, row in enumerate(self.rows) for column, cell in enumerate(row.cells) if cell.doubt]

    @property
    def currency(self) -> str:
        """The currency of all amounts; empty where there is none, or more than one."""
        signs = currencies(cell for row in self.rows for cell in row.cells)
        return signs[0] if len(signs) == 1 else ""


def currencies(cells: Iterable[TableCell]) -> list[str]:
    """Return the currencies of the cells, each once."""
    signs = (cell.value.currency for cell in cells if isinstance(cell.value, Amount) and cell.value.currency)
    return list(dict.fromkeys(signs))


def build_table(raw: RawTable, wanted: Sequence[str], photos: Sequence[int]) -> PhotoTable:
    """Build the table with the columns that were asked for; `photos` are the numbers of the photos, in their order."""
    columns, rows = _with_columns(raw, wanted)
    numbers = _photos_of(rows, photos)
    texts = [[clean(value)[:LONGEST_CELL] if isinstance(value, str) else value for value in row.cells] for row in rows]
    cells = _typed(texts, numbers, len(columns))
    typed = tuple(TableRow(number, tuple(row)) for number, row in zip(numbers, cells, strict=True))
    has_photos = len(photos) > 1
    typed = tuple(_with_photo_doubt(row) for row in typed) if has_photos else typed
    is_cut = len(raw.rows) > MOST_ROWS
    return PhotoTable(columns=tuple(_distinct(columns)), rows=typed, has_photos=has_photos, is_cut=is_cut)


def clean(text: str) -> str:
    """Return a text without signs that can't be seen; those for the direction of writing stay."""
    kept = (sign for sign in text.replace("\r\n", "\n").replace("\r", "\n") if not _is_control(sign))
    return "".join(kept).strip()


def _is_control(sign: str) -> bool:
    return sign not in "\n\t" and (unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufeff\u200b\ufffe\uffff")


def _with_columns(raw: RawTable, wanted: Sequence[str]) -> tuple[list[str], list[RawRow]]:
    """Return the columns that people asked for, in their order, or else those of the reply."""
    rows = list(raw.rows[:MOST_ROWS])
    width = min(max([len(raw.columns), *(len(row.cells) for row in rows)]), MOST_COLUMNS)
    columns = [*raw.columns, *[""] * width][:width]
    places: list[int | None] = list(range(width))
    keys = [_key(name) for name in columns]
    if wanted and all(_key(name) in keys for name in wanted):
        places = [keys.index(_key(name)) for name in wanted]
        columns = list(wanted)
    elif wanted and len(wanted) == width:
        columns = list(wanted)
    else:
        places = [place for place in places if place is not None and (columns[place] or _has_values(rows, place))]
        columns = [columns[place] for place in places if place is not None]
    return columns, [replace(row, cells=tuple(_at(row, place) for place in places)) for row in rows]


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())


def _has_values(rows: Sequence[RawRow], place: int) -> bool:
    return any(_at(row, place) for row in rows)


def _at(row: RawRow, place: int | None) -> str | Decimal:
    return row.cells[place] if place is not None and place < len(row.cells) else ""


def _distinct(columns: Sequence[str]) -> list[str]:
    """Give each column a name of its own."""
    names = list[str]()
    used = set[str]()
    for n, name in enumerate(columns, 1):
        base = " ".join(clean(name).split())[:LONGEST_NAME] or say("table_column", n=n)
        candidate, count = base, 1
        while candidate.casefold() in used:
            count += 1
            candidate = f"{base} {count}"
        used.add(candidate.casefold())
        names.append(candidate)
    return names


def _photos_of(rows: Sequence[RawRow], photos: Sequence[int]) -> list[int | None]:
    """Return the number of each row's photo; a model may also have counted from one."""
    if len(photos) == 1:
        return [photos[0]] * len(rows)
    said = [int(row.photo) if row.photo.isdecimal() and len(row.photo) < 7 else 0 for row in rows]
    by_name = dict(zip(photos, photos, strict=True))
    counted = dict(enumerate(photos, 1))
    names = max(by_name, counted, key=lambda names: sum(number in names for number in said))
    return [names.get(number) for number in said]


def _with_photo_doubt(row: TableRow) -> TableRow:
    return row if row.photo is not None or not row.cells else row.with_doubt(0, say("table_doubt_photo"))


def _typed(rows: Sequence[Sequence[str | Decimal]], photos: Sequence[int | None], width: int) -> list[list[TableCell]]:
    """Return the cells with their values: each photo has a notation of its own."""
    marks = _decimal_marks(rows, photos)
    cells = [
        [_cell(value, marks.get(photo, marks.get(None))) for value in row]
        for row, photo in zip(rows, photos, strict=True)
    ]
    for column in range(width):
        _read_dates_of(cells, column)
    return cells


def _decimal_marks(
    rows: Sequence[Sequence[str | Decimal]], photos: Sequence[int | None]
) -> Mapping[int | None, Mark | None]:
    """Return the decimal mark of each photo; under None that of all of them."""
    texts: dict[int | None, list[str]] = {None: []}
    for row, photo in zip(rows, photos, strict=True):
        written = [UNSURE.sub("", value) for value in row if isinstance(value, str)]
        texts[None] += written
        if photo is not None:
            texts.setdefault(photo, []).extend(written)
    marks = {photo: find_decimal_mark(written) for photo, written in texts.items()}
    return {photo: mark or marks[None] for photo, mark in marks.items()}


def _cell(value: str | Decimal, mark: Mark | None) -> TableCell:
    if isinstance(value, Decimal):
        text = f"{value:f}"[:LONGEST_CELL]
        amount = read_amount(text, ".")
        return TableCell(text, Amount(value) if amount and amount.is_uncertain else amount)
    text = UNSURE.sub("", value)
    amount = read_amount(text, mark)
    doubt = say("table_doubt_unsure") if text != value else ""
    if amount and amount.is_uncertain:
        doubt = doubt or say("table_doubt_notation")
    return TableCell(text, amount, doubt)


def _read_dates_of(cells: list[list[TableCell]], column: int) -> None:
    """Let the texts of a column be dates where they are."""
    places = [row for row in cells if row[column].text and row[column].value is None]
    for row, (day, is_ambiguous) in zip(places, read_dates([row[column].text for row in places]), strict=True):
        if day is not None:
            row[column] = replace(row[column], value=day)
        elif is_ambiguous:
            row[column] = row[column].doubted(say("table_doubt_date"))
