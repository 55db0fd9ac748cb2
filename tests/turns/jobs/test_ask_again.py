"""The same question once more: where its answer is shown, and what becomes of the older one."""

import time
from dataclasses import replace

import pytest

from bot.errors import Busy, Forgotten, Refused
from bot.files.photos import PhotoIntake
from bot.messages import AnswerVersion, Channel, Turn, Usage
from bot.ports import Store
from bot.replies.reply import NOTHING_MORE
from bot.store import turn_intake
from bot.util.retry import MOST_DELIVERIES
from tests.conftest import MODEL, OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, linked, make_worker, pressed, ripen, taken

MINI = "sandbox/gpt-4o-mini"
THERE = "telegram:42"


async def question(store: Store, id: int = 1) -> Turn:
    found = await store.turns.get_turn(id)
    assert found is not None
    return found


async def test_the_new_answer_stands_in_the_post_of_the_first_one(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], ["a lynx", Usage(credits=5)]]
    await hear(worker, said(photos=1), pressed("/retry 1", "1"))
    assert platform.reads() == ["a lynx"]
    assert platform.buttons["1"] == ["/version 1 1", "/retry 1", "/with 1"]
    assert await worker.store.turns.list_versions(await question(worker.store)) == [
        AnswerVersion(text="a cat", model=MODEL),
        AnswerVersion(text="a lynx", model=MODEL),
    ]
    assert [(prompt.text, len(prompt.photos)) for prompt in provider.prompts] == [("what is this?", 1)] * 2
    assert (await worker.store.ledger.get_spent(0)).credits == 5


async def test_the_way_back_shows_the_older_answer_there(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], ["a lynx"]]
    await hear(worker, said(), pressed("/retry 1", "1"), pressed("/version 1 1", "1"))
    assert platform.reads() == ["a cat"]
    assert platform.buttons["1"] == ["/version 1 2", "/retry 1", "/with 1"]
    assert (await question(worker.store)).answer == "a cat"
    assert len(provider.prompts) == 2


