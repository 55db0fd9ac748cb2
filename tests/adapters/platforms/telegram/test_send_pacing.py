"""Telegram's limits are kept, whoever wants to speak, and the whole text comes first."""

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from adapters.platforms.telegram.send_pacing import MAX_CHATS, MAX_WAIT, Acquire, SendLimits, SendPacing
from bot.errors import Busy
from bot.messages import RateLimit
from bot.store.coordination import LocalRateLimiter
from tests.doubles.telegram_limits import FloodLimits

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

    def __init__(
        self, limits: SendLimits | None = None, *, clock: FakeClock | None = None, admit: Acquire | None = None
    ) -> None:
        self.clock = clock or FakeClock()
        self.pace = SendPacing(limits, self.clock, acquire=admit)
        self.said: list[tuple[float, int, str]] = []

    async def whole(self, chat: int, text: str = "", error: Exception | None = None) -> None:
        async with self.pace.whole_text(chat):
            self._say(chat, text, error)

    async def growing(self, chat: int, text: str = "", error: Exception | None = None) -> None:
        async with self.pace.partial_text(chat):
            self._say(chat, text, error)

    def _say(self, chat: int, text: str, error: Exception | None) -> None:
        self.said.append((self.clock.now - 1000, chat, text))
        if error:
            raise error

    def times(self, chat: int | None = None) -> list[float]:
        return [round(at, 3) for at, spoken, _ in self.said if chat in (None, spoken)]


async def test_a_private_chat_hears_three_things_at_once_and_then_one_every_1_1_seconds() -> None:
    speaker = Speaker()
    await speaker.clock.run(*(speaker.whole(ANN, str(n)) for n in range(5)))
    assert speaker.times() == [0, 0, 0, 1.1, 2.2]
    assert [text for _, _, text in speaker.said] == ["0", "1", "2", "3", "4"], "in the order of asking"


async def test_a_group_hears_three_things_at_once_and_then_one_every_3_1_seconds() -> None:
    speaker = Speaker()
    await speaker.clock.run(*(speaker.whole(GROUP) for _ in range(5)))
    assert speaker.times() == [0, 0, 0, 3.1, 6.2]


@pytest.mark.parametrize("chat", [ANN, GROUP])
async def test_the_end_of_an_answer_is_never_late_however_it_grew(chat: int) -> None:
    speaker = Speaker()
    for n in range(400):
        speaker.clock.now += 0.05
        with suppress(Busy):
            await speaker.growing(chat, f"{n}")
    assert len(speaker.said) > 4
    said_at = speaker.clock.now
    await speaker.clock.run(speaker.whole(chat, "the whole"))
    assert speaker.clock.now == said_at


@pytest.mark.parametrize("chat", [ANN, GROUP])
async def test_on_average_no_more_is_said_than_telegram_allows(chat: int) -> None:
    speaker = Speaker()
    for _ in range(40):
        for _ in range(30):
            speaker.clock.now += 0.1
            with suppress(Busy):
                await speaker.growing(chat)
        await asyncio.gather(speaker.clock.run(speaker.whole(chat)), return_exceptions=True)
    most = 20 if chat < 0 else 60 / 1.1 + 3
    times = speaker.times()
    assert all(sum(start <= at < start + 60 for at in times) <= most for start in times)


async def test_chats_do_not_wait_for_each_other() -> None:
    speaker = Speaker()
    await speaker.clock.run(speaker.whole(ANN), speaker.whole(BOB), speaker.whole(GROUP))
    assert speaker.times() == [0, 0, 0]


async def test_a_group_never_hears_more_than_twenty_times_a_minute() -> None:
    speaker = Speaker(SendLimits(group=0.1))
    results = await speaker.clock.run(*(speaker.whole(GROUP) for _ in range(25)))
    assert len(speaker.said) == 20
    assert all(isinstance(result, Busy) and 50 < (result.retry_after or 0) <= 60 for result in results[20:])


