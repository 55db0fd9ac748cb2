"""Previews and files show what stands in a photo, and none of it is taken for anything else."""

import csv
import io
import json
from collections.abc import Sequence

import openpyxl
import pytest

from bot.replies.markdown.tree import plain_words, read_markdown
from bot.tables.photo_table import PhotoTable, build_table
from bot.tables.sheet_writer import write_xlsx
from bot.tables.table_files import preview, remarks, write_csv
from bot.tables.table_reply import find_tables, read_reply
from bot.words import say


def table_of(rows: Sequence[Sequence[str]], columns: Sequence[str], photos: tuple[int, ...] = (1,)) -> PhotoTable:
    table = read_reply(json.dumps({"columns": list(columns), "rows": [list(row) for row in rows]}))
    assert table is not None
    return build_table(table, (), photos)


def read_preview(table: PhotoTable) -> list[list[str]]:
    """The cells that people see."""
    [shown] = find_tables(read_markdown(preview(table)))
    return [[plain_words(cell.children).strip() for cell in row.children] for row in shown.children]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\u200b=1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ("=1\n2", "'=1\n2"),
        ("-12.50", "-12.50"),
        ("12,50-", "-12.50"),
        ("(1,000.00)", "-1000.00"),
        ("-5%", "-5%"),
        ("+49 170 1234567", "'+49 170 1234567"),
        ("-", "-"),
        ("–", "–"),
        ("a=b", "a=b"),
        ('say "hi", twice', 'say "hi", twice'),
        ("two\nlines", "two\nlines"),
    ],
)
def test_no_cell_is_a_formula_and_negative_numbers_are_numbers(cell: str, written: str) -> None:
    rows = list(csv.reader(io.StringIO(write_csv(table_of([["x", cell]], ("a", "b"))).decode(), newline="")))
    assert rows[1] == ["x", written]


@pytest.mark.parametrize(
    ("said", "photos", "numbers"),
    [
        (["2", "3"], (2, 3), [2, 3]),
        (["1", "2"], (2, 3), [2, 3]),
        (["2", "2"], (2, 3), [2, 2]),
        (["3", "9"], (3, 4), [3, None]),
        (["", "7"], (6, 7), [None, 7]),
        (["5", ""], (8,), [8, 8]),
    ],
)
def test_each_row_has_the_number_of_its_photo_however_the_model_counted(
    said: list[str], photos: tuple[int, ...], numbers: list[int | None]
) -> None:
    table = table_of([[number, "x"] for number in said], ("photo", "a"), photos)
    assert [row.photo for row in table.rows] == numbers
    assert [bool(row.cells[0].doubt) for row in table.rows] == [number is None for number in numbers]


@pytest.mark.parametrize("number", ["1e999", "-1e-300", "123456789012345678901234567890", "0.1e5"])
def test_a_number_that_no_spreadsheet_holds_stays_as_it_is(number: str) -> None:
    raw = read_reply('{"columns": ["a"], "rows": [[' + number + "]]}")
    assert raw is not None
    write_csv(build_table(raw, (), (1,)))


def test_names_of_columns_are_no_formulas_either_and_each_is_its_own() -> None:
    table = table_of([["1", "2", "3", "4"]], ("=a", "=A", "", "photo"), (1, 2))
    assert table.columns == ("=a", "=A 2", "column 3", "photo")
    assert write_csv(table).decode().splitlines()[0] == "photo #,'=a,'=A 2,column 3,photo,doubtful"


@pytest.mark.parametrize(
    "cell",
    [
        *("a | b", "a\nb", "**bold**", "<b>", "`code`", "[x](http://example.com)", "\\", "||spoiler||", "# head"),
        *("שלום 12", "مرحبا", "$x$", "~~a~~", "- item", "&amp;", "1. one"),
    ],
)
def test_a_preview_shows_cells_as_they_stand(cell: str) -> None:
    assert read_preview(table_of([[cell, "x"]], ("a | b", "c")))[1:] == [[" ".join(cell.split()), "x"]]
    assert read_preview(table_of([["y", "x"]], ("name", cell)))[0] == ["name", " ".join(cell.split())]


def test_a_preview_of_many_rows_and_columns_says_how_many_more_there_are() -> None:
    table = table_of([[str(n)] * 12 for n in range(1, 201)], [f"c{n}" for n in range(12)])
    assert (len(read_preview(table)), len(read_preview(table)[0])) == (16, 8)
    assert remarks(table) == [say("table_more_rows", n=185), say("table_more_columns", n=4)]
    assert len(write_csv(table).splitlines()) == 201


def test_long_cells_are_shortened_in_the_preview_only() -> None:
    table = table_of([["x" * 500, "字" * 100]], ("a", "b"))
    assert all(cell.endswith("…") and len(cell) <= 41 for cell in read_preview(table)[1])
    assert "x" * 500 in write_csv(table).decode()


def test_a_table_that_is_too_long_ends_with_a_sentence() -> None:
    table = table_of([[str(n), "x"] for n in range(2_500)], ("a", "b"))
    assert len(table.rows) == 2_000 and say("table_too_long", n=2_000) in remarks(table)


def test_the_currency_of_all_amounts_is_said() -> None:
    assert remarks(table_of([["a", "2,50 €"], ["b", "1,00"]], ("a", "b"))) == [say("table_currency", currency="€")]
    assert remarks(table_of([["a", "2,50 €"], ["b", "$1.00"]], ("a", "b"))) == []


async def test_a_worker_process_writes_the_spreadsheet() -> None:
    table = table_of([["=1+1", "2,50 €", "2026-05-04"], ["b\x01", "1.200 (?)", "19%"]], ("a", "b", "c"))
    data = await write_xlsx(table)
    assert data is not None
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].quotePrefix) == ("=1+1", "s", True)
    assert (sheet["B2"].value, sheet["B2"].number_format) == (2.5, '#,##0.00 "€"')
    assert sheet["C2"].is_date and sheet["A3"].value == "b"
    assert (sheet["B3"].value, sheet["B3"].comment.text) == (1200, say("table_doubt_unsure"))
    assert (sheet["C3"].value, sheet["C3"].number_format) == (0.19, "0%")