@pytest.fixture
def slow_taps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits: two presses of a button are two all the same."""
    monkeypatch.setattr(turn_intake, "DOUBLE_TAP_SECONDS", 0)


@pytest.mark.usefixtures("slow_taps")
async def test_a_longer_answer_gets_more_posts_and_a_shorter_one_empties_them(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.max_length = 100
    provider.script = [["A sentence about a cat. "], ["A sentence about a cat. "] * 6, ["a cat"]]
    await hear(worker, said(), pressed("/retry 1", "1"))
    assert len(platform.reads()) == 2
    await hear(worker, pressed("/retry 1", "1"))
    assert platform.reads() == ["a cat", NOTHING_MORE]


async def test_another_model_of_the_same_provider_knows_what_was_said(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, said(), said("/retry gpt-4o-mini"))
    assert [prompt.conversation.model for prompt in provider.prompts] == [MODEL, MINI]
    assert [prompt.conversation.remote_id for prompt in provider.prompts] == ["uuid-1", "uuid-1"]
    assert (await question(worker.store)).conversation.model == MODEL


async def test_another_provider_is_asked_aside_with_what_was_said_before(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, other: FakeProvider
) -> None:
    await hear(worker, said("one"), said("two"), said("/retry other/gpt-4o"))
    assert platform.reads() == ["a cat", "a dog"]
    [prompt] = other.prompts
    assert prompt.text == "Earlier in this conversation:\n\nAnn: one\n→ a cat\n\nNow: two"
    assert prompt.conversation.remote_id == "uuid-11"
    assert (await question(worker.store)).conversation.remote_id == "uuid-1"
    await hear(worker, said("three"))
    last = provider.prompts[-1]  # told what it missed: the answer that is shown now is not its own
    assert last.text == "Earlier in this conversation:\n\nAnn: two\n→ a dog\n\nNow: three"
    assert last.conversation.remote_id == "uuid-1"
    assert provider.begun == 1


async def test_what_another_provider_forgets_does_not_concern_the_conversation(
    worker: Worker, platform: FakePlatform, other: FakeProvider
) -> None:
    other.script = [[Forgotten("provider_forgot")], ["a dog"]]
    await hear(worker, said("one"), said("/retry other/gpt-4o"))
    assert platform.reads()[0].endswith("a dog")
    assert [prompt.conversation.remote_id for prompt in other.prompts] == ["uuid-11", "uuid-12"]
    assert (await question(worker.store)).conversation.remote_id == "uuid-1"


async def test_a_provider_without_a_memory_gets_what_was_said_before_that_question_and_no_more(
    worker: Worker, other: FakeProvider
) -> None:
    other.keeps_history = False
    await hear(worker, said("one"), said("two"), said("three"), said("/retry 2 other/gpt-4o"))
    [prompt] = other.prompts
    assert [exchange.question for exchange in prompt.history] == ["one"]


async def test_what_failed_is_said_in_that_post_with_the_way_back(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], [Refused("provider_no_credits")]]
    await hear(worker, said("", photos=1), pressed("/retry 1", "1"))
    [text] = platform.reads()
    assert text.startswith("⚠️ The provider says that this bot's account has run out of credits.")
    assert platform.buttons["1"] == ["/version 1 1", "/retry 1", "/with 1"]
    assert (await question(worker.store)).answer == "a cat"
    await hear(worker, pressed("/version 1 1", "1"))
    assert platform.reads() == ["a cat"]


async def test_a_question_that_failed_at_first_may_be_answered_then(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    limited = make_worker(sqlite, platform, provider, photos, bot_channel_turns_day=1)
    await hear(limited, said(), said("and now?"))
    assert platform.reads()[1].startswith("⚠️ This channel's limit is reached")
    await hear(make_worker(sqlite, platform, provider, photos), pressed("/retry 2", "2"))
    assert platform.reads()[1] == "a cat"
    assert platform.buttons["2"] == ["/retry 2", "/with 2"]
    assert (await question(sqlite, 2)).answer == "a cat"


@pytest.mark.usefixtures("slow_taps")
async def test_limits_count_for_it_as_for_any_question(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=2)
    await hear(worker, said(), pressed("/retry 1", "1"))
    await hear(worker, pressed("/retry 1", "1"))
    assert len(provider.prompts) == 2
    assert platform.reads()[0].startswith("⚠️ Your limit is reached")
    assert platform.buttons["1"] == ["/version 1 2", "/retry 1", "/with 1"]


async def test_an_old_question_that_is_asked_again_is_not_late(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], ["a lynx"]]
    await hear(worker, replace(said(), sent=time.time() - 4000))
    assert "Sorry for the wait" in platform.reads()[0]
    await hear(worker, pressed("/retry 1", "1"))
    assert platform.reads() == ["a lynx"]


async def test_what_processes_keep_dying_over_is_given_up(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said())
    again = await taken(worker, pressed("/retry 1", "1"))
    await worker.take(replace(again, deliveries=MOST_DELIVERIES + 1))
    assert platform.reads()[0].startswith("⚠️ I tried this several times")
    assert len(provider.prompts) == 1


async def test_whoever_waits_for_it_is_told_why_and_nothing_of_that_stays(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], *[[Busy("provider_down", status=503)]] * 2, ["a lynx"]]
    await hear(worker, said(), pressed("/retry 1", "1"))
    assert platform.reads() == ["a cat"]
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["a cat", "⏳ The provider is having trouble on its side (error 503). I'll keep trying."]
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["a lynx", NOTHING_MORE]


async def test_asked_again_from_a_linked_channel_it_is_answered_there(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], ["a lynx"]]
    await hear(worker, said(photos=1))
    await linked(worker.store, THERE)
    asking = said("/retry", THERE)
    await hear(worker, asking)
    assert (platform.reads(), telegram.reads(THERE)) == (["a cat"], ["a lynx"])
    assert telegram.replied_to == {"1": asking.id}
    assert telegram.buttons["1"] == ["/version 1 1", "/retry 1", "/with 1"]
    assert telegram.typed == [Channel.parse(THERE)]
    assert [photo.name for photo in provider.prompts[-1].photos] == ["photo0.jpg"]


async def test_and_the_way_back_is_shown_there_as_well(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], ["a lynx"]]
    await hear(worker, said())
    await linked(worker.store, THERE)
    await hear(worker, said("/retry", THERE), pressed("/version 1 1", "1", THERE))
    assert (platform.reads(), telegram.reads(THERE)) == (["a cat"], ["a lynx", "a cat"])
    await hear(worker, pressed("/version 1 2", "2", THERE))
    assert (platform.reads(), telegram.reads(THERE)) == (["a cat"], ["a lynx", "a lynx"])


@pytest.mark.parametrize("answers", ["here", "there"])
async def test_what_a_process_asked_before_it_died_is_shown_by_another_one(
    reopen: OpenStore, platform: FakePlatform, photos: PhotoIntake, answers: str
) -> None:
    telegram, provider = FakePlatform("telegram"), FakeProvider(["a cat"], ["a lynx"])
    channel, shown = ("web:lobby", platform) if answers == "here" else (THERE, telegram)
    async with reopen() as store:
        worker = make_worker(store, [platform, telegram], provider, photos)
        await hear(worker, said())
        await linked(store, THERE)
        turn = await taken(worker, said("/retry", channel))
        shown.troubles = [ZeroDivisionError() for _ in range(9)]  # the platform is lost to it
        await worker.take(turn)
        assert len(provider.prompts) == 2
        await ripen(store)
    shown.troubles = []
    async with reopen() as store:
        await drain(make_worker(store, [platform, telegram], provider, photos))
        assert await store.queue.count_waiting() == 0
    assert len(provider.prompts) == 2
    assert shown.reads(channel) == ["a lynx"]
    assert shown.buttons["1"] == ["/version 1 1", "/retry 1", "/with 1"]
