"""What is ordered in the background is ordered once, and looked for until it is done, whatever happens meanwhile."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.providers.answer_stream import ResultFrame
from adapters.providers.onemin.orders import MAX_MISSES, Orders
from adapters.providers.onemin.provider import OneMin
from bot.errors import BotError, Busy, Refused
from bot.messages import GenerationRequest
from bot.util.retry import RetryPolicy
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import KEY, SOON, Client, Cloakroom, begun, photo, told

ORDER = GenerationRequest(kind="imagine", model="gpt-image-1-mini", words="a lighthouse", order="7")
Record = Mapping[str, Any]


def placed(emulator: Emulator) -> int:
    """How often something was ordered."""
    return sum(seen.path == "/api/features" for seen in emulator.seen)


def looked(emulator: Emulator) -> int:
    """How often somebody looked whether it is done."""
    return sum(seen.path.startswith("/api/results/") for seen in emulator.seen)


async def test_a_picture_is_ordered_in_the_background_and_looked_for(onemin: OneMin, emulator: Emulator) -> None:
    made = await onemin.media.generate(ORDER)

    assert len(made.files) == 1
    assert made.usage.credits == 11_000
    assert (placed(emulator), looked(emulator) >= 1) == (1, True)


async def test_an_order_survives_the_process_that_placed_it(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("gateway_timeout", times=99)
    async with client() as first:
        dying = asyncio.create_task(first.media.generate(ORDER))
        while not looked(emulator):
            await asyncio.sleep(0.01)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    emulator.faults.clear()
    async with client() as second:
        made = await second.media.generate(ORDER)

    assert len(made.files) == 1
    assert placed(emulator) == 1


async def test_each_of_several_pictures_is_an_order_that_survives(client: Client, emulator: Emulator) -> None:
    three = replace(ORDER, params={"n": "3"})
    for _ in range(2):
        async with client() as onemin:
            assert len((await onemin.media.generate(three)).files) == 3

    assert placed(emulator) == 3


async def test_another_order_is_placed_anew(onemin: OneMin, emulator: Emulator) -> None:
    await onemin.media.generate(ORDER)
    await onemin.media.generate(replace(ORDER, order="8"))
    await onemin.media.generate(replace(ORDER, order=""))
    await onemin.media.generate(replace(ORDER, order=""))

    assert placed(emulator) == 4


@pytest.mark.parametrize("fault", ["gateway_timeout", "unavailable", "cut_before", "bad_gateway", "rate_limited"])
async def test_an_outage_while_it_is_being_made_is_waited_out(onemin: OneMin, emulator: Emulator, fault: str) -> None:
    emulator.faults.add(fault, at="records", times=2)
    made = await onemin.media.generate(ORDER)

    assert len(made.files) == 1
    assert placed(emulator) == 1


async def test_what_takes_too_long_is_looked_for_again_later(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("gateway_timeout", times=99)
    async with client() as onemin:
        onemin._orders.policy = RetryPolicy(timeout=0.1, first=0.02, longest=0.02)
        with pytest.raises(Busy) as busy:
            await onemin.media.generate(ORDER)
        assert busy.value.code == "provider_slow"
        emulator.faults.clear()
        onemin._orders.policy = SOON
        assert (await onemin.media.generate(ORDER)).files

    assert placed(emulator) == 1


async def test_what_failed_in_the_end_is_told_and_may_be_ordered_again(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("order_failed")
    with pytest.raises(Refused) as refused:
        await onemin.media.generate(ORDER)
    assert refused.value.code == "provider_failed"
    assert (await onemin.media.generate(ORDER)).files

    assert placed(emulator) == 2


async def test_where_orders_in_the_background_are_refused_they_are_waited_for(
    onemin: OneMin, emulator: Emulator
) -> None:
    emulator.faults.add("async_refused")
    for _ in range(2):
        assert (await onemin.media.generate(replace(ORDER, order=""))).files

    assert (placed(emulator), looked(emulator)) == (3, 0)


async def test_where_they_are_answered_at_once_nothing_is_looked_for(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("async_ignored")

    assert (await onemin.media.generate(ORDER)).files
    assert (placed(emulator), looked(emulator)) == (1, 0)


@pytest.mark.parametrize("takes_async", [True, False])
async def test_a_result_that_is_not_ready_is_never_no_result(
    onemin: OneMin, emulator: Emulator, takes_async: bool
) -> None:
    onemin.media._takes_async = takes_async
    emulator.faults.add("still_processing", at="pictures")

    assert (await onemin.media.generate(ORDER)).files
    assert placed(emulator) == 1


async def test_speech_that_is_not_ready_is_waited_for(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("still_processing", at="sound")

    assert (await onemin.media.speak("Good morning.", "tts-1")).files
    assert placed(emulator) == 1


async def test_an_answer_that_is_not_ready_is_waited_for(client: Client, emulator: Emulator) -> None:
    emulator.faults.add("answer_processing")
    async with client() as onemin:
        answer = await told(onemin, await begun(onemin, "What is it?", photo()))

    assert "451 × 300" in answer.text
    assert answer.usage is not None
    assert answer.usage.credits


async def test_an_order_whose_reply_never_came_is_not_placed_again_by_itself(
    onemin: OneMin, emulator: Emulator
) -> None:
    emulator.faults.add("gateway_timeout", at="pictures")
    with pytest.raises(Refused) as refused:
        await onemin.media.generate(ORDER)

    assert refused.value.code == "provider_slow"
    assert placed(emulator) == 1


# looking


def orders(*replies: Record | BotError) -> Orders:
    """Orders about which the service says these, one after the other; the last one again and again."""
    waiting = list(replies)

    async def fetch(uuid: str) -> Record:
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, BotError):
            raise reply
        return reply

    return Orders(Cloakroom(), "onemin", KEY, fetch, RetryPolicy(timeout=5, first=0.001, longest=0.001))


def record(status: str, *results: str) -> Record:
    return {"aiRecord": {"uuid": "u", "status": status, "aiRecordDetail": {"resultObject": list(results)}}}


@pytest.mark.parametrize("status", ["PROCESSING", "PENDING", "QUEUED", "IN_PROGRESS"])
async def test_a_record_is_looked_for_until_it_is_done(status: str) -> None:
    done, frame = await orders(record(status), record(status), record("SUCCESS", "images/a.png")).wait_for("u")

    assert done["status"] == "SUCCESS"
    assert isinstance(frame, ResultFrame)


async def test_a_record_that_is_not_there_yet_is_looked_for_again() -> None:
    nothing: Record = {"aiRecord": None}
    done, _ = await orders(*[nothing] * MAX_MISSES, record("SUCCESS", "images/a.png")).wait_for("u")

    assert done["status"] == "SUCCESS"


async def test_a_record_that_never_comes_is_gone() -> None:
    with pytest.raises(Refused) as gone:
        await orders({"aiRecord": None}).wait_for("u")

    assert gone.value.code == "made_gone"


async def test_an_order_of_which_no_record_is_known_is_not_placed_again(onemin: OneMin, emulator: Emulator) -> None:
    with pytest.raises(Refused) as refused:
        await onemin.media.generate(replace(ORDER, was_begun=True))
    assert refused.value.code == "order_interrupted"
    assert placed(emulator) == 0


async def test_one_that_was_waited_for_is_looked_for_where_its_files_could_not_be_fetched(
    client: Client, emulator: Emulator
) -> None:
    async with client() as first:
        await first.media.generate(ORDER)
    async with client() as second:
        assert len((await second.media.generate(replace(ORDER, was_begun=True))).files) == 1
    assert placed(emulator) == 1
