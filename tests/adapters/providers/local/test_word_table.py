"""Words that were read in photos, as a table."""

from adapters.providers.local.word_table import write_table
from bot.tables.photo_table import build_table
from bot.tables.sum_checks import check_sums
from bot.tables.table_reply import read_reply


def test_rows_of_words_become_cells_with_the_amounts_last_and_sums_are_checked() -> None:
    reply = write_table([(3, ["BAKERY", "2  bread  2,50", "milk 1,20 €", "Total  4,70"]), (4, [])])
    raw = read_reply(reply)
    assert raw is not None
    table = check_sums(build_table(raw, (), (3, 4)))
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["BAKERY", "", ""],
        ["2", "bread", "2,50"],
        ["milk", "", "1,20 €"],
        ["Total", "", "4,70"],
    ]
    assert {row.photo for row in table.rows} == {3} and table.doubts == [(3, 2)]


def test_no_words_are_no_table() -> None:
    raw = read_reply(write_table([(1, [])]))
    assert raw is not None and not raw.rows
