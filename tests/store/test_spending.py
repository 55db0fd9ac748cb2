"""What answers took: booked once, added up for a person, for a channel and for all."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import LeaseLost
from bot.messages import Author, Channel, DaySpent, JobResult, Spent, Turn, Usage
from bot.ports import Store
from bot.store.spending import SPENT
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import HERE, THERE, asked, claim_one, table

DAY = 86_400.0
OTHER = "onemin/other"


async def at(store: Store, turn: Turn, moment: float) -> None:
    """As if the turn had been answered at that moment."""
    assert isinstance(store, SqlStore)
    values = {"turn": turn.id, "at": moment, "day": datetime.fromtimestamp(moment, UTC).date().isoformat()}
    await store.db.write(
        lambda execute: execute("UPDATE spending SET at = :at, day = :day WHERE turn = :turn", **values)
    )


async def test_an_answer_is_booked_with_all_that_it_took(store: Store, fixed_time: float) -> None:
    turn = await asked(store, "what is this?", "a cat", THERE, Usage(5, 6, 7, 0.25))
    [row] = await table(store, "spending")
    assert row.pop("at") == fixed_time
    assert row.pop("day") == "2026-11-18"
    assert row == {
        "turn": turn.id,
        "lane": 0,
        "platform": "telegram",
        "channel": "telegram:42",
        "author": "telegram:1",
        "model": MODEL,
        "credits": 5,
        "input_tokens": 6,
        "output_tokens": 7,
        "dollars": 0.25,
    }


async def test_a_command_costs_nothing(store: Store) -> None:
    await store.intake.add(said("/help"))
    turn = await claim_one(store)
    await store.queue.save_result(turn, JobResult(text="..."))
    assert await store.ledger.get_spent(0) == Spent()
    assert await store.ledger.find_oldest_spending(0) is None
    assert await store.ledger.list_spent_by_day(0) == []


async def test_an_answer_that_does_not_count_is_not_booked(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    await store.queue.reschedule(turn, 60)
    with pytest.raises(LeaseLost):
        await store.queue.save_result(turn, JobResult(text="too late", model=MODEL, usage=Usage(5)))
    assert await store.ledger.get_spent(0) == Spent()


async def test_answers_side_by_side_are_booked_once_each_and_are_one_turn(store: Store) -> None:
    turn = await asked(store, "what is this?", "a cat", usage=Usage(5, dollars=0.5))
    for _ in range(2):
        await store.ledger.settle(turn, 1, OTHER, Usage(7))
        await store.ledger.settle(turn, 2, "onemin/third", Usage(dollars=0.25))
    assert await store.ledger.get_spent(0) == Spent(1, 12, 0.75)


async def test_what_one_person_or_one_channel_spent_is_told_apart(reopen: OpenStore) -> None:
    async with reopen() as store:
        await asked(store, "one", "a", HERE, Usage(1))
        await asked(store, "two", "b", THERE, Usage(10))
        await store.intake.add(replace(said("three", channel=str(THERE)), author=Author("2", "Bob")))
        turn = await claim_one(store)
        await store.queue.save_result(turn, JobResult(text="c", model=MODEL, usage=Usage(100)))
    async with reopen() as store:
        assert await store.ledger.get_spent(0) == Spent(3, 111)
        assert await store.ledger.get_spent(0, author="telegram:1") == Spent(1, 10)
        assert await store.ledger.get_spent(0, channel=THERE) == Spent(2, 110)
        assert await store.ledger.get_spent(0, author="web:1", channel=HERE) == Spent(1, 1)
        assert await store.ledger.get_spent(0, author="web:1", channel=THERE) == Spent()
        assert await store.ledger.get_spent(0, author="web:9") == Spent()


async def test_only_what_was_booked_since_then_counts(store: Store) -> None:
    now = time.time()
    for days, credits in ((3, 1), (2, 10), (1, 100)):
        await at(store, await asked(store, "?", "!", usage=Usage(credits)), now - days * DAY)
    assert await store.ledger.get_spent(now - 2 * DAY) == Spent(2, 110), "the moment itself counts"
    assert await store.ledger.find_oldest_spending(now - 2.5 * DAY) == now - 2 * DAY
    assert await store.ledger.find_oldest_spending(now - 2.5 * DAY, author="web:1", channel=HERE) == now - 2 * DAY
    assert await store.ledger.find_oldest_spending(now - 2.5 * DAY, channel=THERE) is None
    assert await store.ledger.find_oldest_spending(now) is None


async def test_what_was_spent_is_told_by_day_and_model(store: Store) -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    for moment, credits in ((noon - DAY / 2 - 1, 1), (noon - DAY / 2, 10), (noon, 100)):
        turn = await asked(store, "?", "!", usage=Usage(credits, dollars=0.5))
        await store.ledger.settle(turn, 1, OTHER, Usage(1))
        await at(store, turn, moment)
    assert await store.ledger.list_spent_by_day(noon - DAY) == [
        DaySpent("2026-11-20", OTHER, Spent(1, 1)),
        DaySpent("2026-11-20", MODEL, Spent(1, 1, 0.5)),
        DaySpent("2026-11-21", OTHER, Spent(2, 2)),
        DaySpent("2026-11-21", MODEL, Spent(2, 110, 1.0)),
    ]
    assert [day.day for day in await store.ledger.list_spent_by_day(noon)] == ["2026-11-21", "2026-11-21"]
    assert await store.ledger.list_spent_by_day(0, channel=THERE) == []


@pytest.mark.parametrize(("whose", "index"), [("author", "spending_of_author"), ("channel", "spending_in_channel")])
async def test_what_others_spent_is_not_even_looked_at(sqlite: Store, whose: str, index: str) -> None:
    assert isinstance(sqlite, SqlStore)
    plan = await sqlite.db.read(f"EXPLAIN QUERY PLAN {SPENT} AND {whose} = :whose", since=0, whose="web:1")
    assert any(f"USING COVERING INDEX {index} ({whose}=? AND at>?)" in row["detail"] for row in plan)


async def test_people_who_move_take_along_what_was_spent_there(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    await asked(store, "one", "a", old, Usage(1))
    await asked(store, "two", "b", new, Usage(10))
    await store.channels.migrate_channel(old, new)
    assert await store.ledger.get_spent(0, channel=new) == Spent(2, 11)
    assert await store.ledger.get_spent(0, channel=old) == Spent()
