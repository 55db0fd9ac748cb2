"""1min.ai is down, and somebody else goes on: with its history, its photos, and the way back. All on the wire."""

import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest

from adapters.providers.onemin.provider import OneMin
from adapters.providers.openai.provider import open_vapi
from bot.adapter_context import AdapterContext
from bot.app import build_job_context
from bot.asking.failover import FAILURES, Failover
from bot.configuration import read_settings
from bot.files.photos import PhotoIntake
from bot.messages import Attachment
from bot.operations.metrics import Metrics
from bot.ports import Provider, Store
from bot.turns.stops import Stops
from bot.util.retry import PROBE_AGAIN
from bot.web.server import WebServer
from bot.words import say
from emulator import Emulator
from tests.conftest import PHOTOS, said
from tests.doubles.openai import FakeOpenAI
from tests.doubles.platform import FakePlatform
from tests.doubles.work import Worker, hear

KEY = "sk-a-long-secret-key"
NAMES = ("cat.jpg", "rocket.jpg", "coffee.png")
OUTAGES = [
    *("unavailable", "bad_gateway", "server_error", "rate_limited", "cloudflare_1015"),
    *("cut_before", "cut_stream", "stream_error", "error_first"),
]
FIRST, OTHER = "onemin/gpt-4o", "vapi/gpt-4o"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Town:
    """A chat, a bot, 1min.ai and V-API."""

    onemin: Emulator
    vapi: FakeOpenAI
    platform: FakePlatform
    worker: Worker
    failover: Failover
    clock: Clock

    async def say(self, text: str, *photos: str) -> str:
        """Say something, and return what is answered."""
        message = replace(said(text), attachments=tuple(Attachment(ref=name, name=name) for name in photos))
        await hear(self.worker, message)
        return self.platform.reads()[-1]

    def falls(self, times: int = 1, fault: str = "unavailable") -> None:
        """Let 1min.ai answer so many questions with a fault."""
        self.onemin.faults.add(fault, times=times, at="chat")

    @property
    def asked(self) -> int:
        """How often 1min.ai was asked something."""
        return sum(seen.path == "/api/chat-with-ai" for seen in self.onemin.seen)

    def sha256(self, name: str) -> str:
        """The hash of a photo as it was sent to 1min.ai, where all of them were uploaded."""
        order = list(dict.fromkeys(seen.sha256 for seen in self.onemin.seen if seen.sha256))
        return order[NAMES.index(name)]


@pytest.fixture
async def town(sqlite: Store, photos: PhotoIntake) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(key=KEY, pace=0.001))
        double = await stack.enter_async_context(FakeOpenAI("vapi", key=KEY))
        settings = read_settings(
            _env_file=None,
            vapi_api_key=KEY,
            vapi_api_url=double.url,
            bot_model=FIRST,
            bot_fallbacks=OTHER,
        )
        onemin = await stack.enter_async_context(
            OneMin(KEY, emulator.url, "unified", sqlite.blobs, acquire=sqlite.coordination.acquire)
        )
        vapi = await stack.enter_async_context(
            open_vapi(
                AdapterContext(settings=settings, store=sqlite, web=WebServer("127.0.0.1", 0, None, Metrics().registry))
            )
        )
        platform = FakePlatform()
        platform.files = {name: (PHOTOS / name).read_bytes() for name in NAMES}
        providers: dict[str, Provider] = {"onemin": onemin, "vapi": vapi}
        clock = Clock()
        failover = Failover(clock)
        crew = build_job_context(
            settings,
            sqlite,
            {"web": platform.as_platform()},
            providers,
            photos,
            Stops(),
            failover,
            consoles=frozenset({"web"}),
        )
        await sqlite.intake.add(said("/model onemin/gpt-4o"))
        worker = Worker(crew, store=sqlite, metrics=Metrics())
        [turn] = await sqlite.queue.claim(1)
        await worker.take(turn)
        yield Town(emulator, double, platform, worker, failover, clock)


async def test_down_at_the_start_the_photo_goes_to_the_other_one(town: Town) -> None:
    town.falls()
    answer = await town.say("what is this?", "cat.jpg")
    assert answer.startswith(f"_{say('failover_note', asked=FIRST, by=OTHER)}_\n\n")
    assert town.vapi.seen[-1].photos == [town.sha256("cat.jpg")]


