"""The same question to several models: their answers grow side by side, and none of them waits for another."""

import asyncio
import re

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import AnswerVersion, Channel, Usage
from bot.ports import Store
from bot.replies.reply import CURSOR
from tests.conftest import OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, linked, make_worker, pressed, ripen, taken, until
from tests.store.talk import HERE

THERE = "telegram:42"
COMPARE = "/compare gpt-4o gpt-4o-mini"


def by_pick(platform: FakePlatform) -> dict[str, str]:
    """What the compared models said, by the command of the button below it; without the seconds it took."""
    return {
        command: re.sub(r" · \d+\.\d s", "", text)
        for post, text in platform.posts[HERE].items()
        for command in platform.buttons[post]
        if command.startswith("/pick")
    }


@pytest.fixture
def provider() -> FakeProvider:
    provider = FakeProvider(["a cat"])
    provider.by_model = {"gpt-4o-mini": ["a small cat", Usage(credits=3)]}
    return provider


async def test_each_model_answers_in_a_post_of_its_own(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said(photos=1), said(COMPARE))
    assert by_pick(platform) == {
        "/pick 2 1": "**sandbox/gpt-4o**\n\na cat\n\n_sandbox/gpt-4o_",
        "/pick 2 2": "**sandbox/gpt-4o-mini**\n\na small cat\n\n_sandbox/gpt-4o-mini · 3 credits_",
    }
    assert {(prompt.text, len(prompt.photos)) for prompt in provider.prompts} == {("what is this?", 1)}
    spent = await worker.store.ledger.get_spent(0)
    assert (spent.turns, spent.credits) == (2, 3)


async def test_the_conversation_goes_on_as_if_nobody_had_compared(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, said("one"), said(COMPARE), said("two"))
    begun = [prompt.conversation.remote_id for prompt in provider.prompts]
    assert len(set(begun)) == 3
    assert begun[0] == begun[3] == "uuid-1"
    assert [
        exchange.question for exchange in await worker.store.turns.list_history(await taken(worker, said()), 9)
    ] == [
        "one",
        "two",
    ]


async def test_they_grow_side_by_side_and_the_quick_one_is_whole_first(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said())
    provider.by_model["gpt-4o"] = ["slowly,", 60.0]
    working = asyncio.create_task(worker.take(await taken(worker, said(COMPARE))))
    await until(lambda: "/pick 2 2" in by_pick(platform))
    assert f"**sandbox/gpt-4o**\n\nslowly,{CURSOR}" in platform.reads()
    assert ["/stop"] in platform.buttons.values()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_one_that_fails_says_so_and_leaves_the_others_alone(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.by_model["o3-mini"] = [Refused("provider_failed")]
    provider.by_model["meta/llama-3"] = [Busy("provider_down", status=503)]  # nobody waits for that one
    await hear(worker, said(), said("/compare o3-mini gpt-4o-mini meta/llama-3"))
    broken, good, busy = (text for _, text in sorted(by_pick(platform).items()))
    assert "⚠️ The provider reported that the model failed." in broken
    assert "a small cat" in good
    assert "⚠️ The provider is having trouble on its side (error 503). I tried once." in busy
    assert await worker.store.queue.count_waiting() == 0


async def test_stop_ends_all_of_them_and_what_was_said_stays(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said())
    provider.by_model = {"gpt-4o": ["one,", 60.0], "gpt-4o-mini": ["two,", 60.0], "o3-mini": ["three"]}
    turn = await taken(worker, said("/compare gpt-4o gpt-4o-mini o3-mini"))
    working = asyncio.create_task(worker.take(turn))
    await until(lambda: all(any(word in text for text in platform.reads()) for word in ("one,", "two,", "three")))
    assert worker.context.asker.stops.stop(turn.conversation.id)
    await working
    one, two, three = (text for _, text in sorted(by_pick(platform).items()))
    assert "one,\n\n⏹ Stopped." in one
    assert "two,\n\n⏹ Stopped." in two
    assert "Stopped" not in three
    assert provider.closed == 4


async def test_from_a_linked_channel_they_answer_there(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform
) -> None:
    await hear(worker, said(photos=1))
    await linked(worker.store, THERE)
    await hear(worker, said(COMPARE, THERE))
    assert (len(platform.reads()), len(telegram.reads(THERE))) == (1, 3)
    assert (len(platform.typed), set(telegram.typed)) == (1, {Channel.parse(THERE)})
    await hear(worker, pressed("/pick 2 2", "2", THERE))
    assert telegram.reads(THERE)[-1].startswith("From now on sandbox/gpt-4o-mini answers here")


async def test_what_was_picked_is_an_answer_to_that_question(worker: Worker) -> None:
    await hear(worker, said(), said(COMPARE), said("and its colour?"), pressed("/pick 2 2", "3"))
    question = await worker.store.turns.get_turn(1)
    assert question is not None
    first, picked = await worker.store.turns.list_versions(question)
    assert first == AnswerVersion(text="a cat", model="sandbox/gpt-4o")
    assert picked.text.startswith("a small cat")


async def test_a_limit_is_said_once_and_nobody_is_asked(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=1)
    await hear(worker, said(), said(COMPARE))
    assert len(platform.reads()) == 2
    assert platform.reads()[1].startswith("⚠️ Your limit is reached")
    assert platform.buttons["2"] == []
    assert len(provider.prompts) == 1


async def test_who_comes_near_a_limit_is_told_in_the_first_answer(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=2)
    await hear(worker, said(), said(COMPARE))
    assert ["Nearly used up" in text for _, text in sorted(by_pick(platform).items())] == [True, False]


async def test_what_was_asked_before_a_crash_is_shown_in_the_same_posts_and_nobody_is_asked_again(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said())
        turn = await taken(worker, said(COMPARE))
        platform.troubles = [ZeroDivisionError() for _ in range(9)]  # the platform is lost to it
        await worker.take(turn)
        await ripen(store)
    assert len(provider.prompts) == 3
    platform.troubles = []
    async with reopen() as store:
        await drain(make_worker(store, platform, provider, photos))
        assert await store.queue.count_waiting() == 0
        assert (await store.ledger.get_spent(0)).credits == 3
    assert len(provider.prompts) == 3
    assert len(platform.reads()) == 4
    assert by_pick(platform)["/pick 2 1"].startswith("**sandbox/gpt-4o**\n\na cat")
    assert by_pick(platform)["/pick 2 2"].startswith("**sandbox/gpt-4o-mini**\n\na small cat")


async def test_posts_that_grew_before_a_crash_are_edited(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said())
        provider.by_model |= {"gpt-4o": ["half a c", 60.0], "gpt-4o-mini": ["half a small c", 60.0]}
        working = asyncio.create_task(worker.take(await taken(worker, said(COMPARE))))
        await until(lambda: len(platform.reads()) == 3)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await store.queue.release_leases()
    provider.by_model = {"gpt-4o": ["a cat"], "gpt-4o-mini": ["a small cat"]}
    async with reopen() as store:
        await drain(make_worker(store, platform, provider, photos))
        compared = await store.turns.get_turn(2)
        assert compared is not None
        assert compared.result is not None
        assert [lane.answer.text for lane in compared.result.lanes] == ["a cat", "a small cat"]
    assert len(platform.reads()) == 4
    assert any("a small cat" in text for text in platform.reads())
    assert not any(CURSOR in text for text in platform.reads())
