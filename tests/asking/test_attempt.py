"""What a model is told and shown when it remembers nothing itself, and what is mended on the way."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from bot.errors import Busy, Cut, Refused, Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Channel, ChannelSettings, Message, Model, Piece, Prompt, Usage
from bot.ports import Store
from bot.words import say
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, hear, make_worker

NAMES = ("cat.jpg", "rocket.jpg", "coffee.png", "astronaut.webp")
DOWN = Busy("provider_down", status=503)
HERE = Channel.parse("web:lobby")


@pytest.fixture
def platform() -> FakePlatform:
    platform = FakePlatform()
    for name in NAMES:
        platform.files[name] = (PHOTOS / name).read_bytes()
    return platform


class Stateless(FakeProvider):
    """Keeps no history, and chokes on some photos and words."""

    def __init__(self, *script: Sequence[object], name: str = "vapi") -> None:
        super().__init__(*script, name=name, keeps_history=False)  # type: ignore[arg-type]
        self.poison: set[str] = set()  # names of photos
        self.bad_words = ""

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        told = " ".join([prompt.text, *(each.question for each in prompt.history)])
        if any(photo.name in self.poison for photo in prompt.photos) or (self.bad_words and self.bad_words in told):
            self.prompts.append(prompt)
            raise Refused("provider_bad_request", status=400)
        async for piece in super().ask(prompt):
            yield piece


@pytest.fixture
def onemin() -> FakeProvider:
    return FakeProvider(name="onemin")


@pytest.fixture
def vapi() -> Stateless:
    return Stateless(["the other one"])


@pytest.fixture
def stateless(sqlite: Store, platform: FakePlatform, vapi: Stateless, photos: PhotoIntake) -> Worker:
    """A worker whose only provider keeps no history."""
    vapi.name = "sandbox"
    return make_worker(sqlite, platform, vapi, photos)


@pytest.fixture
def worker(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, vapi: Stateless, photos: PhotoIntake
) -> Worker:
    """A worker that goes to another provider when the first one, which keeps a history, is down."""
    return make_worker(sqlite, platform, [provider, vapi], photos, bot_fallbacks=("vapi/gpt-4o",))


def shown(text: str, *names: str) -> Message:
    return replace(said(text), attachments=tuple(Attachment(ref=name, name=name) for name in names))


def names(prompt: Prompt) -> list[str]:
    return [photo.name for photo in prompt.photos]


def last(provider: FakeProvider) -> Prompt:
    return provider.prompts[-1]


# memory


async def test_a_question_without_photos_brings_the_last_ones_along(stateless: Worker, vapi: Stateless) -> None:
    await hear(stateless, shown("what?", "cat.jpg"), shown("and?", "rocket.jpg", "coffee.png"), said("more"))
    assert names(last(vapi)) == ["rocket.jpg", "coffee.png"]
    assert [photo.sha256 for photo in last(vapi).photos] == [photo.sha256 for photo in vapi.prompts[1].photos]
    assert [last(vapi).numbers[photo.sha256] for photo in last(vapi).photos] == [2, 3]
    assert "Photo 1 (cat.jpg)" in last(vapi).background


async def test_one_that_is_named_by_its_number_comes_along(stateless: Worker, vapi: Stateless) -> None:
    await hear(stateless, shown("what?", "cat.jpg"), shown("and?", "rocket.jpg"), said("what is in photo 1?"))
    assert names(last(vapi)) == ["cat.jpg"]
    assert "Photo 2 (rocket.jpg)" in last(vapi).background


async def test_earlier_ones_come_from_the_shelf_and_not_from_the_platform_again(
    stateless: Worker, platform: FakePlatform
) -> None:
    await hear(stateless, shown("what?", "cat.jpg"), said("more"), said("and more"))
    assert platform.fetched == ["cat.jpg"]


async def test_what_the_shelf_has_lost_is_fetched_from_the_platform_again(
    stateless: Worker, platform: FakePlatform, vapi: Stateless, photos: PhotoIntake
) -> None:
    await hear(stateless, shown("what?", "cat.jpg"))
    await photos.drop([vapi.prompts[0].photos[0].sha256])
    await hear(stateless, said("more"))
    assert platform.fetched == ["cat.jpg", "cat.jpg"]
    assert names(last(vapi)) == ["cat.jpg"]


async def test_what_nobody_has_any_more_is_named(
    stateless: Worker, platform: FakePlatform, vapi: Stateless, photos: PhotoIntake
) -> None:
    await hear(stateless, shown("what?", "cat.jpg"))
    await photos.drop([vapi.prompts[0].photos[0].sha256])
    del platform.files["cat.jpg"]
    await hear(stateless, said("more"))
    assert platform.reads()[1].startswith("_I can't get photo 1 (cat.jpg) any more: it could not be downloaded._")
    assert names(last(vapi)) == []
    assert "Photo 1 (cat.jpg): it could not be downloaded; the other one" in last(vapi).background


async def test_a_photo_whose_question_failed_is_not_lost(
    stateless: Worker, platform: FakePlatform, vapi: Stateless
) -> None:
    vapi.script = [[Refused("provider_failed")], ["a cat"]]
    await hear(stateless, shown("what?", "cat.jpg"), said("and in other words?"))
    assert names(last(vapi)) == ["cat.jpg"]
    assert platform.reads()[1] == "a cat"


# fail-over


async def test_another_model_answers_with_the_photo_of_two_turns_ago(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, vapi: Stateless
) -> None:
    provider.script = [["a cat"], ["yes"], [DOWN]]
    await hear(worker, shown("what?", "cat.jpg"), said("really?"), said("its colour?"))
    assert names(last(vapi)) == ["cat.jpg"]
    assert [each.answer for each in last(vapi).history] == ["a cat", "yes"]
    note = say("failover_note", by="vapi/gpt-4o", asked="sandbox/gpt-4o")
    assert platform.reads()[2] == f"_{note}_\n\nthe other one"


async def test_it_says_so_once_and_comes_back_when_the_first_one_does(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, vapi: Stateless
) -> None:
    provider.script = [["a cat"], [DOWN], [DOWN], ["back"]]
    await hear(worker, shown("what?", "cat.jpg"), said("one"), said("two"), said("three"))
    assert platform.reads()[2] == "the other one"
    assert platform.reads()[3] == "back"
    told = last(provider)
    assert told.conversation.remote_id == "uuid-1"
    assert told.text == (
        "Earlier in this conversation:\n\nAnn: one\n→ the other one\n\nAnn: two\n→ the other one\n\nNow: three"
    )


async def test_coming_back_it_gets_the_photos_that_it_missed(
    worker: Worker, provider: FakeProvider, vapi: Stateless
) -> None:
    provider.script = [["a cat"], [DOWN], ["back"]]
    await hear(worker, shown("what?", "cat.jpg"), shown("and this?", "rocket.jpg"), said("is it high?"))
    assert names(last(provider)) == ["rocket.jpg"]
    assert "rocket.jpg" in [photo.name for photo in provider.uploads]
    assert "cat.jpg" not in last(provider).text


async def test_down_at_the_start_it_is_told_everything_later(worker: Worker, provider: FakeProvider) -> None:
    provider.script = [[DOWN], ["back"]]
    await hear(worker, shown("what?", "cat.jpg"), said("more"))
    assert "Ann: [photo 1] what?\n→ the other one" in last(provider).text
    assert names(last(provider)) == ["cat.jpg"]


async def test_what_breaks_off_in_mid_answer_is_ended_by_the_other_model(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, vapi: Stateless
) -> None:
    provider.script = [["It is a cat that", Cut("answer_cut")]]
    vapi.script = [["a cat that", " sleeps."]]
    await hear(worker, shown("what?", "cat.jpg"))
    end = say("failover_rest", by="vapi/gpt-4o")
    assert platform.reads() == [f"It is a cat that sleeps.\n\n_{end}_"]
    assert names(last(vapi)) == ["cat.jpg"]


async def test_a_model_that_keeps_the_conversation_and_begins_again_says_each_word_once(
    stateless: Worker, sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    whole = " ".join(f"Sentence {n} tells of a fox." for n in range(40))
    provider.script = [[whole[:600], Cut("answer_cut")], [whole[:300], whole[300:]]]
    await hear(make_worker(sqlite, platform, provider, photos), shown("what?", "cat.jpg"))
    assert platform.reads() == [whole]


async def test_our_own_fault_is_nobody_elses(worker: Worker, platform: FakePlatform, vapi: Stateless) -> None:
    worker.context.providers["sandbox"].script = [[Refused("provider_failed")]]  # type: ignore[attr-defined]
    await hear(worker, said("what?"))
    assert vapi.prompts == []
    assert platform.reads()[0] == f"⚠️ {say('provider_failed')}"


async def test_a_channel_may_want_no_other_model(
    worker: Worker, sqlite: Store, platform: FakePlatform, provider: FakeProvider, vapi: Stateless
) -> None:
    await sqlite.channels.save_channel_settings(HERE, ChannelSettings(fallbacks=()))
    provider.script = [[Refused("provider_no_credits")]]
    await hear(worker, said("what?"))
    assert vapi.prompts == []
    assert platform.reads()[0] == f"⚠️ {say('provider_no_credits')}"


async def test_where_all_are_down_the_turn_is_tried_again_later(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, vapi: Stateless
) -> None:
    provider.script, vapi.script = [[DOWN]], [[Busy("provider_slow")]]
    await hear(worker, said("what?"))
    assert platform.reads() == []
    assert await worker.store.queue.count_waiting() == 1
    assert (len(provider.prompts), len(vapi.prompts)) == (1, 1)


async def test_what_the_other_model_took_is_booked_under_its_name(
    worker: Worker, provider: FakeProvider, vapi: Stateless
) -> None:
    provider.script, vapi.script = [[DOWN]], [["yes", Usage(dollars=0.25)]]
    await hear(worker, said("what?"))
    [day] = await worker.store.ledger.list_spent_by_day(0)
    assert (day.model, day.spent.dollars) == ("vapi/gpt-4o", 0.25)


# poison


async def test_the_bad_photo_is_found_and_named_and_the_others_are_answered(
    stateless: Worker, platform: FakePlatform, vapi: Stateless
) -> None:
    vapi.poison = {"coffee.png"}
    await hear(stateless, shown("what are these?", *NAMES))
    assert names(last(vapi)) == ["cat.jpg", "rocket.jpg", "astronaut.webp"]
    unread = say("photos_some_read", read=3, total=4, names=f"coffee.png: {Unreadable('photo_refused')}")
    assert platform.reads() == [f"_{unread}_\n\nthe other one"]
    assert unread in last(vapi).text


async def test_it_does_not_spoil_the_turns_after_it(stateless: Worker, platform: FakePlatform, vapi: Stateless) -> None:
    vapi.poison = {"coffee.png"}
    await hear(stateless, shown("what are these?", "cat.jpg", "coffee.png"))
    asked = len(vapi.prompts)
    await hear(stateless, said("and now?"))
    assert len(vapi.prompts) == asked + 1
    assert names(last(vapi)) == ["cat.jpg"]


async def test_one_bad_photo_alone_is_named_and_the_next_question_goes_without_it(
    stateless: Worker, platform: FakePlatform, vapi: Stateless
) -> None:
    vapi.poison = {"coffee.png"}
    await hear(stateless, shown("what?", "coffee.png"), said("hello?"))
    assert platform.reads()[0].startswith("⚠️ ")
    assert platform.reads()[1] == "the other one"


async def test_a_history_that_is_choked_on_is_left_out(
    stateless: Worker, platform: FakePlatform, vapi: Stateless
) -> None:
    await hear(stateless, said("something bad"))
    vapi.bad_words = "bad"
    await hear(stateless, said("something good"))
    assert platform.reads()[1] == f"_{say('history_left_out')}_\n\nthe other one"
    assert last(vapi).history == ()


async def test_a_question_that_is_at_fault_itself_is_asked_once(stateless: Worker, vapi: Stateless) -> None:
    vapi.bad_words = "bad"
    await hear(stateless, said("something bad"))
    assert len(vapi.prompts) == 1


# models that see nothing


@pytest.fixture
async def blind(stateless: Worker, vapi: Stateless) -> Worker:
    vapi.catalogue = [Model(id="gpt-4o", name="GPT-4o", sees=True), Model(id="o3-mini", name="o3 mini", sees=False)]
    await hear(stateless, said("/model o3-mini"))
    return stateless


async def test_a_blind_model_is_not_asked_about_photos_it_cannot_see(
    blind: Worker, platform: FakePlatform, vapi: Stateless
) -> None:
    await hear(blind, shown("what?", "cat.jpg"))
    assert vapi.prompts == []
    assert platform.reads()[1].startswith("⚠️ sandbox/o3-mini can't see photos")
    assert "sandbox/gpt-4o" in platform.reads()[1]


async def test_a_blind_model_is_asked_about_an_article_without_its_picture(blind: Worker, vapi: Stateless) -> None:
    message = shown("what is it about?", "cat.jpg")
    preview = tuple(replace(each, is_preview=True) for each in message.attachments)
    await hear(blind, replace(message, attachments=preview))
    assert [(prompt.photos, prompt.text) for prompt in vapi.prompts] == [((), "what is it about?")]


async def test_unless_the_channel_lets_another_one_describe_them(
    blind: Worker, sqlite: Store, platform: FakePlatform, vapi: Stateless
) -> None:
    await sqlite.channels.save_channel_settings(HERE, ChannelSettings(describe=True))
    vapi.by_model = {"gpt-4o": ["a tabby on a sofa", Usage(credits=5)], "o3-mini": ["It is a tabby.", Usage(credits=1)]}
    await hear(blind, shown("what?", "cat.jpg"), said("are you sure?"))
    assert [prompt.conversation.model_id for prompt in vapi.prompts] == ["gpt-4o", "o3-mini", "o3-mini"]
    assert "a tabby on a sofa" in vapi.prompts[1].background
    assert "a tabby on a sofa" in vapi.prompts[2].background  # and nobody had to look again
    note = say("described_by", model="sandbox/o3-mini", by="sandbox/gpt-4o")
    assert platform.reads()[1] == f"_{note}_\n\nIt is a tabby."
    assert (await sqlite.ledger.get_spent(0)).credits == 7


async def test_text_alone_is_nothing_to_see(blind: Worker, platform: FakePlatform) -> None:
    await hear(blind, said("hello"))
    assert platform.reads()[1] == "the other one"


# videos


async def test_a_link_to_a_video_goes_along_unless_the_operator_wants_none(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    asked = said("what is in https://youtu.be/dQw4w9WgXcQ?")
    await hear(make_worker(sqlite, platform, provider, photos), asked)
    assert "https://youtu.be/dQw4w9WgXcQ" in last(provider).text
    worker = make_worker(sqlite, platform, provider, photos, bot_features_off="videos")
    await hear(worker, replace(asked, id="later"))
    assert last(provider).text == "what is in [video]?"
