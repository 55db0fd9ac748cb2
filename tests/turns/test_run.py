"""The one shape of a job: what was stored before a crash is only shown after it, and nobody pays twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import JobResult, Spent
from bot.ports import Store
from bot.turns.worker import Worker
from bot.words import say
from tests.conftest import OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import FakeStudio
from tests.doubles.work import drain, hear, make_worker, ripen, taken


@pytest.fixture
def studio(provider: FakeProvider) -> FakeStudio:
    studio = provider.media = FakeStudio()
    return studio


@asynccontextmanager
async def crashed(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, words: str
) -> AsyncIterator[tuple[Worker, Spent]]:
    """A process after one that did the work and could show nothing of it; with it, what had been spent then."""
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said("first"))
        turn = await taken(worker, said(words))
        platform.troubles = [ZeroDivisionError() for _ in range(20)]  # the platform is lost to it
        await worker.take(turn)
        await ripen(store)
        spent = await store.ledger.get_spent(0)
    platform.troubles = []
    async with reopen() as store:
        yield make_worker(store, platform, provider, photos), spent


@pytest.mark.parametrize("words", ["second", "/retry", "/compare gpt-4o gpt-4o-mini", "/imagine a house", "/speak 1"])
async def test_after_a_crash_nothing_is_asked_or_paid_twice(
    reopen: OpenStore,
    platform: FakePlatform,
    provider: FakeProvider,
    photos: PhotoIntake,
    studio: FakeStudio,
    words: str,
) -> None:
    async with crashed(reopen, platform, provider, photos, words) as (worker, spent):
        worked = len(provider.prompts) + len(studio.orders) + len(studio.spoken)
        seen = len(platform.reads())
        await drain(worker)
        assert len(provider.prompts) + len(studio.orders) + len(studio.spoken) == worked
        assert await worker.store.ledger.get_spent(0) == spent
        assert await worker.store.queue.count_waiting() == 0
        assert len(platform.reads()) > seen or words == "/retry"  # which is shown in the posts of the first answer
        turn = await worker.store.turns.get_turn(2)
        assert turn is not None and turn.result is not None and not turn.result.has_failed


async def test_an_answer_that_is_paid_for_outlasts_a_platform_that_is_away(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos)
    platform.troubles = [Busy("discord_unreachable") for _ in range(40)]  # each try takes one or two of them
    await hear(worker, said("what is this?"))
    for _ in range(40):
        if platform.reads() or not await sqlite.queue.count_waiting():
            break
        await ripen(sqlite)
        await drain(worker)
    assert platform.reads() == ["a cat"]
    assert len(provider.prompts) == 1, "and is asked for once"


async def test_a_failure_is_still_one_after_a_crash(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    provider.script = [["a cat"], [Refused("provider_failed")]]
    async with crashed(reopen, platform, provider, photos, "second") as (worker, _):
        await drain(worker)
        turn = await worker.store.turns.get_turn(2)
        assert turn is not None and turn.result is not None
        assert turn.result.outcome == "provider_failed"
        assert platform.reads()[-1] == f"⚠️ {say('provider_failed')}"
        assert [tally.error for tally in await worker.store.reporting.list_tallies(0, 9e12) if tally.error] == [
            "provider_failed"
        ]


async def test_a_result_is_stored_and_read_whole(store: Store) -> None:
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    result = JobResult(text="words", model="sandbox/gpt-4o", notes=("a note",), ending="⏹", first_words=0.5, took=1.0)
    await store.queue.save_result(turn, result)
    found = await store.turns.get_turn(turn.id)
    assert found is not None and found.result == result
    assert found.result.shown == "_a note_\n\nwords\n\n⏹"
