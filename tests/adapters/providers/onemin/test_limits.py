"""No more requests in a minute than 1min.ai allows, and nobody jumps the queue."""

import asyncio

from adapters.providers.onemin.limits import Window
from adapters.providers.sandbox import Sandbox
from tests.adapters.providers.onemin.conftest import Client, photo, prompt, told


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
    window = Window(180, 60, clock=clock, sleep=clock.sleep)
    times = []
    for _ in range(1_000):
        await window.enter()
        times.append(clock.now)
        clock.now += 0.1

    assert all(later - earlier > 59.999 for earlier, later in zip(times, times[180:], strict=False))
    assert times[179] - times[0] < 18, "the first ones need not wait"
    assert times[-1] - times[0] < 60 * 6, "and nobody waits for longer than needed"


async def test_those_who_wait_go_in_the_order_they_came() -> None:
    clock = Clock()
    window = Window(2, 60, clock=clock, sleep=clock.sleep)
    order: list[int] = []

    async def enter(n: int) -> None:
        await window.enter()
        order.append(n)

    await asyncio.gather(*map(enter, range(9)))

    assert order == list(range(9))


async def test_who_leaves_the_line_takes_nobodys_place() -> None:
    window = Window(1, 0.2)
    await window.enter()
    first, second = (asyncio.create_task(window.enter()) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    started = asyncio.get_running_loop().time()
    await second

    assert asyncio.get_running_loop().time() - started < 0.2


async def test_every_call_but_the_list_of_models_counts(client: Client, sandbox: Sandbox) -> None:
    async with client(requests_per_minute=3) as onemin:
        thread = await onemin.begin(prompt().conversation, "cats")
        await told(onemin, prompt("What is it?", photo(), thread=thread))
        assert await onemin.models()
        waiting = asyncio.create_task(told(onemin, prompt()))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        waiting.cancel()

    assert [seen.path for seen in sandbox.seen].count("/api/chat-with-ai") == 1
