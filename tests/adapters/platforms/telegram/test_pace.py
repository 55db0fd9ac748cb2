"""Telegram's limits are kept, whoever wants to speak, and the whole text comes first."""

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from typing import Any

import pytest

from adapters.platforms.telegram.pace import IDLE, PATIENCE, Limits, Pace
from bot.errors import Busy

GROUP, ANN, BOB = -1001, 42, 43


class FakeClock:
    """Time that passes only when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), alarm))
        await alarm

    async def run(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        """Let all of it happen, and return what came of it."""
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, alarm = heapq.heappop(self._sleepers)
                alarm.set_result(None)
        return [task.exception() or task.result() for task in tasks]


class Speaker:
    """Says things and writes down when."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = FakeClock()
        self.pace = Pace(limits, self.clock)
        self.said: list[tuple[float, int, str]] = []

    async def whole(self, chat: int, text: str = "", error: Exception | None = None) -> None:
        async with self.pace.whole(chat):
            self._say(chat, text, error)

    async def growing(self, chat: int, text: str = "", error: Exception | None = None) -> None:
        async with self.pace.growing(chat):
            self._say(chat, text, error)

    def _say(self, chat: int, text: str, error: Exception | None) -> None:
        self.said.append((self.clock.now - 1000, chat, text))
        if error:
            raise error

    def times(self, chat: int | None = None) -> list[float]:
        return [round(at, 3) for at, spoken, _ in self.said if chat in (None, spoken)]


async def test_a_private_chat_hears_from_us_every_1_1_seconds() -> None:
    speaker = Speaker()
    await speaker.clock.run(*(speaker.whole(ANN, str(n)) for n in range(4)))
    assert speaker.times() == [0, 1.1, 2.2, 3.3]
    assert [text for _, _, text in speaker.said] == ["0", "1", "2", "3"], "in the order of asking"


async def test_a_group_hears_from_us_every_3_1_seconds() -> None:
    speaker = Speaker()
    await speaker.clock.run(*(speaker.whole(GROUP) for _ in range(3)))
    assert speaker.times() == [0, 3.1, 6.2]


async def test_chats_do_not_wait_for_each_other() -> None:
    speaker = Speaker()
    await speaker.clock.run(speaker.whole(ANN), speaker.whole(BOB), speaker.whole(GROUP))
    assert speaker.times() == [0, 0, 0]


async def test_a_group_never_hears_more_than_twenty_times_a_minute() -> None:
    speaker = Speaker(Limits(group=0.1))
    results = await speaker.clock.run(*(speaker.whole(GROUP) for _ in range(25)))
    assert len(speaker.said) == 20
    assert all(isinstance(result, Busy) and 50 < (result.retry_after or 0) <= 60 for result in results[20:])


async def test_growing_text_leaves_room_for_whole_text_in_a_group() -> None:
    speaker = Speaker(Limits(group=0, overall=1000))
    results = await speaker.clock.run(*(speaker.growing(GROUP) for _ in range(20)))
    assert sum(isinstance(result, Busy) for result in results) == 4
    await speaker.clock.run(*(speaker.whole(GROUP) for _ in range(4)))
    assert len(speaker.said) == 20


async def test_all_chats_together_hear_thirty_messages_a_second() -> None:
    speaker = Speaker()
    await speaker.clock.run(*(speaker.whole(chat) for chat in range(1, 301)))
    times = speaker.times()
    assert len(times) == 300
    assert all(later - earlier >= 0.999 for earlier, later in zip(times, times[30:], strict=False))
    assert times[-1] == pytest.approx(9)


async def test_growing_text_is_turned_away_instead_of_growing_stale() -> None:
    speaker = Speaker()
    await speaker.growing(ANN, "a")
    with pytest.raises(Busy) as caught:
        await speaker.growing(ANN, "a c")
    assert caught.value.retry_after == pytest.approx(1.1)
    speaker.clock.now += 1.1
    await speaker.growing(ANN, "a cat")
    assert [text for _, _, text in speaker.said] == ["a", "a cat"]


async def test_whole_text_goes_before_growing_text() -> None:
    speaker = Speaker()
    await speaker.whole(ANN)
    waiting = asyncio.ensure_future(speaker.whole(ANN, "whole"))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await speaker.growing(ANN, "growing")
    await speaker.clock.run(waiting)  # type: ignore[arg-type]
    assert [text for _, _, text in speaker.said] == ["", "whole"]


async def test_growing_text_and_typing_give_way_when_the_bot_as_a_whole_is_busy() -> None:
    speaker = Speaker()
    for chat in range(1, 20):
        await speaker.whole(chat)
    with pytest.raises(Busy):
        await speaker.growing(ANN)
    assert not speaker.pace.spare(ANN)
    await speaker.whole(ANN, "but this")
    assert speaker.said[-1][2] == "but this"


async def test_a_chat_that_asks_for_silence_gets_it_alone() -> None:
    speaker = Speaker()
    with pytest.raises(Busy):
        await speaker.whole(ANN, error=Busy("telegram_slow_down", retry_after=5))
    assert not speaker.pace.spare(ANN)
    assert speaker.pace.spare(BOB)
    await speaker.clock.run(speaker.whole(ANN), speaker.whole(BOB))
    assert (speaker.times(ANN), speaker.times(BOB)) == ([0, 5], [0])


async def test_a_long_silence_sends_the_turn_back_to_the_store() -> None:
    speaker = Speaker()
    with pytest.raises(Busy):
        await speaker.whole(ANN, error=Busy("telegram_slow_down", retry_after=300))
    with pytest.raises(Busy) as caught:
        await speaker.whole(ANN)
    assert caught.value.retry_after == pytest.approx(300)
    assert len(speaker.said) == 1
    assert PATIENCE < 300


async def test_somebody_who_gives_up_waiting_does_not_stop_those_behind() -> None:
    speaker = Speaker()
    await speaker.whole(ANN)
    impatient = asyncio.ensure_future(speaker.whole(ANN, "impatient"))
    await asyncio.sleep(0)
    behind = asyncio.ensure_future(speaker.whole(ANN, "behind"))
    await asyncio.sleep(0)
    impatient.cancel()
    speaker.clock._sleepers.clear()
    await speaker.clock.run(behind)  # type: ignore[arg-type]
    assert speaker.times() == [0, 1.1]


async def test_chats_at_rest_are_forgotten() -> None:
    speaker = Speaker(Limits(overall=10_000))
    for chat in range(1, IDLE * 3):
        await speaker.whole(chat)
        speaker.clock.now += 1
    assert len(speaker.pace._lines) <= IDLE
