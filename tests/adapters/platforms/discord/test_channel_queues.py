"""One thing after the other in each channel, and the channels side by side."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from adapters.platforms.discord.channel_queues import ChannelQueues, retry_until_done
from bot.errors import Busy

HERE, THERE = 1, 2


@pytest.fixture
async def lines() -> AsyncIterator[ChannelQueues]:
    lines = ChannelQueues()
    yield lines
    await lines.close()


class Diary:
    """What was done, in the order in which it was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.troubles: list[Exception] = []

    async def write(self, text: str, seconds: float = 0) -> None:
        await asyncio.sleep(seconds)
        self.done.append(text)

    async def fail(self, text: str) -> None:
        if self.troubles:
            self.done.append(f"{text} fails")
            raise self.troubles.pop(0)
        self.done.append(text)

    async def until(self, *texts: str, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while not set(texts) <= set(self.done):
                await asyncio.sleep(0.001)


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def test_a_channel_keeps_its_order_however_long_each_thing_takes(lines: ChannelQueues, diary: Diary) -> None:
    for n in range(20):
        lines.put(HERE, partial(diary.write, str(n), 0.02 if n % 3 == 0 else 0))
    await diary.until("19")
    assert diary.done == [str(n) for n in range(20)]


async def test_what_comes_while_the_last_thing_is_in_work_waits_for_it(lines: ChannelQueues, diary: Diary) -> None:
    lines.put(HERE, partial(diary.write, "slow", 0.05))
    await asyncio.sleep(0.01)
    lines.put(HERE, partial(diary.write, "quick"))
    await diary.until("quick")
    assert diary.done == ["slow", "quick"]


async def test_a_line_that_has_ended_begins_again(lines: ChannelQueues, diary: Diary) -> None:
    lines.put(HERE, partial(diary.write, "first"))
    await diary.until("first")
    await asyncio.sleep(0.01)
    lines.put(HERE, partial(diary.write, "second"))
    await diary.until("second")
    assert diary.done == ["first", "second"]


async def test_channels_do_not_wait_for_each_other(lines: ChannelQueues, diary: Diary) -> None:
    never = asyncio.Event()

    async def waits() -> None:
        await never.wait()

    lines.put(HERE, waits)
    for n in range(3):
        lines.put(THERE, partial(diary.write, str(n)))
    await diary.until("2")
    assert diary.done == ["0", "1", "2"]


async def test_many_channels_are_served_at_the_same_time(lines: ChannelQueues, diary: Diary) -> None:
    begun = time.monotonic()
    for channel in range(100):
        lines.put(channel, partial(diary.write, str(channel), 0.1))
    await diary.until(*map(str, range(100)))
    assert time.monotonic() - begun < 5, "a tenth of a second each"


async def test_what_fails_is_tried_again_and_holds_up_its_own_line_alone(lines: ChannelQueues, diary: Diary) -> None:
    diary.troubles = [OSError("the disk is full")]
    lines.put(HERE, partial(diary.fail, "first"))
    lines.put(HERE, partial(diary.write, "second"))
    lines.put(THERE, partial(diary.write, "elsewhere"))
    await diary.until("elsewhere", "first fails")
    assert "second" not in diary.done
    await diary.until("second")
    assert [text for text in diary.done if text != "elsewhere"] == ["first fails", "first", "second"]


async def test_what_goes_on_failing_is_tried_less_and_less_often(diary: Diary) -> None:
    diary.troubles = [Busy("discord_unreachable"), RuntimeError("a bug")]
    begun = time.monotonic()
    await retry_until_done(partial(diary.fail, "it"))
    assert diary.done == ["it fails", "it fails", "it"]
    assert time.monotonic() - begun > 2.2  # a second, then two, each a quarter shorter at most


async def test_at_the_end_what_takes_a_moment_is_done_and_the_rest_is_left(diary: Diary) -> None:
    lines = ChannelQueues()
    diary.troubles = [OSError("away")] * 10
    lines.put(HERE, partial(diary.write, "slow", 0.05))
    lines.put(HERE, partial(diary.write, "after it"))
    lines.put(HERE, partial(diary.write, "too slow", 60))
    lines.put(THERE, partial(diary.fail, "failing"))
    await lines.close()
    assert {"slow", "after it"} < set(diary.done)
    assert {"too slow", "failing"}.isdisjoint(diary.done)
    assert len(asyncio.all_tasks()) == 1


async def test_the_end_takes_no_longer_than_what_is_in_line(
    lines: ChannelQueues, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.platforms.discord.channel_queues.CLOSE_TIMEOUT", 60.0)
    lines.put(HERE, partial(diary.write, "quick"))
    begun = time.monotonic()
    await lines.close()
    assert time.monotonic() - begun < 30
    assert diary.done == ["quick"]


async def test_a_line_can_be_ended_before_it_began() -> None:
    await ChannelQueues().close()