async def test_growing_text_leaves_room_for_whole_text_in_a_group() -> None:
    speaker = Speaker(SendLimits(group=0, overall=1000))
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
    await speaker.growing(ANN, "a c")
    with pytest.raises(Busy) as caught:
        await speaker.growing(ANN, "a ca")
    assert caught.value.retry_after == pytest.approx(1.1)
    speaker.clock.now += 1.1
    await speaker.growing(ANN, "a cat")
    assert [text for _, _, text in speaker.said] == ["a", "a c", "a cat"]


async def test_whole_text_goes_before_growing_text() -> None:
    speaker = Speaker(SendLimits(burst=1, spare=0))
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
    assert not speaker.pace.has_room(ANN)
    await speaker.whole(ANN, "but this")
    assert speaker.said[-1][2] == "but this"


async def test_a_chat_that_asks_for_silence_gets_it_alone() -> None:
    speaker = Speaker()
    with pytest.raises(Busy):
        await speaker.whole(ANN, error=Busy("telegram_slow_down", retry_after=5))
    assert not speaker.pace.has_room(ANN)
    assert speaker.pace.has_room(BOB)
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
    assert MAX_WAIT < 300


async def test_somebody_who_gives_up_waiting_does_not_stop_those_behind() -> None:
    speaker = Speaker(SendLimits(burst=1))
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
    speaker = Speaker(SendLimits(overall=10_000))
    for chat in range(1, MAX_CHATS * 3):
        await speaker.whole(chat)
        speaker.clock.now += 1
    assert len(speaker.pace._queues) <= MAX_CHATS


