"""What processes know of each other."""

import asyncio
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import JobResult, RateLimit, WorkerProcess
from bot.ports import Store
from bot.store import open_store
from bot.store.coordination import pass_through
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.doubles.postgres import Proxy, query
from tests.store.talk import table
from tests.store.test_postgres import url

GATE = RateLimit("telegram", 2, 60.0)
__all__ = ["url"]  # the fixture


def only_postgres(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("one process on one file")


async def test_what_a_process_tells_of_itself_is_known(store: Store) -> None:
    mine = WorkerProcess(
        name="here/1",
        started=5.0,
        listens=("telegram",),
        workers=4,
        in_flight=1,
        troubles={"telegram": "not connected yet"},
        breakers={"onemin/gpt": "open"},
    )
    began = time.time()
    await store.coordination.beat(mine)
    [known] = await store.coordination.list_processes()
    assert began <= known.seen <= time.time()
    assert (known.name, tuple(known.listens), known.troubles) == (mine.name, mine.listens, mine.troubles)
    assert known.breakers == mine.breakers
    await store.coordination.unregister()
    assert await store.coordination.list_processes() == []


async def test_a_process_that_fell_silent_is_forgotten(store: Store) -> None:
    await store.coordination.beat(WorkerProcess(name="here/1", started=5.0))
    await store.coordination.prune_stale(time.time() - 60)
    assert len(await store.coordination.list_processes()) == 1
    await store.coordination.prune_stale(time.time() + 1)
    assert await store.coordination.list_processes() == []


async def test_a_full_gate_tells_when_the_next_may_pass(store: Store) -> None:
    assert await store.coordination.acquire(GATE, 0) == 0
    assert await store.coordination.acquire(GATE, 0) == 0
    assert 59 < await store.coordination.acquire(GATE, 0) <= 60
    assert 59 < await store.coordination.acquire(GATE, 0) <= 60  # nothing was booked
    assert 59 < await store.coordination.acquire(GATE, 100) <= 60
    assert 59 < await store.coordination.acquire(GATE, 100) <= 60
    assert 119 < await store.coordination.acquire(GATE, 100) <= 120  # two were
    assert await store.coordination.acquire(RateLimit("discord", 2, 60.0), 0) == 0


async def test_processes_share_a_gate(reopen: OpenStore, store_url: str) -> None:
    only_postgres(store_url)
    async with reopen() as one, reopen() as other:
        pauses = await asyncio.gather(
            *(each.coordination.acquire(RateLimit("g", 10, 60.0), 0) for each in [one, other] * 10)
        )
    assert sum(pause == 0 for pause in pauses) == 10


async def test_whoever_answers_is_told_to_stop(reopen: OpenStore, store_url: str) -> None:
    only_postgres(store_url)
    async with reopen() as one, reopen() as other:
        stopped = asyncio.Queue[int]()
        one.coordination.stopped = stopped.put_nowait
        await other.intake.add(said())
        [turn] = await one.queue.claim(1)
        assert await other.coordination.request_stop(turn.conversation.id)
        assert await asyncio.wait_for(stopped.get(), 30) == turn.conversation.id
        assert not await other.coordination.request_stop(turn.conversation.id + 1)


async def test_a_stop_that_was_not_heard_is_found_with_the_next_renewal(store: Store) -> None:
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    assert list(await store.queue.renew_leases([turn.id])) == []
    assert await store.coordination.request_stop(turn.conversation.id)
    assert list(await store.queue.renew_leases([turn.id])) == [turn.conversation.id]


async def test_an_answer_that_is_whole_cannot_be_stopped(store: Store) -> None:
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    await store.queue.save_result(turn, JobResult(text="a cat", model=MODEL))
    assert not await store.coordination.request_stop(turn.conversation.id)
    await store.queue.finish(turn)
    assert not await store.coordination.request_stop(turn.conversation.id)


async def test_what_is_carried_is_there_for_everybody_until_it_is_put_down(store: Store) -> None:
    await store.blobs.put_blob("discord:1", b"a file")
    await store.blobs.put_blob("discord:1", b"the same file again")
    await store.blobs.put_blob("telegram:1", b"another")
    assert await store.blobs.get_blob("discord:1") == b"the same file again"
    assert await store.blobs.get_blob("discord:2") is None
    await store.blobs.delete_blobs("discord:", time.time() - 60)
    assert await store.blobs.get_blob("discord:1")
    await store.blobs.delete_blobs("discord:", time.time() + 1)
    assert await store.blobs.get_blob("discord:1") is None
    assert await store.blobs.get_blob("telegram:1") == b"another"


@given(st.integers(1, 5), st.lists(st.tuples(st.floats(0, 3), st.floats(0, 20)), max_size=60))
def test_no_window_holds_more_passes_than_it_may(most: int, arrivals: list[tuple[float, float]]) -> None:
    gate, now = RateLimit("g", most, 10.0), 1_000_000.0
    passed: list[float] = []
    good: list[float] = []
    for later, patience in arrivals:
        now += later
        pause, passed = pass_through(gate, passed, now, patience)
        if pause <= patience:
            good.append(now + pause)
    for first, last in zip(good, good[most:], strict=False):
        assert last - first > gate.seconds - 1e-6


async def test_two_processes_let_through_exactly_as_many_as_they_may(url: str) -> None:
    gate = RateLimit("g", 30, 60.0)
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other:
        for at_once in (2, 5, 50):
            await query(url, "DELETE FROM gates")
            gate = RateLimit(f"g{at_once}", 30, 60.0)
            pauses: list[float] = []
            for _ in range(100 // at_once):
                pauses += await asyncio.gather(
                    *(random.choice([one, other]).coordination.acquire(gate, 0) for _ in range(at_once))
                )
            assert sum(pause == 0 for pause in pauses) == 30
            assert all(50 < pause <= 60 for pause in pauses if pause)


async def test_who_is_patient_gets_a_place_of_his_own(url: str) -> None:
    gate = RateLimit("g", 2, 1.0)
    began = time.time()
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other:

        async def place(store: SqlStore) -> float:
            pause = await store.coordination.acquire(gate, 100)
            return time.time() + pause - began

        places = sorted(await asyncio.gather(*(place(store) for store in [one, other] * 20)))
    for first, third in zip(places, places[2:], strict=False):
        assert third - first > 0.9
    assert 18.9 < places[-1] < 21


async def test_a_refused_pass_is_judged_by_what_is_stored(url: str) -> None:
    gate = RateLimit("g", 1, 60.0)
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other:
        assert await one.coordination.acquire(gate, 0) == 0
        assert await other.coordination.acquire(gate, 100) > 59
        assert await one.coordination.acquire(gate, 0) > 59
        assert 119 < await one.coordination.acquire(gate, 200) <= 120
        await query(url, "DELETE FROM gates")
        assert await one.coordination.acquire(gate, 0) == 0


async def test_a_pass_whose_booking_was_not_answered_is_booked_once(url: str) -> None:
    gate, proxy = RateLimit("g", 2, 60.0), Proxy(url)
    async with proxy.running() as address, open_store(address, MODEL) as store:
        for _ in range(2):
            proxy.lose_answer(b"INTO gates")
            assert await store.coordination.acquire(gate, 0) == 0
        assert proxy.lost == 2
        assert await store.coordination.acquire(gate, 0) > 59


async def test_one_process_needs_one_statement_for_a_pass_and_no_flush(url: str) -> None:
    gate, proxy = RateLimit("g", 1000, 60.0), Proxy(url)
    async with proxy.running() as address, open_store(address, MODEL, direct=url) as store:
        await store.coordination.acquire(gate, 0)
        asked = proxy.asked
        for _ in range(20):
            await store.coordination.acquire(gate, 0)
        assert proxy.asked - asked == 20
        assert await store.db.read("SHOW synchronous_commit") == [{"synchronous_commit": "on"}]


async def test_gates_that_nobody_passes_any_more_are_deleted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_store(url, MODEL) as store:
        await store.coordination.acquire(RateLimit("old", 1, 1.0), 0)
        await query(url, "UPDATE gates SET last = last - 700")
        await store.coordination.acquire(RateLimit("new", 1, 1.0), 0)
        assert len(await table(store, "gates")) == 2  # not each time
        monkeypatch.setattr("bot.store.shared_rate_limiter.TIDYING", 0)
        await store.coordination.acquire(RateLimit("newer", 1, 1.0), 0)
        assert sorted(row["name"] for row in await table(store, "gates")) == ["new", "newer"]
