"""All processes together keep to what Discord allows a token."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.platforms.discord.places import Place
from adapters.platforms.discord.rest_pacing import RestPacing, best_effort
from bot.errors import Busy
from bot.messages import OutgoingPost
from bot.ports import Store
from tests.adapters.platforms.discord.pair import Pair, process
from tests.conftest import OpenStore
from tests.doubles.discord import GENERAL, TOKEN

MOST = 5
CHANNEL = "/api/v10/channels/1/messages"
FREE = ("/api/v10/interactions/1/token/callback", "/api/v10/webhooks/1/token/messages/@original")


class Discord:
    """Counts the calls of each address."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append((time.monotonic(), request.path))
        return web.Response()

    def came(self, n: int) -> float:
        """When the n-th call came, from 0."""
        return sorted(at for at, path in self.calls if path == CHANNEL)[n]


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    discord, app = Discord(), web.Application()
    app.router.add_route("*", "/{rest:.*}", discord.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    discord.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield discord
    await runner.cleanup()


@pytest.fixture
async def processes(reopen: OpenStore, store_url: str, discord: Discord) -> AsyncIterator[list[aiohttp.ClientSession]]:
    """Clients of several processes, as far as the store has room for several."""
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(3 if store_url.startswith("postgres") else 1):
            pace = RestPacing((await stack.enter_async_context(reopen())).coordination, TOKEN, MOST)
            clients.append(await stack.enter_async_context(aiohttp.ClientSession(trace_configs=[pace.trace()])))
        yield clients


async def call(client: aiohttp.ClientSession, url: str) -> None:
    async with client.post(url):
        pass


async def test_together_they_make_so_many_calls_a_second(
    discord: Discord, processes: list[aiohttp.ClientSession]
) -> None:
    begun = time.monotonic()
    await asyncio.gather(*(call(processes[n % len(processes)], discord.url + CHANNEL) for n in range(3 * MOST)))
    assert len(discord.calls) == 3 * MOST
    assert discord.came(MOST) > begun + 0.95  # on the way, calls can only become later
    assert discord.came(2 * MOST) > begun + 1.95


async def test_answers_to_interactions_do_not_count_and_do_not_wait(
    discord: Discord, processes: list[aiohttp.ClientSession]
) -> None:
    begun = time.monotonic()
    await asyncio.gather(*(call(processes[0], discord.url + path) for path in FREE * MOST))
    await asyncio.gather(*(call(processes[0], discord.url + CHANNEL) for _ in range(MOST)))
    assert time.monotonic() - begun < 1.9, "if all of them counted, it would be two seconds"
    assert len(discord.calls) == 3 * MOST


@pytest.fixture
def long_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second take three, so that a busy machine makes all calls within it."""
    monkeypatch.setattr("adapters.platforms.discord.rest_pacing.CALL_SECONDS", 3.0)


@pytest.mark.usefixtures("long_window")
async def test_what_can_be_missed_is_made_at_once_or_not_at_all(
    discord: Discord, processes: list[aiohttp.ClientSession]
) -> None:
    with best_effort():
        for n in range(MOST):
            await call(processes[n % len(processes)], discord.url + CHANNEL)
        for _ in range(3):
            with pytest.raises(Busy) as caught:
                await call(processes[0], discord.url + CHANNEL)
            pause = caught.value.retry_after or 0.0
            assert 0 < pause <= 3
        assert len(discord.calls) == MOST
        await asyncio.sleep(pause)
        async with asyncio.timeout(30):
            while len(discord.calls) == MOST:
                with suppress(Busy):
                    await call(processes[0], discord.url + CHANNEL)


async def test_what_must_not_be_missed_is_told_when_it_would_take_too_long(
    discord: Discord, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.platforms.discord.rest_pacing.MAX_WAIT", 0.1)
    pace = RestPacing(sqlite.coordination, TOKEN, 1)
    async with aiohttp.ClientSession(trace_configs=[pace.trace()]) as client:
        await call(client, discord.url + CHANNEL)
        with pytest.raises(Busy):
            await call(client, discord.url + CHANNEL)


async def test_a_store_that_is_away_stops_no_call(discord: Discord, reopen: OpenStore) -> None:
    async with reopen() as store:
        pace = RestPacing(store.coordination, TOKEN, MOST)
    async with aiohttp.ClientSession(trace_configs=[pace.trace()]) as client:
        await call(client, discord.url + CHANNEL)
    assert len(discord.calls) == 1


async def test_a_growing_answer_gives_way_when_all_calls_are_used(pair: Pair, sqlite: Store, tmp_path: Path) -> None:
    channel = Place(GENERAL).channel
    async with process(pair.discord, sqlite, tmp_path, max_calls=4) as bot:  # two of them let it log in
        post = await bot.send(channel, OutgoingPost(text="a", is_partial=True))
        await bot.edit(channel, post, OutgoingPost(text="a c", is_partial=True))
        with pytest.raises(Busy):
            await bot.edit(channel, post, OutgoingPost(text="a ca", is_partial=True))
        assert await bot.edit(channel, post, OutgoingPost(text="a cat")) == post
    assert pair.discord.reads() == ["a cat"]


# sessions


async def test_sessions_begin_one_after_the_other_whichever_process_begins_them(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.platforms.discord.rest_pacing.SESSION_SECONDS", 0.3)
    begun: list[float] = []

    async def begin(pace: RestPacing, shard: int, at_once: int = 1) -> None:
        await pace.wait_for_session(shard, at_once)
        begun.append(time.monotonic())

    async with AsyncExitStack() as stack:
        stores = [
            await stack.enter_async_context(reopen()) for _ in range(2 if store_url.startswith("postgres") else 1)
        ]
        paces = [RestPacing(store.coordination, TOKEN) for store in stores]
        start = time.monotonic()
        await asyncio.gather(*(begin(paces[shard % len(paces)], shard) for shard in range(4)))
        assert all(at - start > 0.3 * n - 0.02 for n, at in enumerate(begun))  # whoever wakes late only begins later
        await asyncio.sleep(0.3)
        begun.clear()
        await asyncio.gather(*(begin(paces[0], shard, at_once=4) for shard in range(4)))
        assert max(begun) - min(begun) < 0.8, "one after the other, it would be 0.9"


async def test_a_connection_that_would_wait_too_long_is_given_up_at_once(sqlite: Store) -> None:
    pace = RestPacing(sqlite.coordination, TOKEN)
    await pace.wait_for_session(0, 1)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        await pace.wait_for_session(1, 1, patience=2)
    assert time.monotonic() - begun < 2


# what it costs


async def test_what_a_pass_costs(
    discord: Discord, reopen: OpenStore, store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    took: dict[str, float] = {}
    async with reopen() as store, AsyncExitStack() as stack:
        trace = RestPacing(store.coordination, TOKEN, 100_000).trace()
        bare = await stack.enter_async_context(aiohttp.ClientSession())
        held = await stack.enter_async_context(aiohttp.ClientSession(trace_configs=[trace]))
        for name, client in [("without", bare), ("with", held)] * 2:  # the first time, connections are made
            begun = time.perf_counter()
            for _ in range(40):
                await call(client, discord.url + CHANNEL)
            took[name] = (time.perf_counter() - begun) / 40 * 1000
        begun = time.perf_counter()
        await asyncio.gather(*(call(held, discord.url + CHANNEL) for _ in range(40)))
        took["all"] = (time.perf_counter() - begun) * 1000
    kind = store_url.partition(":")[0]
    with capsys.disabled():
        print(
            f"\n{kind}: a call of {took['without']:.1f} ms takes {took['with']:.1f} ms through the gate; "
            f"40 at once {took['all']:.0f} ms"
        )
    assert len(discord.calls) == 200
