"""Sums are checked where there is something to check, and marked only where nothing makes them right."""

import json
import time
from collections.abc import Sequence

import pytest

from bot.tables.photo_table import PhotoTable, build_table
from bot.tables.sum_checks import check_sums
from bot.tables.sum_words import kind_of
from bot.tables.table_reply import read_reply


def checked(rows: Sequence[Sequence[str]], columns: Sequence[str] = ("item", "price"), photos: int = 1) -> PhotoTable:
    table = read_reply(json.dumps({"columns": list(columns), "rows": [list(row) for row in rows]}))
    assert table is not None
    return check_sums(build_table(table, (), tuple(range(1, photos + 1))))


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Total", "total"),
        ("TOTAL EUR", "total"),
        ("Summe:", "total"),
        ("Zu zahlen", "total"),
        ("Итого к оплате", "total"),
        ("税込合計", "total"),
        ("合計金額", "total"),
        ("कुल योग", "total"),
        ("جمع کل", "total"),
        ("Total (5 items)", "total"),
        ("Subtotal", "subtotal"),
        ("小計", "subtotal"),
        ("Sales tax", "addition"),
        ("inkl. MwSt 7,00%", "addition"),
        ("Total tax", "addition"),
        ("Discount 10%", "deduction"),
        ("Change due", "payment"),
        ("VISA", "payment"),
        *[
            (item, None)
            for item in ("Total Cereal", "Summer dress", "Birthday card", "Barbecue", "Bread", "税理士費用", "")
        ],
    ],
)
def test_a_row_is_known_by_its_words(label: str, kind: str | None) -> None:
    assert kind_of(label) == kind


@pytest.mark.parametrize(
    "rows",
    [
        [("a", "1.00"), ("b", "2.00"), ("VAT 20%", "0.50"), ("Total", "3.00")],
        [("a", "1.00"), ("Total", "1.00"), ("Cash", "5.00"), ("Change", "4.00"), ("VAT incl.", "0.17")],
        [("a", "10.00"), ("Subtotal", "10.00"), ("b", "5.00"), ("Subtotal", "5.00"), ("Total", "15.00")],
        [("a", "10.00"), ("Subtotal", "10.00"), ("b", "5.00"), ("Subtotal", "15.00"), ("Total", "15.00")],
        [("a", "10.00"), ("Discount", "1.00"), ("Subtotal", "9.00"), ("Tax", "0.90"), ("Total", "9.90")],
        [("a", "10.00"), ("Tax", "1.00"), ("Tip", "2.00"), ("Total", "12.00")],
        [("Total", "12.00")],
        [("a", "10.00"), ("b", "?"), ("c", "5.00")],
        [("a", "$10.00"), ("b", "€5.00"), ("Total", "$12.00")],
    ],
)
def test_what_can_be_right_is_not_marked(rows: list[tuple[str, str]]) -> None:
    assert checked(rows).doubts == []


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([("a", "1.00"), ("b", "2.00"), ("Total", "3.01")], [2]),
        ([("a", "1.00"), ("Subtotal", "2.00"), ("Tax", "0.20"), ("Total", "2.20")], [1]),
        ([("a", "1.00"), ("Subtotal", "1.00"), ("Tax", "0.20"), ("Total", "1.30")], [3]),
        ([("a", "1.00"), ("Total", "1.00"), ("Tip", "0.20"), ("Grand total", "1.50")], [3]),
    ],
)
def test_what_cannot_be_right_is_marked(rows: list[tuple[str, str]], wrong: list[int]) -> None:
    assert checked(rows).doubts == [(row, 1) for row in wrong]


def test_each_photo_is_added_up_by_itself() -> None:
    rows = [("1", "a", "1,50"), ("1", "Total", "1,50"), ("2", "b", "1.250"), ("2", "c", "1.25"), ("2", "Total", "2.50")]
    assert checked(rows, ("photo", "item", "price"), photos=2).doubts == []


def test_each_column_is_added_up_by_itself_but_a_balance() -> None:
    columns = ("account", "in", "out", "balance")
    rows = [("a", "10", "1", "9"), ("b", "20", "2", "27"), ("Total", "30", "4", "27")]
    assert checked(rows, columns).doubts == [(2, 2)]


def test_cells_that_a_model_could_not_read_are_marked_and_keep_their_value() -> None:
    table = checked([("bread", "2.50 (?)"), ("milk", "1.20")])
    assert table.doubts == [(0, 1)] and table.rows[0].cells[1].number is not None


def test_a_long_table_is_checked_fast() -> None:
    rows = [(f"a{n}", str(n), "3.10", "4", "5", "6.5", "7") for n in range(1, 2_000)]
    begun = time.process_time()
    checked(rows, tuple("abcdefg"))
    assert time.process_time() - begun < 10
