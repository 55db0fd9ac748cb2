"""A list of models is there at once; only the very first callers wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.providers import model_cache as shelves
from adapters.providers.model_cache import MAX_AGE, ModelListCache
from bot.errors import Busy
from bot.util.retry import MODEL_LIST


class Source:
    """A list that changes, breaks and hangs on command."""

    def __init__(self) -> None:
        self.now, self.asked = 0.0, 0
        self.trouble: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self) -> Sequence[str]:
        self.asked += 1
        n = self.asked
        await self.open.wait()
        if self.trouble is not None:
            raise self.trouble
        return [f"list {n}"]


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def shelf(source: Source) -> AsyncIterator[ModelListCache[str]]:
    shelf = ModelListCache(source, clock=lambda: source.now)
    yield shelf
    await shelf.close()


async def settled(shelf: ModelListCache[str]) -> None:
    async with asyncio.timeout(30):
        while shelf._fetching is not None:
            await asyncio.sleep(0)


async def test_the_first_callers_wait_for_one_and_the_same_list(source: Source, shelf: ModelListCache[str]) -> None:
    assert list(shelf.cached) == []
    lists = await asyncio.gather(*(shelf.models() for _ in range(5)))

    assert lists == [["list 1"]] * 5
    assert source.asked == 1


async def test_an_old_list_is_handed_out_at_once_while_a_new_one_is_on_its_way(
    source: Source, shelf: ModelListCache[str]
) -> None:
    await shelf.models()
    source.now = MAX_AGE - 1
    assert await shelf.models() == ["list 1"]
    assert source.asked == 1
    source.now = MAX_AGE
    source.open.clear()

    assert await shelf.models() == ["list 1"]
    assert await shelf.models() == ["list 1"]
    source.open.set()
    await settled(shelf)
    assert await shelf.models() == shelf.cached == ["list 2"]
    assert source.asked == 2


async def test_an_old_list_is_better_than_none_and_who_just_failed_is_not_asked_at_once(
    source: Source, shelf: ModelListCache[str]
) -> None:
    await shelf.models()
    source.now, source.trouble = MAX_AGE, Busy("provider_unreachable")
    await shelf.models()
    await settled(shelf)
    assert await shelf.models() == ["list 1"]
    assert source.asked == 2

    source.now, source.trouble = MAX_AGE + MODEL_LIST.first, None
    await shelf.models()
    await settled(shelf)
    assert await shelf.models() == ["list 3"]


async def test_what_is_shipped_stands_in_where_there_never_was_a_list(source: Source) -> None:
    source.trouble = Busy("provider_unreachable")
    shelf = ModelListCache(source, lambda: ["shipped"], clock=lambda: source.now)

    assert await shelf.models() == ["shipped"]
    source.now, source.trouble = MODEL_LIST.first, None
    assert await shelf.models() == ["shipped"]
    await settled(shelf)
    assert await shelf.models() == ["list 2"]


async def test_with_nothing_shipped_the_list_is_empty(source: Source, shelf: ModelListCache[str]) -> None:
    source.trouble = Busy("provider_unreachable")

    assert list(await shelf.models()) == []
    assert list(await shelf.models()) == []
    assert source.asked == 1


async def test_nobody_waits_forever(
    source: Source, shelf: ModelListCache[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "MODEL_LIST", replace(MODEL_LIST, timeout=0.02))
    source.open.clear()

    async with asyncio.timeout(30):
        assert list(await shelf.models()) == []


async def test_who_stops_waiting_leaves_the_list_to_the_others(source: Source, shelf: ModelListCache[str]) -> None:
    source.open.clear()
    first, second = (asyncio.create_task(shelf.models()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    source.open.set()

    assert await second == ["list 1"]
    assert first.cancelled()


async def test_a_bug_in_reading_a_list_is_logged_and_hurts_nobody(source: Source, shelf: ModelListCache[str]) -> None:
    source.trouble = KeyError("id")

    with capture_logs() as logs:
        assert list(await shelf.models()) == []

    assert [line["log_level"] for line in logs] == ["error"]


async def test_closing_stops_what_is_under_way(source: Source) -> None:
    shelf = ModelListCache(source)
    source.open.clear()
    waiting = asyncio.create_task(shelf.models())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await shelf.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await shelf.close()
