"""Work that costs something and is interrupted: by a crash, or by a connection that loses the reply."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from adapters.providers.error_rules import ServiceFailure, down
from bot.errors import Busy, FailureCode, has_lost_reply
from bot.files.photos import PhotoIntake
from bot.messages import Usage
from bot.ports import Store
from bot.util.http import map_http_errors
from bot.words import say
from tests.asking.test_transcription import spoken
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import SOUND, FakeStudio
from tests.doubles.work import Worker, drain, hear, make_worker, pressed, ripen, taken, until, with_files
from tests.files.photos import scene, written

INTERRUPTED = f"⚠️ {say('order_interrupted')}"


@pytest.fixture
def studio(provider: FakeProvider) -> FakeStudio:
    studio = provider.media = FakeStudio()
    return studio


@pytest.fixture
def worker(
    store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> Worker:
    return make_worker(store, platform, provider, photos)


async def interrupt(working: asyncio.Task[None], worker: Worker) -> None:
    """Let the process of a turn die, as far as the store can tell."""
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await worker.store.queue.release_leases()


@pytest.mark.parametrize("command", ["/imagine a house", "/speak"])
async def test_what_was_being_made_in_a_crash_is_not_ordered_again_by_itself(
    worker: Worker, platform: FakePlatform, studio: FakeStudio, command: str
) -> None:
    await hear(worker, said())
    studio.takes = 60.0
    working = asyncio.create_task(worker.take(await taken(worker, said(command))))
    await until(lambda: studio.orders or studio.spoken)
    await interrupt(working, worker)
    studio.refuses_repeats, studio.takes = True, 0.0
    await drain(worker)
    assert platform.reads()[-1] == INTERRUPTED
    assert len(studio.spoken) + sum(not order.was_begun for order in studio.orders) == 1


async def test_the_button_below_orders_it_again(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    studio.takes = 60.0
    working = asyncio.create_task(worker.take(await taken(worker, said("/imagine a house"))))
    await until(lambda: studio.orders)
    await interrupt(working, worker)
    studio.refuses_repeats, studio.takes = True, 0.0
    await drain(worker)
    assert "/redo 1" in platform.buttons["1"]
    await hear(worker, pressed("/redo 1", "1"))
    assert [order.was_begun for order in studio.orders] == [False, True, False]
    assert platform.reads()[-1] == "a house"


async def test_an_order_whose_reply_was_lost_is_not_placed_again(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    studio.trouble, studio.refuses_repeats = [Busy(FailureCode.PROVIDER_SLOW, lost_reply=True)], True
    await worker.take(await taken(worker, said("/imagine a house")))
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads()[-1] == INTERRUPTED


async def test_an_order_that_was_refused_is_placed_again(worker: Worker, studio: FakeStudio) -> None:
    studio.trouble = [Busy(FailureCode.PROVIDER_RATE_LIMITED)]
    await worker.take(await taken(worker, said("/imagine a house")))
    await ripen(worker.store)
    await drain(worker)
    assert [order.was_begun for order in studio.orders] == [False, False]


@pytest.mark.parametrize("status", [502, 504, 524])
def test_a_gateway_that_gave_up_says_nothing_about_the_work_behind_it(status: int) -> None:
    assert has_lost_reply(down(ServiceFailure(status), "any/model"))
    assert not has_lost_reply(down(ServiceFailure(503), "any/model"))


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [(httpx.ReadTimeout(""), True), (httpx.ReadError(""), True), (httpx.ConnectTimeout(""), False)],
)
def test_a_request_that_was_sent_may_have_been_carried_out(error: Exception, is_lost: bool) -> None:
    with pytest.raises(Busy) as busy, map_http_errors():
        raise error
    assert has_lost_reply(busy.value) == is_lost


async def test_a_compared_model_that_had_answered_is_not_asked_again(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.by_model = {"gpt-4o": ["a cat", Usage(credits=5)], "gpt-4o-mini": ["half a small c", 60.0]}
    await hear(worker, said())
    working = asyncio.create_task(worker.take(await taken(worker, said("/compare gpt-4o gpt-4o-mini"))))
    await until(lambda: any("5 credits" in text for text in platform.reads()))
    await interrupt(working, worker)
    asked = len(provider.prompts)
    provider.by_model["gpt-4o-mini"] = ["a small cat", Usage(credits=3)]
    await drain(worker)
    compared = await worker.store.turns.get_turn(2)
    assert compared is not None and compared.result is not None
    assert [lane.answer.text for lane in compared.result.lanes] == ["a cat", "a small cat"]
    assert len(provider.prompts) == asked + 1
    assert (await worker.store.ledger.get_spent(0)).credits == 13


async def test_a_recording_that_was_heard_is_not_heard_again(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    platform.files |= {"voice-1": SOUND, "second": SOUND}
    message = spoken()
    first, *rest = message.attachments
    turn = await taken(worker, replace(message, attachments=(first, replace(first, ref="second"), *rest)))
    studio.pauses = [0.0, 60.0]
    working = asyncio.create_task(worker.take(turn))
    await until(lambda: len(studio.heard) == 2)
    await interrupt(working, worker)
    await drain(worker)
    assert len(studio.heard) == 3, "of two recordings only the one that was under way is heard again"
    assert provider.prompts[-1].text == "what is this? what is this?"


async def test_the_places_of_a_closer_look_are_asked_for_once(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.files["street"] = written(scene(2000, 1500), "JPEG")
    provider.script = [["a street"], ["E4", Usage(credits=7)], ["half", 60.0], ["STOP", Usage(credits=20)]]
    await hear(worker, with_files(said(), street="street.jpg"))
    working = asyncio.create_task(worker.take(await taken(worker, said("/zoom the sign"))))
    await until(lambda: len(provider.prompts) == 3)
    await interrupt(working, worker)
    await drain(worker)
    assert platform.reads()[-1].endswith("STOP")
    assert len(provider.prompts) == 4
    assert (await worker.store.ledger.get_spent(0)).credits == 27
