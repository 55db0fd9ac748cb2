"""Reservations: what is set aside for questions under way, so that limits hold however many are asked at once."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import LeaseLost
from bot.messages import Admission, Author, Budget, Channel, DaySpent, JobResult, Measure, Spent, Turn, Usage
from bot.ports import Store
from bot.store.ledger import CLOSED, PRICE, SPENT
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import HERE, THERE, answer, asked, claim_one, table

ANN = "web:1"
DAY = 86_400.0
OTHER = "onemin/other"


def budget(measure: Measure, most: float, author: str | None = ANN, channel: Channel | None = None) -> Budget:
    return Budget(measure=measure, most=most, since=0, author=author, channel=channel)


async def topics(store: Store, count: int) -> Sequence[Turn]:
    """Questions of one person in as many topics, all taken up."""
    for n in range(count):
        await store.intake.add(said(channel=f"web:topic{n}"))
    turns: list[Turn] = []
    while claimed := await store.queue.claim(count):
        turns += claimed
    return turns


async def reserve(store: Store, turn: Turn, *budgets: Budget, model: str = MODEL) -> Admission:
    return await store.ledger.reserve(turn, {0: model}, budgets)


async def admitted(store: Store, turns: Sequence[Turn], *budgets: Budget, model: str = MODEL) -> list[Turn]:
    """Those of the turns that are admitted when all of them ask at once."""
    admissions = await asyncio.gather(*(reserve(store, turn, *budgets, model=model) for turn in turns))
    return [turn for turn, admission in zip(turns, admissions, strict=True) if admission.is_granted]


async def test_of_thirty_questions_at_once_no_more_are_admitted_than_the_limit_allows(store: Store) -> None:
    turns = await topics(store, 30)
    assert len(await admitted(store, turns, budget("turns", 3))) == 3
    assert len(await table(store, "reservations")) == 3


async def test_processes_side_by_side_admit_no_more_than_one_alone(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    budgets = budget("turns", 3), budget("turns", 20, author=None)
    async with reopen() as one, reopen() as other:
        turns = await topics(one, 30)
        here, there = await asyncio.gather(
            admitted(one, turns[::2], *budgets), admitted(other, turns[1::2], *reversed(budgets))
        )
        assert len(here) + len(there) == 3


async def test_what_is_booked_takes_the_place_of_what_was_reserved(store: Store) -> None:
    first, second, third = await topics(store, 3)
    assert len(await admitted(store, [first, second], budget("turns", 2))) == 2
    await answer(store, first, "a cat")
    [balance] = (await reserve(store, third, budget("turns", 2))).balances
    assert (balance.booked, balance.reserved) == (1, 1)
    await store.ledger.settle(second, 0, MODEL, Usage())
    assert await table(store, "reservations") == []
    assert not (await reserve(store, third, budget("turns", 2))).is_granted


async def test_what_fails_gives_back_what_was_reserved(store: Store) -> None:
    first, second = await topics(store, 2)
    assert await admitted(store, [first, second], budget("turns", 1)) in ([first], [second])
    for turn in (first, second):
        await store.queue.save_result(turn, JobResult(text="⚠️ I can't", model=MODEL, booked=False))
    assert await table(store, "reservations") == []
    await store.intake.add(said(channel="web:another"))
    assert (await reserve(store, await claim_one(store), budget("turns", 1))).is_granted


async def test_a_turn_that_ends_without_an_answer_holds_nothing_back(store: Store) -> None:
    first, second = await topics(store, 2)
    assert (await reserve(store, first, budget("turns", 1))).is_granted
    assert not (await reserve(store, second, budget("turns", 1))).is_granted
    await store.queue.finish(first, error="bug")
    assert (await reserve(store, second, budget("turns", 1))).is_granted
    await store.ledger.release(second)
    await store.intake.add(said(channel="web:another"))
    assert (await reserve(store, await claim_one(store), budget("turns", 1))).is_granted


async def test_a_turn_that_is_asked_again_after_a_crash_finds_its_own_reservation(reopen: OpenStore) -> None:
    async with reopen() as store:
        first, second = await topics(store, 2)
        assert (await reserve(store, first, budget("turns", 1))).is_granted
        await store.queue.reschedule(first, 0)
    async with reopen() as store:
        [resumed] = [turn for turn in await store.queue.claim(10) if turn.id == first.id]
        assert (await reserve(store, resumed, budget("turns", 1))).is_granted
        assert not (await reserve(store, second, budget("turns", 1))).is_granted
        assert len(await table(store, "reservations")) == 1


async def test_answers_side_by_side_are_one_turn_half_booked_or_not(store: Store) -> None:
    first, second = await topics(store, 2)
    assert (await store.ledger.reserve(first, {0: MODEL, 1: "onemin/other"}, [budget("turns", 1)])).is_granted
    await store.ledger.settle(first, 0, MODEL, Usage(5))
    [balance] = (await reserve(store, second, budget("turns", 2))).balances
    assert (balance.booked, balance.reserved) == (1, 0)
    assert [row["lane"] for row in await table(store, "reservations") if row["turn"] == first.id] == [1]


async def test_the_dearest_of_the_latest_answers_is_set_aside(store: Store) -> None:
    await asked(store, "one", "a", usage=Usage(40, dollars=0.5))
    await asked(store, "two", "b", usage=Usage(60))
    turns = await topics(store, 30)
    granted = await admitted(store, turns, budget("credits", 250))
    assert len(granted) == 3, "100 are booked, and each may take 60"
    for turn in granted:
        await answer(store, turn, "a cat", Usage(60))
    assert (await store.ledger.get_spent(0, author=ANN)).credits == 280, "one answer beyond the limit at most"


async def test_dollars_that_nobody_tells_are_not_waited_for(store: Store) -> None:
    await asked(store, "one", "a", usage=Usage(40))
    assert len(await admitted(store, await topics(store, 10), budget("dollars", 0.01))) == 10


async def test_where_no_price_is_known_one_question_goes_first(store: Store) -> None:
    turns = await topics(store, 10)
    [first] = await admitted(store, turns, budget("credits", 100))
    others = [turn for turn in turns if turn != first]
    refused = await reserve(store, others[0], budget("credits", 100))
    assert not refused.is_granted
    assert refused.exhausted is None
    assert (await reserve(store, others[0], budget("turns", 100))).is_granted, "answers can be counted"
    await store.ledger.release(others[0])
    await answer(store, first, "a cat", Usage(30))
    assert len(await admitted(store, others, budget("credits", 100))) == 3


async def test_what_helps_with_an_answer_is_set_aside_without_being_judged(store: Store) -> None:
    await asked(store, "one", "a", usage=Usage(90))
    first, second = await topics(store, 2)
    assert (await reserve(store, first, budget("credits", 100))).is_granted
    assert (await store.ledger.reserve(first, {100: MODEL})).is_granted
    [balance] = (await reserve(store, second, budget("credits", 100))).balances
    assert (balance.booked, balance.reserved) == (90, 180)


async def test_each_subject_has_a_budget_of_its_own_and_the_bot_has_one_for_all(store: Store) -> None:
    turns = await topics(store, 4)
    bob = replace(turns[1], message=replace(turns[1].message, author=Author("2", "Bob")))
    assert (await reserve(store, turns[0], budget("turns", 1))).is_granted
    assert (await reserve(store, bob, budget("turns", 1, author="web:2"))).is_granted
    here = turns[2].message.channel
    assert (await reserve(store, turns[2], budget("turns", 1, author=None, channel=here))).is_granted
    assert not (await reserve(store, turns[3], budget("turns", 1, author=None, channel=here))).is_granted
    assert not (await reserve(store, turns[3], budget("turns", 3, author=None))).is_granted
    assert (await reserve(store, turns[3], budget("turns", 4, author=None))).is_granted


async def test_what_the_whole_bot_took_is_added_up_once_and_counted_whole(reopen: OpenStore) -> None:
    async with reopen() as store:
        assert isinstance(store, SqlStore)
        for age in (3 * CLOSED, 2 * CLOSED, 0.0):
            await at(store, await asked(store, "?", "!", usage=Usage(10)), time.time() - age)
        first, second = await topics(store, 2)
        for expected in (30, 40):
            [balance] = (await reserve(store, first, budget("credits", 1000, author=None))).balances
            assert balance.booked == expected
            await store.ledger.settle(second, 0, MODEL, Usage(10))
        read = store.ledger._closed[0]
        assert read[1].credits == 20, "what is long over need not be read again"


async def test_people_who_move_take_along_what_is_reserved_there(store: Store) -> None:
    first, second = await topics(store, 2)
    old, new = first.message.channel, Channel("web", "moved")
    assert (await reserve(store, first, budget("turns", 1, author=None, channel=old))).is_granted
    await store.channels.migrate_channel(old, new)
    assert not (await reserve(store, second, budget("turns", 1, author=None, channel=new))).is_granted


async def test_a_price_is_found_without_reading_what_other_models_took(sqlite: Store) -> None:
    assert isinstance(sqlite, SqlStore)
    plan = await sqlite.db.read(f"EXPLAIN QUERY PLAN {PRICE}", model=MODEL)
    assert any("USING COVERING INDEX spending_of_model (model=?)" in row["detail"] for row in plan)


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
