"""A table of photos: asked for as JSON, checked, shown as a preview, with the files below."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from bot.asking.photo_tables import FIRST
from bot.errors import Busy, Refused
from bot.files.decoders.sheet_file import write_sheet
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, MessageReference, Usage
from bot.ports import Store
from bot.tables.photo_table import PhotoTable
from bot.tables.table_files import sheet_data
from bot.words import say
from tests.conftest import CAT, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, make_worker, pressed, ripen, taken, until, with_files
from tests.files.documents.portable import Page, picture_of, portable
from tests.files.photos import scene, written

RECEIPT: dict[str, Any] = {
    "columns": ["item", "price"],
    "rows": [
        {"photo": 1, "cells": ["bread", "2,50"]},
        {"photo": 1, "cells": ["milk", "1,20"]},
        {"photo": 1, "cells": ["Total", "3,70"]},
    ],
}


@pytest.fixture
def worker(worker: Worker, platform: FakePlatform) -> Worker:
    platform.files |= {"receipt": written(scene(300, 200), "PNG"), "other": written(scene(200, 300), "PNG")}
    return worker


@pytest.fixture(autouse=True)
def quick_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spreadsheets are written in this process; tests/tables/test_sheet_writer.py has a worker write one."""

    async def write(table: PhotoTable, owner: str) -> bytes:
        return write_sheet(io.BytesIO(sheet_data(table)))[1]

    monkeypatch.setattr("bot.asking.photo_tables.write_xlsx", write)


def as_json(table: object = RECEIPT) -> str:
    return json.dumps(table, ensure_ascii=False)


def files_of(platform: FakePlatform) -> dict[str, bytes]:
    """The files that were posted last, by their names."""
    posted = next(files for files in reversed(platform.sent_files.values()) if files)
    return {file.name: file.data for file in posted}


def csv_rows(platform: FakePlatform) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files_of(platform)["table.csv"].decode())))


async def test_a_receipt_becomes_a_preview_and_two_files(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[as_json()[:40], as_json()[40:], Usage(credits=7)]]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    preview, below = platform.reads()
    assert preview == "| item | price |\n| --- | --: |\n| bread | 2,50 |\n| milk | 1,20 |\n| Total | 3,70 |"
    assert say("table_files") in below
    assert csv_rows(platform) == [["item", "price"], ["bread", "2.50"], ["milk", "1.20"], ["Total", "3.70"]]
    sheet = openpyxl.load_workbook(io.BytesIO(files_of(platform)["table.xlsx"])).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()][1:] == [
        ["bread", 2.5],
        ["milk", 1.2],
        ["Total", 3.7],
    ]
    assert not any('"columns"' in text for _, text in platform.calls), "nobody reads JSON while it comes"
    [prompt] = provider.prompts
    assert prompt.text == say("table_ask") and len(prompt.photos) == 1
    assert (await worker.store.ledger.get_spent(0)).credits == 7


# what it is about


async def test_it_is_about_the_photo_that_was_shown_last_or_is_named(worker: Worker, provider: FakeProvider) -> None:
    provider.script = [["a receipt"], ["a note"], [as_json()]]
    await hear(
        worker,
        with_files(said("what is this?"), receipt="receipt.png"),
        with_files(said("and this?"), other="other.png"),
        said("/table"),
        said("/table photo 1: item, price"),
    )
    last, named = provider.prompts[2:]
    assert (last.photos[0].width, named.photos[0].width) == (200, 300)
    assert not (last.history or named.history or last.background or named.background)
    assert named.text.endswith("item, price") and "photo 1" not in named.text.splitlines()[-1]


async def test_a_photo_that_is_replied_to_gets_a_number_and_can_be_asked_about(
    worker: Worker, provider: FakeProvider
) -> None:
    provider.script = [[as_json()], ["bread"]]
    shown = (Attachment(ref="receipt", name="receipt.png"),)
    reply = MessageReference(id="77", ours=False, text="", attachments=shown)
    await hear(worker, replace(said("/table"), about=reply), said("what is in photo 1?"))
    assert [len(prompt.photos) for prompt in provider.prompts] == [1, 1]


