"""A command that is obeyed at once: where its response is shown."""

from dataclasses import replace

import pytest

from bot.errors import Busy
from bot.files.photos import PhotoIntake
from bot.messages import MessageReference
from bot.replies.reply import NOTHING_MORE
from bot.words import say
from tests.conftest import OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, make_worker, pressed, ripen, taken, with_files


async def test_what_a_press_changes_is_shown_in_the_post_that_was_pressed(
    worker: Worker, platform: FakePlatform
) -> None:
    await hear(worker, said("/settings"))
    platform.by_key.clear()  # a platform that cannot tell, or can no longer
    await hear(worker, pressed("/settings footer", "1"), pressed("/settings footer on", "1"))
    [text] = platform.reads()
    assert text.startswith("From now on")
    assert "/settings footer" in platform.buttons["1"]


async def test_what_is_said_in_words_is_answered_anew(worker: Worker, platform: FakePlatform) -> None:
    asking = said("/settings footer on")
    await hear(worker, said("/settings"), asking)
    assert len(platform.reads()) == 2
    assert platform.replied_to["2"] == asking.id


@pytest.mark.parametrize("earlier", ["what is this?", "/compare gpt-4o o3-mini"])
async def test_an_answer_that_somebody_replies_to_is_never_overwritten(
    worker: Worker, platform: FakePlatform, earlier: str
) -> None:
    await hear(worker, said(), said(earlier))
    before = platform.reads()
    last = list(platform.posts[said().channel])[-1]
    await hear(worker, replace(said("/settings"), about=MessageReference(id=last, ours=True, text=before[-1])))
    assert platform.reads()[:-1] == before
    assert platform.reads()[-1].startswith("How I behave in this channel")


async def test_what_is_too_long_for_the_post_goes_on_in_another_one(worker: Worker, platform: FakePlatform) -> None:
    platform.max_length = 600
    await hear(worker, said("/settings footer"), pressed("/settings", "1"))
    assert platform.reads()[0].startswith("How I behave in this channel")
    posts = len(platform.reads())
    assert posts > 1
    assert platform.buttons["1"] == []
    assert "/settings footer" in platform.buttons[str(posts)]


async def test_files_come_along(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said("/usage"))
    assert [file.name for file in platform.sent_files["1"]] == ["usage.png"]


async def test_an_unknown_command_is_named(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    await hear(worker, said("/nonsense 1"))
    assert platform.reads() == ["I don't know the command /nonsense. Type /help to see the ones I know."]
    assert provider.prompts == []


async def test_below_a_photo_it_may_be_a_path_and_is_asked(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, with_files(said("/nonsense"), ref0="cat.jpg"))
    assert provider.prompts[0].text == "/nonsense"


async def test_what_keeps_a_command_from_being_done_is_the_answer(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said("/unlink"), said("/retry"))
    assert platform.reads() == [
        "⚠️ This channel isn't linked to another one.",
        "⚠️ There is no earlier question to ask again.",
    ]


async def test_commands_are_no_part_of_what_was_said(worker: Worker) -> None:
    await hear(worker, said("/help"), said())
    turn = await taken(worker, said())
    assert [exchange.question for exchange in await worker.store.turns.list_history(turn, 9)] == ["what is this?"]
    assert (await worker.store.ledger.get_spent(0)).turns == 1


async def test_whoever_waits_for_a_command_is_told_why_and_nothing_of_that_stays(
    worker: Worker, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(worker, said("/settings"))
    monkeypatch.setattr(platform, "can_manage", away)
    await hear(worker, pressed("/settings footer on", "1"))
    for _ in range(2):
        await ripen(worker.store)
        await drain(worker)
    assert platform.reads()[1:] == ["⏳ Discord cannot be reached right now. I'll keep trying."]
    monkeypatch.undo()
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads()[0].startswith("From now on")
    assert platform.reads()[1:] == [NOTHING_MORE]


async def away(*_: object) -> bool:
    raise Busy("discord_unreachable")


async def test_a_bug_in_a_command_is_said_without_its_details(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.catalogue = [None]  # type: ignore[list-item]
    await hear(worker, said(), said("/model"), said("/retry o3"), said("/help"))
    sentence = f"⚠️ {say('bug')}"
    assert platform.reads()[1:3] == [sentence, sentence]
    assert platform.reads()[3] != sentence


async def test_a_response_that_was_found_before_a_crash_is_shown_and_nothing_is_done_twice(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        turn = await taken(worker, said("/new"))
        platform.troubles = [ZeroDivisionError()]
        await worker.take(turn)
        renewed = await store.conversations.find_conversation(turn.message.channel)
        await ripen(store)
    async with reopen() as store:
        await drain(make_worker(store, platform, provider, photos))
        assert await store.conversations.find_conversation(turn.message.channel) == renewed
        assert await store.queue.count_waiting() == 0
    assert platform.reads() == ["New conversation: our earlier photos and messages are put aside."]
