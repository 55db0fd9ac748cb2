"""No more requests in a minute than 1min.ai allows, and nobody jumps the queue."""

import asyncio

import pytest

from adapters.providers.onemin.request_limiter import RequestLimiter
from bot.errors import Refused
from bot.messages import RateLimit
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, Cloakroom, photo, prompt, told


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def test_no_minute_sees_more_than_allowed() -> None:
    clock = Clock()
    window = RequestLimiter(Cloakroom(clock=clock).acquire, RateLimit("g", 180, 60), sleep=clock.sleep)
    times = []
    for _ in range(1_000):
        await window.acquire()
        times.append(clock.now)
        clock.now += 0.1

    assert all(later - earlier > 59.999 for earlier, later in zip(times, times[180:], strict=False))
    assert times[179] - times[0] < 18, "the first ones need not wait"
    assert times[-1] - times[0] < 60 * 6, "and nobody waits for longer than needed"


async def test_those_who_wait_go_in_the_order_they_came() -> None:
    clock = Clock()
    window = RequestLimiter(Cloakroom(clock=clock).acquire, RateLimit("g", 2, 60), sleep=clock.sleep)
    order: list[int] = []

    async def enter(n: int) -> None:
        await window.acquire()
        order.append(n)

    await asyncio.gather(*map(enter, range(9)))

    assert order == list(range(9))


async def test_who_leaves_the_line_takes_nobodys_place() -> None:
    window = RequestLimiter(Cloakroom().acquire, RateLimit("g", 1, 0.2))
    await window.acquire()
    first, second = (asyncio.create_task(window.acquire()) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    started = asyncio.get_running_loop().time()
    await second

    assert asyncio.get_running_loop().time() - started < 0.2


async def test_every_call_but_the_list_of_models_counts(client: Client, emulator: Emulator) -> None:
    async with client(requests_per_minute=3) as onemin:
        thread = await onemin.begin(prompt().conversation, "cats")
        await told(onemin, prompt("What is it?", photo(), thread=thread))
        assert await onemin.models()
        waiting = asyncio.create_task(told(onemin, prompt()))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()

    assert [seen.path for seen in emulator.seen].count("/api/chat-with-ai") == 1


async def test_processes_share_what_the_account_may_ask_and_none_of_them_starves() -> None:
    clock = Clock()
    gate = Cloakroom(clock=clock)
    here, there = (RequestLimiter(gate.acquire, RateLimit("g", 4, 60), sleep=clock.sleep) for _ in range(2))
    came: list[tuple[float, RequestLimiter]] = []

    async def enter(window: RequestLimiter) -> None:
        await window.acquire()
        came.append((clock.now, window))

    await asyncio.gather(*(enter(window) for _ in range(20) for window in (here, there)))

    times = [at for at, _ in came]
    assert all(later - earlier > 59.999 for earlier, later in zip(times, times[4:], strict=False))
    first_half = [window for _, window in came[:20]]
    assert min(first_half.count(here), first_half.count(there)) >= 5


async def test_clients_with_one_key_count_together_and_another_key_counts_alone(client: Client) -> None:
    limit = {"requests_per_minute": 2}
    async with client(**limit) as one, client(**limit) as other, client(key="another", **limit) as stranger:
        await one.begin(prompt().conversation, "cats")
        await other.begin(prompt().conversation, "cats")
        waiting = asyncio.create_task(other.begin(prompt().conversation, "cats"))
        with pytest.raises(Refused):  # the emulator does not know that key
            await stranger.begin(prompt().conversation, "cats")
        assert not waiting.done()
        waiting.cancel()


async def test_where_nobody_counts_nothing_is_booked(client: Client, cloakroom: Cloakroom) -> None:
    async with client(requests_per_minute=None) as onemin:
        await onemin.begin(prompt().conversation, "cats")
    assert not cloakroom.passed
