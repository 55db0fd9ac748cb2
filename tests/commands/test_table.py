"""The words of /table: columns, the photos that they name, and what an operator allows."""

from dataclasses import replace

import pytest

from bot.asking.photo_tables import asked_columns
from bot.commands import CommandContext, MakeTable, Rules, column_names
from bot.messages import Turn
from tests.commands.conftest import told


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("date, shop, total", ["date", "shop", "total"]),
        ("Datum; Laden ;Summe", ["Datum", "Laden", "Summe"]),
        ("日付、店、合計", ["日付", "店", "合計"]),
        ("تاریخ، فروشگاه", ["تاریخ", "فروشگاه"]),
        ("a | b | a", ["a", "b"]),
        ("everything with its price", []),
        ("total", []),
        ("", []),
        (", ,", []),
        (", ".join(str(n) for n in range(40)), []),
        (f"a, {'b' * 100}", []),
    ],
)
def test_columns_are_named_with_commas_between_them(words: str, names: list[str]) -> None:
    assert list(column_names(words)) == names


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("photo 2", ""),
        ("photo 2: date, shop", "date, shop"),
        ("date, shop of photos 1-3", "date, shop of"),
        ("#3", ""),
        ("2024, 2025", "2024, 2025"),
    ],
)
def test_photos_that_are_named_are_no_columns(words: str, columns: str) -> None:
    assert asked_columns(MakeTable(None, words)) == columns


async def test_it_is_in_the_help_unless_it_is_switched_off(context: CommandContext, turn: Turn) -> None:
    assert "/table" in await told(context, turn, "help")
    assert "/table" not in await told(replace(context, rules=Rules(off=frozenset({"table"}))), turn, "help")