async def test_several_photos_become_one_table_with_a_column_for_their_numbers(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    rows = [
        {"photo": 1, "cells": ["2026-05-04", "Lidl", "3,70"]},
        {"photo": 2, "cells": ["2026-05-06", "Aldi", "9,10"]},
    ]
    provider.script = [[as_json({"columns": ["date", "shop", "total"], "rows": rows})]]
    await hear(worker, with_files(said("/table date, shop, total"), receipt="a.png", other="b.png"))
    assert csv_rows(platform) == [
        ["photo", "date", "shop", "total"],
        ["1", "2026-05-04", "Lidl", "3.70"],
        ["2", "2026-05-06", "Aldi", "9.10"],
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(files_of(platform)["table.xlsx"])).active
    assert [cell.value for cell in sheet[2]] == [1, datetime(2026, 5, 4), "Lidl", 3.7]


async def test_without_a_photo_nobody_is_asked(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    await hear(worker, said("/table"))
    assert platform.reads() == [f"⚠️ {say('studio_no_photo')}"] and provider.prompts == []


async def test_a_photo_that_is_gone_is_named(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    await hear(worker, with_files(said("/table"), gone="gone.png"))
    assert "gone.png" in platform.reads()[0] and provider.prompts == []


async def test_one_of_two_photos_that_is_gone_is_named_above_the_table(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[as_json()]]
    await hear(worker, with_files(said("/table"), receipt="a.png", gone="gone.png"))
    assert "gone.png" in platform.reads()[0] and "| bread | 2,50 |" in platform.reads()[0]


async def test_what_is_behind_a_spoiler_stays_there(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[as_json()]]
    shown = Attachment(ref="receipt", name="receipt.png", is_spoiler=True)
    await hear(worker, replace(said("/table"), attachments=(shown,)))
    assert platform.hidden == {"1": True, "2": True}
    assert all(file.is_spoiler for file in platform.sent_files["2"])


# the reply


async def test_a_reply_that_is_no_table_is_asked_for_once_more_and_the_answer_says_what_that_took(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [['{"columns": "rows" oh no', Usage(credits=7)], [as_json(), Usage(credits=2)]]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    first, second = provider.prompts
    assert first.photos and not second.photos, "its words are enough"
    assert '{"columns": "rows" oh no' in second.text
    assert say("table_repaired", price=" (2 credits)") in platform.reads()[0]
    assert "| bread | 2,50 |" in platform.reads()[0]
    assert (await worker.store.ledger.get_spent(0)).credits == 9


async def test_words_instead_of_a_table_are_sent_back_with_the_photos(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["This is a receipt from a bakery."], [as_json()]]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    assert [len(prompt.photos) for prompt in provider.prompts] == [1, 1]
    assert platform.fetched == ["receipt"]


@pytest.mark.parametrize(
    "second", [["Sorry, that is all I can say."], ['{"columns": [], "rows": []}'], [Refused("bug")]]
)
async def test_the_models_words_are_shown_as_they_are_where_no_table_comes(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, second: list[str]
) -> None:
    provider.script = [["I see a *bakery*, and nothing else."], second]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    assert len(provider.prompts) == 2
    [answer] = platform.reads()
    assert say("table_unreadable") in answer and answer.endswith("I see a *bakery*, and nothing else.")


async def test_a_photo_without_a_table_is_said_to_be_one(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [['{"columns": [], "rows": []}']]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    assert platform.reads() == [say("table_none", photos=1)] and len(provider.prompts) == 1


async def test_rows_of_a_reply_that_broke_off_are_shown_with_a_warning(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[as_json()[:-30], Busy("provider_down", status=500)], [Busy("provider_down", status=500)]]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    assert "| milk | 1,20 |" in platform.reads()[0] and say("table_cut") in platform.reads()[0]
    assert csv_rows(platform)[-1] == ["milk", "1.20"]


async def test_an_outage_before_any_row_is_tried_again(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Busy("provider_down", status=500)], [as_json()]]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    assert say("table_now") in platform.reads()[0]
    await ripen(worker.store)
    await drain(worker)
    assert "| bread | 2,50 |" in platform.reads()[0]


# stops, limits, crashes


async def test_it_can_be_stopped(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    provider.script = [[as_json()[:60], 60.0]]
    working = asyncio.create_task(worker.take(await taken(worker, with_files(said("/table"), receipt="r.png"))))
    await until(lambda: platform.reads())
    assert say("table_now") in platform.reads()[0]
    await hear(worker, said("/stop"))
    worker.context.asker.stops.stop(1)
    await working
    assert platform.reads()[0] == f"⏹ {say('stopped')}" and not any(platform.sent_files.values())


async def test_a_limit_holds_before_anybody_is_asked(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=1)
    platform.files["receipt"] = CAT
    await hear(worker, with_files(said(), receipt="receipt.png"), said("/table"))
    assert len(provider.prompts) == 1 and "limit" in platform.reads()[1]


async def test_a_reply_that_came_before_a_crash_is_not_asked_for_or_paid_again(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.script = [["no JSON [", Usage(credits=7)], [as_json(), Usage(credits=2)]]
    both_came, never = asyncio.Event(), asyncio.Event()

    async def stuck(*_: object) -> None:
        both_came.set()
        await never.wait()

    with monkeypatch.context() as patch:
        patch.setattr("bot.asking.photo_tables.PhotoTables._finished", stuck)
        working = asyncio.create_task(worker.take(await taken(worker, with_files(said("/table"), receipt="r.png"))))
        await until(both_came.is_set)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert await worker.store.steps.find_step(1, FIRST)
    await worker.store.queue.release_leases()
    await drain(worker)
    assert len(provider.prompts) == 2 and "| bread | 2,50 |" in platform.reads()[0]
    assert (await worker.store.ledger.get_spent(0)).credits == 9
    assert [file.name for file in platform.sent_files["2"]] == ["table.csv", "table.xlsx"]


async def test_an_operator_can_switch_it_off(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_features_off="table")
    platform.files["receipt"] = CAT
    provider.script = [["| a | b |\n|---|---|\n| 1 | 2 |"]]
    await hear(worker, with_files(said("what?"), receipt="r.png"), said("/table"))
    assert platform.reads()[1] == f"⚠️ {say('feature_off')}" and len(provider.prompts) == 1
    assert not any("/table" in command for command in platform.buttons["1"])


# the button


@pytest.mark.parametrize(
    ("answer", "offered"),
    [
        ("| item | price |\n|---|---|\n| bread | 2,50 |", True),
        ("The receipt says:\n```\nBread  2,50 €\nMilk  1,20 €\nTotal  3,70 €\n```", True),
        ("- Bread: $2.50\n- Milk: $1.20\n- **Total**: $3.70", True),
        ("It costs 2.50 in all, for bread.", False),
        ("A cat | on a sofa", False),
        ("It was taken on 2026.05.04 at 12.30\nby Ann", False),
    ],
)
async def test_a_button_stands_below_an_answer_that_shows_a_table_or_a_receipt(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, answer: str, offered: bool
) -> None:
    provider.script = [[answer], [as_json()]]
    await hear(worker, with_files(said("what is this?"), receipt="receipt.png"), said("and in words?"))
    assert ("/table of=1" in platform.buttons["1"]) == offered
    assert len(platform.buttons["1"]) <= 5
    await hear(worker, pressed("/table of=1", "1"))
    assert "| bread | 2,50 |" in platform.reads()[-2] and len(provider.prompts[-1].photos) == 1


async def test_words_without_a_photo_offer_no_table(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["| item | price |\n|---|---|\n| bread | 2,50 |"]]
    await hear(worker, said("make up a table"))
    assert "/table of=1" not in platform.buttons["1"]


async def test_below_a_photo_without_words_the_button_comes_first_and_the_rest_folds(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["| item | price |\n|---|---|\n| bread | 2,50 |"]]
    await hear(worker, with_files(said(""), receipt="receipt.png"))
    commands = platform.buttons["1"]
    assert commands[0] == "/table of=1" and commands[-1] == "/buttons 1" and "/describe" in commands
    await hear(worker, pressed("/buttons 1", "1"))
    assert {"/table of=1", "/describe", "/explain", "/retry 1"} <= set(platform.buttons["1"])


async def test_a_photo_that_the_platform_has_lost_is_still_there_for_the_button(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["| item | price |\n|---|---|\n| bread | 2,50 |"], [as_json()]]
    await hear(worker, with_files(said("what is this?"), receipt="receipt.png"))
    platform.files.clear()
    await hear(worker, pressed("/table of=1", "1"))
    assert "| bread | 2,50 |" in platform.reads()[1]


async def test_doubts_are_said_below_the_preview_and_stand_in_both_files(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    wrong = {**RECEIPT, "rows": [*RECEIPT["rows"][:2], {"photo": 1, "cells": ["Total", "4,70"]}]}
    provider.script = [[as_json(wrong)]]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    doubt = say("table_doubt_sum", value=Decimal("3.70"))
    assert "| Total | ⚠ 4,70 |" in platform.reads()[0] and doubt in platform.reads()[0]
    assert csv_rows(platform)[0][-1] == "doubtful" and csv_rows(platform)[-1] == ["Total", "4.70", f"price: {doubt}"]
    cell = openpyxl.load_workbook(io.BytesIO(files_of(platform)["table.xlsx"])).active["B4"]
    assert cell.comment.text == doubt and cell.fill.start_color.rgb.endswith("FFF2B8")


async def test_a_model_that_sees_nothing_gets_what_another_one_saw(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["bread 2,50; milk 1,20; Total 3,70", Usage(credits=5)], [as_json(), Usage(credits=1)]]
    await hear(worker, said("/settings describe on"), said("/model o3-mini"))
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    seeing, blind = provider.prompts
    assert seeing.photos and not blind.photos and "bread 2,50; milk" in blind.text
    assert "| bread | 2,50 |" in platform.reads()[2]
    assert (await worker.store.ledger.get_spent(0)).credits == 6


async def test_a_model_that_sees_nothing_is_not_asked_where_nobody_may_describe(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said("/model o3-mini"), with_files(said("/table"), receipt="receipt.png"))
    assert provider.prompts == [] and "o3-mini" in platform.reads()[1]


async def test_the_second_question_can_be_stopped_and_what_it_took_is_booked(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["no JSON [", Usage(credits=7)], [Usage(credits=2), "{", 60.0]]
    working = asyncio.create_task(worker.take(await taken(worker, with_files(said("/table"), receipt="r.png"))))
    await until(lambda: len(provider.prompts) == 2)
    await asyncio.sleep(0.05)
    worker.context.asker.stops.stop(1)
    await working
    assert platform.reads()[0] == f"⏹ {say('stopped')}" and not any(platform.sent_files.values())
    assert (await worker.store.ledger.get_spent(0)).credits == 9


async def test_an_outage_at_the_second_question_is_tried_again_without_the_first_one(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [
        ["no JSON [", Usage(credits=7)],
        [Busy("provider_down", status=500)],
        [as_json(), Usage(credits=2)],
    ]
    await hear(worker, with_files(said("/table"), receipt="receipt.png"))
    await ripen(worker.store)
    await drain(worker)
    assert len(provider.prompts) == 3 and "| bread | 2,50 |" in platform.reads()[0]
    assert platform.reads()[0].count(say("table_repaired", price=" (2 credits)")) == 1
    assert (await worker.store.ledger.get_spent(0)).credits == 9


async def test_the_pages_of_a_document_are_no_photos_of_their_own(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.opens = set()
    platform.files["scan"] = portable(Page(picture=picture_of("bread 2,50")))
    provider.script = [[as_json()]]
    await hear(worker, with_files(said("/table"), scan="scan.pdf"))
    assert csv_rows(platform)[0] == ["item", "price"] and provider.prompts[0].photos


async def test_a_table_can_be_replied_to_and_is_about_its_photo(worker: Worker, provider: FakeProvider) -> None:
    provider.script = [["one"], [as_json()], ["two"], ["three"]]
    await hear(
        worker,
        with_files(said("what is this?"), receipt="receipt.png"),
        said("/table"),
        with_files(said("and this?"), other="other.png"),
    )
    about = MessageReference(id="2", ours=True, text="| item | price |")
    await hear(worker, replace(said("who was it?"), about=about))
    assert provider.prompts[-1].photos[0].width == 300


async def test_guests_are_told_that_files_cannot_be_posted_there(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, replace(with_files(said("/table"), receipt="receipt.png"), is_guest=True))
    assert platform.reads() == [f"⚠️ {say('guest_only_asks')}"] and provider.prompts == []
