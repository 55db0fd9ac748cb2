"""What the operator looks at: counted in the store, for all processes, without a word of what was said."""

import asyncio
import time
from dataclasses import replace

from bot.messages import Backlog, JobResult, Tally, Usage
from bot.ports import Store
from bot.store.reporting import BOUNDS, TALLY
from bot.store.sql import SqlStore
from tests.conftest import said
from tests.store.talk import HERE, THERE, asked, claim_one
from tests.web.filled import Filler

NOON = 1_790_000_000.0
GPT, LLAMA = "onemin/gpt-4o", "aiml/meta/llama-4"


async def tallies(store: Store, start: float = NOON, end: float = NOON + 60) -> dict[tuple[str, str, str], Tally]:
    """By platform, model and error."""
    found = await store.reporting.list_tallies(start, end)
    return {(tally.platform, tally.model or "", tally.error or ""): tally for tally in found}


async def test_turns_are_counted_by_platform_model_and_error(store: Store) -> None:
    filler = Filler(store)
    filler.turn(NOON, GPT)
    filler.turn(NOON + 1, GPT)
    filler.turn(NOON + 2, GPT, platform="telegram")
    filler.turn(NOON + 3, LLAMA, error="provider_slow")
    filler.turn(NOON + 4, LLAMA, error="provider_slow")
    filler.turn(NOON + 5, None, platform="discord", error="limit_reached")
    filler.turn(NOON + 6, None)
    await filler.write()
    found = await tallies(store)
    assert {key: (tally.turns, tally.last - NOON) for key, tally in found.items()} == {
        ("web", GPT, ""): (2, 1),
        ("telegram", GPT, ""): (1, 2),
        ("web", LLAMA, "provider_slow"): (2, 4),
        ("discord", "", "limit_reached"): (1, 5),
        ("web", "", ""): (1, 6),
    }


async def test_a_stretch_holds_its_beginning_and_not_its_end(store: Store) -> None:
    filler = Filler(store)
    for moment in (NOON - 0.5, NOON, NOON + 59.5, NOON + 60):
        filler.turn(moment)
    await filler.write()
    await store.intake.add(said())  # and what is not finished is in none
    assert sum(tally.turns for tally in (await tallies(store)).values()) == 2
    assert await store.reporting.list_tallies(NOON + 120, NOON + 180) == []


async def test_times_are_counted_in_classes_that_know_their_sum(store: Store) -> None:
    filler = Filler(store)
    for first_words, took in ((0.04, 1.0), (1.1, 4.0), (1.15, 4.2), (2000.0, 2000.0)):
        filler.turn(NOON, first_words=first_words, took=took)
    filler.turn(NOON)  # of this one no times are known
    await filler.write()
    tally = (await tallies(store))["web", GPT, ""]
    assert tally.turns == 5
    rounded = {key: (n, round(amount, 3)) for key, (n, amount) in tally.first_words.items()}
    assert rounded == {0: (1, 0.04), BOUNDS.index(1.2): (2, 2.25), len(BOUNDS): (1, 2000.0)}
    many, amount = tally.took[BOUNDS.index(4.7)]
    assert (many, round(amount, 3)) == (2, 8.2)


async def test_only_answers_that_went_well_have_times(store: Store) -> None:
    filler = Filler(store)
    filler.turn(NOON, error="provider_slow", first_words=1.0, took=240.0)
    filler.turn(NOON, None, took=30.0)  # a picture, which no model wrote
    await filler.write()
    assert all(not tally.first_words and not tally.took for tally in await store.reporting.list_tallies(NOON, NOON + 1))


async def test_what_the_bot_itself_answered_is_counted(store: Store) -> None:
    began = time.time()
    await store.intake.add(said(channel=str(THERE)))
    turn = await claim_one(store)
    await store.queue.save_result(turn, JobResult(text="a cat", model=GPT, usage=Usage(5), first_words=0.8, took=3.0))
    await store.queue.finish(turn)
    [tally] = await store.reporting.list_tallies(began - 1, time.time() + 1)
    assert (tally.platform, tally.model, tally.error, tally.turns) == ("telegram", GPT, None, 1)
    assert [amount for _, amount in tally.took.values()] == [3.0]


async def test_nothing_of_what_was_said_and_nobody_is_in_the_figures(store: Store) -> None:
    filler = Filler(store)
    filler.turn(NOON, platform="discord", credits=5)
    await filler.write()
    figures = [
        await store.reporting.list_tallies(NOON, NOON + 1),
        await store.reporting.list_spent_by_model(NOON, NOON + 1),
        await store.reporting.get_backlog(),
    ]
    assert "secret" not in repr(figures)
    assert "discord" in repr(figures)


async def test_what_each_model_took_is_added_up(store: Store) -> None:
    began = time.time()
    await asked(store, "one", "a", HERE, Usage(5, 6, 7, 0.25))
    turn = await asked(store, "two", "b", THERE, Usage(10, dollars=0.5))
    await store.ledger.settle(turn, 1, LLAMA, Usage(dollars=0.125))
    await store.ledger.settle(turn, 2, "vapi/free", Usage())
    [(mine, usage), *others] = sorted(
        (await store.reporting.list_spent_by_model(began, time.time() + 1)).items(), reverse=True
    )
    assert (mine, usage) == ("vapi/free", Usage())
    assert dict(others) == {"sandbox/gpt-4o": Usage(15, 6, 7, 0.75), LLAMA: Usage(dollars=0.125)}
    assert await store.reporting.list_spent_by_model(began - 60, began) == {}


async def test_who_waits_and_who_is_in_work_is_told_apart(store: Store) -> None:
    assert await store.reporting.get_backlog() == Backlog(0, 0)
    began = time.time()
    for channel in ("web:a", "web:b", "web:b", "web:c"):
        await store.intake.add(said(channel=channel))
    turn, *_ = await store.queue.claim(2)
    backlog = await store.reporting.get_backlog()
    assert (backlog.waiting, backlog.in_work) == (2, 2)
    assert backlog.oldest is not None
    assert began <= backlog.oldest <= time.time()
    await store.queue.finish(turn)
    assert await store.reporting.get_backlog() == replace(backlog, in_work=1)


async def test_nobody_waits_for_a_count(store: Store) -> None:
    assert isinstance(store, SqlStore)
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT MAX(i) FROM n"
    counting = asyncio.create_task(store.db.read_apart(endless))
    await asyncio.sleep(0.02)
    await store.intake.add(said())
    assert await store.queue.count_waiting() == 1
    assert not counting.done(), "it is over too soon to tell"
    await counting


async def test_only_the_turns_of_the_stretch_are_looked_at(sqlite: Store) -> None:
    assert isinstance(sqlite, SqlStore)
    plan = await sqlite.db.read(f"EXPLAIN QUERY PLAN {TALLY}", start=0, end=1)
    looked = [row["detail"] for row in plan if "turns" in row["detail"]]
    assert looked == ["SEARCH turns USING INDEX turns_expired (finished>? AND finished<?)"]
