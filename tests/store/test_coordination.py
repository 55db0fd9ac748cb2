"""What processes know of each other."""

import asyncio
import time

import pytest

from bot.messages import JobResult, RateLimit, WorkerProcess
from bot.ports import Store
from tests.conftest import MODEL, OpenStore, said

GATE = RateLimit("telegram", 2, 60.0)


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