async def test_down_in_mid_conversation_a_photo_of_two_turns_ago_goes_along(town: Town) -> None:
    await town.say("what is this?", "cat.jpg")
    await town.say("and this?", "rocket.jpg")
    await town.say("is it high?")
    town.falls()
    await town.say("what colour is the animal of photo 1?")
    seen = town.vapi.seen[-1]
    assert seen.photos == [town.sha256("cat.jpg")]
    assert seen.roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant", "user"]
    assert any("Photo 2 (rocket.jpg)" in text for text in seen.texts)


async def test_cut_off_in_mid_answer_the_other_one_ends_it(town: Town) -> None:
    town.falls(fault="cut_stream")
    answer = await town.say("what is this?", "cat.jpg")
    assert answer.endswith(f"_{say('failover_rest', by=OTHER)}_")
    assert "⚠️" not in answer
    asked = town.vapi.seen[-1]
    assert asked.photos == [town.sha256("cat.jpg")]
    begun = answer.split("\n\n")[0][:10]
    assert any(begun in text for text in asked.texts)


async def test_back_again_the_first_one_is_told_what_it_missed_with_its_photo(town: Town) -> None:
    await town.say("what is this?", "cat.jpg")
    town.falls()
    missed = await town.say("and this?", "rocket.jpg")
    await town.say("is it high?")
    last = town.onemin.seen[-1]
    assert last.photos == 1
    assert "and this?" in last.prompt
    assert missed.split("\n\n")[-1][:40] in last.prompt
    assert "what is this?" not in last.prompt  # this it knows
    assert len({seen.conversation for seen in town.onemin.seen if seen.conversation}) == 1


async def test_the_chat_is_told_once_of_an_outage_and_anew_of_the_next(town: Town) -> None:
    note = say("failover_note", asked=FIRST, by=OTHER)
    town.falls(2)
    assert [note in await town.say(f"question {n}") for n in range(3)] == [True, False, False]
    town.falls()
    assert note in await town.say("and now?")


async def test_the_breaker_opens_and_closes_by_the_clock(town: Town) -> None:
    town.falls(FAILURES)
    for n in range(FAILURES):
        await town.say(f"question {n}")
    assert town.failover.states()["onemin/gpt"] == "open"
    asked = town.asked
    await town.say("nobody asks the first one now")
    assert town.asked == asked

    town.clock.now += PROBE_AGAIN.longest
    assert town.failover.states()["onemin/gpt"] == "half open"
    answer = await town.say("and now?")
    assert town.asked == asked + 1
    assert OTHER not in answer
    assert town.failover.states()["onemin/gpt"] == "closed"


async def test_a_pause_that_is_asked_for_is_kept(town: Town) -> None:
    town.onemin.faults.add("rate_limited", retry_after=60)
    await town.say("one")
    asked = town.asked
    town.clock.now += 59
    await town.say("two")
    assert town.asked == asked
    town.clock.now += 1
    await town.say("three")
    assert town.asked == asked + 1


async def test_both_down_the_question_waits_and_is_answered_when_one_is_back(town: Town, sqlite: Store) -> None:
    town.falls()
    town.vapi.faults.add("server_error")
    before = len(town.platform.reads())
    await hear(town.worker, said("what?"))
    assert len(town.platform.reads()) == before
    assert await sqlite.queue.count_waiting() == 1


async def test_while_the_first_one_fails_in_any_way_every_question_is_answered_about_its_photo(town: Town) -> None:
    """FAILOVER_QUESTIONS=500 asks more of them, for the figure in the README."""
    dice, questions = random.Random(5), int(os.environ.get("FAILOVER_QUESTIONS", "12"))
    stood_in = 0
    for name in NAMES:
        await town.say("remember this", name)
    hashes = {name: town.sha256(name) for name in NAMES}
    for n in range(questions):
        photo, fault = dice.choice(NAMES), dice.choice(["", *OUTAGES])
        if fault:
            town.falls(fault=fault)
        before = len(town.vapi.seen)
        answer = await town.say(f"question {n}: what is this?", photo)
        assert "⚠️" not in answer, fault
        town.onemin.faults.clear()
        if len(town.vapi.seen) > before:
            stood_in += 1
            shown = town.vapi.seen[-1].photos[-1]
            assert shown == hashes[photo]
        town.clock.now += PROBE_AGAIN.longest  # let the first one be asked again, and fail again
    assert stood_in > questions / 3
