"""How often something may happen."""

import asyncio
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import RateLimit
from bot.store import open_store
from bot.store.rate_limits import pass_through
from bot.store.sql import SqlStore
from tests.conftest import MODEL
from tests.doubles.postgres import Proxy, query
from tests.store.talk import table
from tests.store.test_postgres import url

__all__ = ["url"]  # the fixture


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
