"""JSON as models write it is read in one pass, whatever it looks like."""

import random
import time

import pytest

from bot.tables.loose_json import find_json
from bot.tables.table_reply import RawRow, RawTable, read_reply

WHOLE = '{"columns": ["item", "price"], "rows": [["bread", "2,50"], ["milk", "1,20"]]}'


def rows(text: str) -> list[list[str]]:
    table = read_reply(text)
    assert table is not None
    return [[str(cell) for cell in row.cells] for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        "{'columns': ['item', 'price'], 'rows': [['bread', '2,50'], ['milk', '1,20']]}",
        "{columns: [item, price], rows: [[bread, '2,50'], [milk, '1,20']]}",
        WHOLE.replace('"], ["', '"] ["'),
        WHOLE.replace('"item"', "“item”"),
        f"```\n{WHOLE}\n```",
        f"The table [as asked] is:\n{WHOLE}\n\n(2 rows)",
        WHOLE[:-2],
        f"{WHOLE[:-2]}, ['half a ro",
        "| item | price |\n|---|---|\n| bread | 2,50 |\n| milk | 1,20 |",
        '[["item", "price"], ["bread", "2,50"], ["milk", "1,20"]]',
        '{"items": [{"item": "bread", "price": "2,50"}, {"ITEM": "milk", "price": "1,20"}]}',
        '{"tables": [{"columns": ["item", "price"], "rows": [["bread", "2,50"]]},'
        ' {"columns": ["item", "price"], "rows": [["milk", "1,20"]]}]}',
    ],
)
def test_a_table_is_found_in_it(text: str) -> None:
    assert rows(text) == [["bread", "2,50"], ["milk", "1,20"]]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        (r'[{"a": "say \"hi\""}]', 'say "hi"'),
        ('[{"a": "say "hi" now"}]', 'say "hi" now'),
        ('[{"a": "two\nlines"}]', "two\nlines"),
        (r'[{"a": "two\nlines \u00e9 \ud83d\ude00"}]', "two\nlines é 😀"),
        ('[{"a": "a | b, c: d"}]', "a | b, c: d"),
        ('[{"a": 12.50}]', "12.50"),
        ('[{"a": null}]', ""),
        ('[{"a": ["x", 1]}]', "x, 1"),
        ("[{'a': 'it's'}]", "it's"),
    ],
)
def test_a_cell_keeps_its_signs(text: str, cell: str) -> None:
    assert rows(text) == [[cell]]


def test_the_row_in_which_a_reply_breaks_off_is_left_out() -> None:
    table = read_reply('{"columns": ["a"], "rows": [["1,50"], ["2,5')
    assert table == RawTable(columns=("a",), rows=(RawRow("", ("1,50",)),), is_cut=True)


@pytest.mark.parametrize(
    "text", ["", "I see a cat.", "A box [ ] to tick", "no JSON [", "{", '{"columns": "oh', "]}", "42"]
)
def test_what_is_no_table_is_none(text: str) -> None:
    assert read_reply(text) is None


@pytest.mark.parametrize("text", ['{"columns": [], "rows": []}', "[]", '```json\n{"rows": []}\n```'])
def test_an_empty_table_is_one(text: str) -> None:
    table = read_reply(text)
    assert table is not None and not table.rows


HOSTILE = [
    *("[" * 300_000, "{" * 300_000, '{"a":' * 60_000, "[[1]," * 60_000, '["' * 100_000, "'" * 300_000),
    *(
        "/*" * 150_000,
        "[" + '"a' * 150_000,
        "{a" * 100_000,
        "[" + "\\" * 300_000,
        '["' + "\\" * 300_000,
        "[,:]" * 70_000,
    ),
    *("|" * 200_000, "| a " * 60_000, "[ " * 150_000, "[" + "1" * 300_000, "[a " * 100_000, '["a" ' * 60_000),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_takes_long(text: str) -> None:
    begun = time.process_time()
    read_reply(text)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_cut_out_or_put_in_raises_nothing(seed: int) -> None:
    chance, text = random.Random(seed), WHOLE * 3
    for _ in range(60):
        place, length = chance.randrange(len(text)), chance.randrange(4)
        text = (
            text[:place] + chance.choice(['"', "'", "[", "}", ",", ":", "\\", "/*", "é", ""]) + text[place + length :]
        )
        find_json(text)
        read_reply(text)
