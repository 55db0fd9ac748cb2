"""Values of thirty receipts and tables are exact, however a model words its reply, and wrong sums are marked."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from bot.files.decoders.sheet_file import write_sheet
from bot.files.photos import PhotoIntake
from bot.ports import Store
from bot.tables.amounts import Amount
from bot.tables.photo_table import PhotoTable, build_table
from bot.tables.sum_checks import check_sums
from bot.tables.table_files import sheet_data, write_csv
from bot.tables.table_reply import read_reply
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.work import hear, make_worker, with_files
from tests.tables.golden_tables import STYLES, TABLES, Golden, TableVision, drawn, spoiled


def table_of(reply: str) -> PhotoTable:
    raw = read_reply(reply)
    assert raw is not None, reply
    return check_sums(build_table(raw, (), (1,)))


def wrong_values(golden: Golden, table: PhotoTable) -> list[str]:
    """Return the differences from the true values."""
    wrong = [] if table.columns == golden.columns else [f"columns: {table.columns}"]
    if len(table.rows) != len(golden.rows):
        return [*wrong, f"{len(table.rows)} rows"]
    for row, true_row in zip(table.rows, golden.rows, strict=True):
        for cell, true in zip(row.cells, true_row, strict=True):
            if isinstance(true, Decimal):
                if not (isinstance(cell.value, Amount) and cell.value.value == true):
                    wrong.append(f"{cell.text} is {cell.value}, not {true}")
            elif cell.text != true:
                wrong.append(f"{cell.text!r} is not {true!r}")
    return wrong


def test_there_are_thirty_of_them() -> None:
    assert len(TABLES) == len({golden.name for golden in TABLES}) == 30


@pytest.mark.parametrize("style", STYLES)
def test_every_value_is_exact(style: str) -> None:
    faults = [
        f"{golden.name}: {fault}"
        for golden in TABLES
        for fault in wrong_values(golden, table_of(STYLES[style](golden.columns, golden.cells, 1)))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("golden", TABLES, ids=lambda golden: golden.name)
def test_a_total_is_marked_if_and_only_if_it_is_wrong(golden: Golden) -> None:
    assert table_of(STYLES["as asked"](golden.columns, golden.cells, 1)).doubts == []
    doubts = table_of(STYLES["as asked"](golden.columns, spoiled(golden), 1)).doubts
    assert doubts == ([] if golden.total is None else [(golden.total, len(golden.columns) - 1)])


@pytest.mark.parametrize(
    "golden", [golden for golden in TABLES if len(golden.columns) == 4], ids=lambda golden: golden.name
)
def test_an_amount_that_is_not_quantity_times_price_is_marked(golden: Golden) -> None:
    _, _, price, amount = golden.cells[0]
    cells = [*golden.cells[:2], ["Nails", "7", price, amount]]
    table = table_of(STYLES["as asked"](golden.columns, cells, 1))
    assert table.doubts == [(2, 3)]


def test_numbers_and_dates_are_typed_in_the_spreadsheet_and_plain_in_csv() -> None:
    for golden in TABLES:
        table = table_of(STYLES["as asked"](golden.columns, golden.cells, 1))
        sheet = openpyxl.load_workbook(io.BytesIO(write_sheet(io.BytesIO(sheet_data(table)))[1])).active
        rows = list(csv.reader(io.StringIO(write_csv(table).decode())))
        for n, row in enumerate(table.rows, 2):
            for column, cell in enumerate(row.cells, 1):
                written, plain = sheet.cell(n, column), rows[n - 1][column - 1]
                match cell.value:
                    case Amount():
                        assert Decimal(str(written.value)) == cell.value.value == Decimal(plain)
                    case date():
                        assert written.value == datetime.combine(cell.value, datetime.min.time())
                        assert plain == cell.value.isoformat()
                    case _:
                        assert (written.value or "", written.data_type != "f") == (cell.text, True)
                        assert plain in (cell.text, f"'{cell.text}")


async def test_photos_of_them_go_all_the_way(sqlite: Store, platform: FakePlatform, photos: PhotoIntake) -> None:
    """Each style once, of pictures that were drawn, with totals that are wrong."""
    vision = TableVision(spoils=True)
    worker = make_worker(sqlite, platform, vision, photos)
    chosen = TABLES[:: len(TABLES) // len(STYLES)]
    for golden in chosen:
        platform.files[golden.name] = drawn(golden)
        await hear(worker, with_files(said("/table"), **{golden.name: "photo.png"}))
    previews = platform.reads()[::2]
    assert len(previews) == len(chosen) == len(vision.prompts), "nobody was asked twice"
    for golden, preview in zip(chosen, previews, strict=True):
        assert ("⚠" in preview) == (golden.total is not None), preview