class Fleet:
    """Gates that all speakers share, and a list of those that were asked."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.gates = LocalRateLimiter(self.clock.time)
        self.asked: list[RateLimit] = []

    async def admit(self, gate: RateLimit, patience: float) -> float:
        self.asked.append(gate)
        return await self.gates.acquire(gate, patience)

    def speaker(self, limits: SendLimits | None = None) -> Speaker:
        return Speaker(limits, clock=self.clock, admit=self.admit)


def together(*speakers: Speaker) -> list[float]:
    return sorted(at for speaker in speakers for at in speaker.times())


async def test_all_processes_together_say_thirty_things_a_second() -> None:
    fleet = Fleet()
    three = [fleet.speaker() for _ in range(3)]
    await fleet.clock.run(*(three[chat % 3].whole(chat) for chat in range(1, 121)))
    times = together(*three)
    assert len(times) == 120
    assert all(later - earlier >= 0.999 for earlier, later in zip(times, times[30:], strict=False))
    assert times[-1] == pytest.approx(3)


async def test_topics_of_a_group_that_are_answered_by_several_processes_share_its_pace() -> None:
    fleet = Fleet()
    three = [fleet.speaker() for _ in range(3)]
    results = await fleet.clock.run(*(three[n % 3].whole(GROUP) for n in range(24)))
    assert all(isinstance(result, Busy) for result in results if result), "what has to wait long goes back to the store"
    assert len(together(*three)) == results.count(None) == 20, "and no more in this minute"


async def test_growing_text_leaves_the_group_to_the_whole_text_of_another_process() -> None:
    fleet = Fleet()
    limits = SendLimits(group_minute=3, group_spare=2)
    here, there = fleet.speaker(limits), fleet.speaker(limits)
    await here.growing(GROUP, "a")
    with pytest.raises(Busy) as caught:
        await there.growing(GROUP, "a dog")
    assert caught.value.retry_after == pytest.approx(60)
    await fleet.speaker(limits).whole(GROUP, "a cat")
    await fleet.speaker(limits).whole(GROUP, "a dog")


async def test_a_busy_fleet_lets_nothing_grow() -> None:
    fleet = Fleet()
    here, there = fleet.speaker(), fleet.speaker()
    for chat in range(1, 17):
        await there.whole(chat)
    fleet.clock.now += 0.4
    with pytest.raises(Busy) as caught:
        await here.growing(ANN)
    assert caught.value.retry_after == pytest.approx(0.6)
    assert not here.pace.has_room(BOB)
    fleet.clock.now += 0.6
    await here.growing(ANN, "a cat")
    assert here.pace.has_room(BOB)


async def test_a_call_asks_for_few_gates_and_the_typing_sign_for_none() -> None:
    fleet = Fleet()
    speaker = fleet.speaker(SendLimits(burst=2))
    await speaker.whole(ANN)
    await speaker.growing(BOB)
    with pytest.raises(Busy):
        await speaker.growing(BOB)
    assert speaker.pace.has_room(BOB)
    assert [gate.name for gate in fleet.asked] == ["telegram"] * 2
    await speaker.whole(GROUP)
    assert [gate.name for gate in fleet.asked[2:]] == ["telegram", f"telegram {GROUP}"]
    assert (fleet.asked[3].most, fleet.asked[3].seconds) == (20, 60)


async def test_while_the_fleet_is_crowded_growing_text_does_not_ask_again_and_again() -> None:
    fleet = Fleet()
    speaker = fleet.speaker()
    for chat in range(1, 16):
        await speaker.whole(chat)
    for chat in range(50, 150):
        with pytest.raises(Busy):
            await speaker.growing(chat)
    assert len(fleet.asked) == 16


async def test_growing_text_does_not_wait_for_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.platforms.telegram.send_pacing.PARTIAL_TIMEOUT", 0.05)

    async def away(gate: RateLimit, patience: float) -> float:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Busy):
        await asyncio.wait_for(Speaker(admit=away).growing(ANN), 30)


async def test_gates_that_nobody_passes_are_forgotten() -> None:
    clock = FakeClock()
    gates = LocalRateLimiter(clock.time)
    for n in range(12_000):
        await gates.acquire(RateLimit(str(n), 1, 3.1), 0)
        clock.now += 1
    assert len(gates._passed) <= 10_000


@pytest.mark.parametrize("crowd", [100, 500])
async def test_under_pressure_an_answer_costs_one_call(crowd: int) -> None:
    speaker = Speaker()
    with ExitStack() as answers:
        for _ in range(crowd):
            answers.enter_context(speaker.pace.answering())
        growing = await speaker.clock.run(*(speaker.growing(chat) for chat in range(1, crowd + 1)))
        assert sum(isinstance(each, Busy) for each in growing) >= crowd * 0.95
        await speaker.clock.run(*(speaker.whole(chat) for chat in range(1, crowd + 1)))
    moments = [at for at, _, _ in speaker.said]
    assert moments[-1] - moments[0] <= crowd * 1.05 // 30, "no faster than Telegram allows, and hardly slower"
    assert [chat for _, chat, _ in speaker.said[-crowd:]] == list(range(1, crowd + 1)), "whoever waits longest is first"


async def test_where_few_answers_are_under_way_all_of_them_grow() -> None:
    speaker = Speaker()
    with ExitStack() as answers:
        for _ in range(10):
            answers.enter_context(speaker.pace.answering())
        assert await speaker.clock.run(*(speaker.growing(chat) for chat in range(1, 11))) == [None] * 10


async def test_what_the_pacing_lets_through_the_double_takes() -> None:
    speaker, limits = Speaker(), FloodLimits()
    chats = [chat for chat in range(1, 51) for _ in range(5)]
    await speaker.clock.run(*(speaker.whole(chat) for chat in chats), *(speaker.whole(GROUP) for _ in range(15)))
    assert not any(limits.take("sendMessage", chat, at) for at, chat, _ in speaker.said)


def test_the_double_refuses_what_is_too_much_in_a_chat_a_group_and_in_all() -> None:
    limits = FloodLimits()
    assert [limits.take("editMessageText", 1, 0.0) > 0 for _ in range(5)] == [False] * 3 + [True] * 2
    limits = FloodLimits()
    assert sum(limits.take("sendMessage", GROUP, n * 2.0) > 0 for n in range(25)) == 5
    limits = FloodLimits()
    assert sum(limits.take("sendMessage", chat, 0.0) > 0 for chat in range(1, 101)) == 67
    assert not any(limits.take("sendChatAction", chat, 0.0) for chat in range(1, 101))
