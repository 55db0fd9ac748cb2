"""Processes side by side: what they tell of themselves, and what one asks of another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.app import open_inbox
from bot.files.photos import PhotoIntake
from bot.intake.access import Access
from bot.messages import Author, WorkerProcess
from bot.operations.heartbeat import Heartbeat
from bot.ports import Store
from bot.turns.stops import Stops
from bot.turns.worker import Dispatcher
from tests.conftest import OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, make_worker, until


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[Dispatcher]:
    worker.store.coordination.stopped = worker.context.asker.stops.stop
    dispatcher = Dispatcher(
        worker.store.queue,
        worker.store.reporting,
        worker.store.coordination,
        worker.take,
        8,
        worker.metrics,
        tuple(worker.context.platforms),
    )
    running = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await dispatcher.stop(0.2)


async def test_a_process_tells_how_it_is_and_says_goodbye(sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operations.heartbeat.PAUSE", 0.02)
    flights = iter(range(100))

    async def describe() -> WorkerProcess:
        return WorkerProcess(name="here/1", started=0.0, in_flight=next(flights))

    telling = asyncio.create_task(Heartbeat(sqlite.coordination, describe).run())
    async with asyncio.timeout(30):
        while not (known := await sqlite.coordination.list_processes()) or known[0].in_flight < 2:
            await asyncio.sleep(0.01)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert await sqlite.coordination.list_processes() == []


async def test_a_stop_reaches_the_process_that_answers(
    reopen: OpenStore, store_url: str, platform: FakePlatform, photos: PhotoIntake
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    provider = FakeProvider(["I see ", 60.0, "never"])
    async with reopen() as working, reopen() as listening:
        inbox = open_inbox(listening, Access(listening.people), Stops())
        async with at_work(make_worker(working, platform, provider, photos)):
            await inbox.receive(said("what is this?"))
            await until(lambda: provider.prompts)
            await inbox.receive(said("/stop"))
            await until(lambda: provider.closed)
            async with asyncio.timeout(30):
                while await listening.queue.count_waiting():
                    await asyncio.sleep(0.01)
    assert len(provider.prompts) == 1
    assert "I see" in platform.reads()[0]


async def test_a_stop_that_comes_too_late_is_told(sqlite: Store) -> None:
    inbox = open_inbox(sqlite, Access(sqlite.people), Stops())
    await inbox.receive(said("/stop"))
    assert await sqlite.queue.count_waiting() == 1  # it became a turn, whose answer says that there was nothing to stop


async def test_several_processes_take_about_the_same_from_a_long_queue(
    reopen: OpenStore, store_url: str, photos: PhotoIntake
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    providers = [FakeProvider([0.2, "yes"]) for _ in range(2)]
    platforms = [FakePlatform() for _ in range(2)]
    async with reopen() as one, reopen() as other:
        for n in range(100):
            await one.intake.add(replace(said(str(n), f"web:{n}"), author=Author(str(n), "Ann")))
        workers = [
            make_worker(store, platform, provider, photos)
            for store, platform, provider in zip((one, other), platforms, providers, strict=True)
        ]
        async with at_work(workers[0]), at_work(workers[1]), asyncio.timeout(20):
            while await one.queue.count_waiting():
                await asyncio.sleep(0.05)
    asked = [len(provider.prompts) for provider in providers]
    assert sum(asked) == 100
    assert min(asked) >= 8
