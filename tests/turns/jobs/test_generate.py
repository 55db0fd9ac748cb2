"""Pictures to order: made once, kept before they are shown, and photos of the conversation from then on."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Channel, Conversation, MessageReference
from bot.ports import Store
from bot.words import say
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import VIDEO, FakeStudio, picture
from tests.doubles.work import Worker, drain, hear, make_worker, pressed, ripen, taken, until, with_files

HERE = Channel.parse("web:lobby")


@pytest.fixture
def studio(provider: FakeProvider) -> FakeStudio:
    studio = provider.media = FakeStudio()
    return studio


@pytest.fixture
def worker(
    store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> Worker:
    return make_worker(store, platform, provider, photos)


async def test_a_picture_is_painted_of_words_and_posted_with_them(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/imagine a red house model=imagine-2 size=512x512"))
    [order] = studio.orders
    assert (order.kind, order.words, order.model, order.params) == (
        "imagine",
        "a red house",
        "imagine-2",
        {"size": "512x512"},
    )
    told, shown = platform.reads()
    assert told.startswith("🎨 _sandbox/imagine-2 · ")
    assert "7 credits" in told
    assert shown == "a red house"
    [file] = platform.sent_files["2"]
    assert (file.data, file.about) == (picture("red"), "a red house")
    assert platform.buttons["2"] == ["/redo 1", "/vary of=1 nth=1", "/upscale of=1 nth=1"]
    assert (await worker.store.ledger.get_spent(0)).credits == 7


async def test_several_are_one_post_and_each_can_be_varied(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/imagine houses n=3"), pressed("/vary of=1 nth=2", "2"))
    assert [file.data for file in platform.sent_files["2"]] == [picture("red"), picture("green"), picture("blue")]
    row = ["/redo 1", *(f"/vary of=1 nth={n}" for n in (1, 2, 3)), "/buttons 1"]
    assert platform.buttons["2"] == row
    assert studio.orders[1].kind == "vary"
    [known] = [each for each in await worker.store.files.list_files(await _conversation(worker), 9) if each.number == 2]
    assert studio.orders[1].photo is not None
    assert studio.orders[1].photo.sha256 == known.sha256


async def test_what_does_not_fit_into_the_row_below_pictures_is_behind_the_rest(
    worker: Worker, platform: FakePlatform
) -> None:
    await hear(worker, said("/imagine houses n=3"))
    before = platform.reads()
    await hear(worker, pressed("/buttons 1", "2"))
    assert platform.buttons["2"][-3:] == [f"/upscale of=1 nth={n}" for n in (1, 2, 3)]
    assert platform.reads() == before


async def test_a_picture_that_came_out_the_same_twice_can_be_varied_by_either_button(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/imagine a house"), said("/imagine a house"), pressed("/vary of=2 nth=1", "4"))
    first, again, varied = studio.orders
    assert (first.kind, again.kind, varied.kind) == ("imagine", "imagine", "vary")
    assert varied.photo is not None


async def test_a_made_picture_can_be_asked_about(worker: Worker, provider: FakeProvider, studio: FakeStudio) -> None:
    await hear(worker, said("/imagine a house"), said("what colour is it?"))
    [photo] = provider.prompts[0].photos
    assert photo.name == "imagine0.png"
    assert photo in provider.uploads


async def test_it_is_found_again_when_the_shelf_has_lost_it(
    worker: Worker, provider: FakeProvider, studio: FakeStudio, photos: PhotoIntake
) -> None:
    await hear(worker, said("/imagine a house"))
    [known] = await worker.store.files.list_files(await _conversation(worker), 9)
    await photos.drop([known.sha256])
    await hear(worker, said("what colour is it?"))
    assert [photo.sha256 for photo in provider.prompts[0].photos] == [known.sha256]


@pytest.mark.parametrize("craft", ["vary", "cutout", "upscale"])
async def test_a_photo_is_worked_on_that_came_along(
    worker: Worker, platform: FakePlatform, studio: FakeStudio, craft: str
) -> None:
    await hear(worker, said(f"/{craft}", photos=1))
    [order] = studio.orders
    assert order.photo is not None
    assert order.photo.name == "photo0.jpg"
    assert platform.reads()[1] == say(f"{craft}_done")


async def test_words_about_a_picture_are_said_and_booked(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/prompt", photos=1))
    [told] = platform.reads()
    assert told.startswith("a cat on a sofa, soft light\n\n🎨 _sandbox/prompt-1 · ")
    assert (await worker.store.ledger.get_spent(0)).credits == 7


async def test_a_video_is_a_file_without_the_buttons_of_a_picture(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/animate it waves", photos=1))
    [file] = platform.sent_files["2"]
    assert (file.name, file.mime, file.data) == ("animate.mp4", "video/mp4", VIDEO)
    assert platform.buttons["2"] == ["/redo 1"]


@pytest.mark.parametrize("craft", ["erase", "backdrop"])
async def test_what_needs_words_asks_for_them(worker: Worker, platform: FakePlatform, craft: str) -> None:
    await hear(worker, said(f"/{craft}", photos=1))
    assert platform.reads() == [f"⚠️ {say(f'{craft}_how')}"]


async def test_what_no_model_offers_is_said_and_costs_nothing(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/untext", photos=1))
    assert platform.reads() == [f"⚠️ {say('studio_nobody')}"]
    assert studio.orders == []


async def test_one_is_changed_by_words_in_a_reply_to_a_photo(worker: Worker, studio: FakeStudio) -> None:
    about = MessageReference(id="99", ours=False, text="", attachments=(Attachment(ref="ref1", name="theirs.jpg"),))
    await hear(worker, replace(said("/edit make it 3 times as dark"), about=about))
    [order] = studio.orders
    assert order.words == "make it 3 times as dark"
    assert order.photo is not None
    assert order.photo.name == "theirs.jpg"


async def test_a_reply_to_a_made_picture_means_it_as_it_was_made(worker: Worker, studio: FakeStudio) -> None:
    about = MessageReference(
        id="2", ours=True, text="a house", attachments=(Attachment(ref="ref1", name="smaller.jpg"),)
    )
    await hear(worker, said("/imagine a house"), replace(said("/edit darker"), about=about))
    order = studio.orders[1]
    assert order.photo is not None
    assert order.photo.name == "imagine0.png"


async def test_without_a_photo_the_last_one_is_meant(worker: Worker, studio: FakeStudio) -> None:
    await hear(worker, said("what?", photos=1), said("/edit darker"))
    assert studio.orders[0].photo is not None
    assert studio.orders[0].photo.name == "photo0.jpg"


async def test_where_there_is_none_it_asks_for_one(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    await hear(worker, said("/vary"))
    assert platform.reads() == [f"⚠️ {say('studio_no_photo')}"]
    assert studio.orders == []


async def test_again_orders_the_same_once_more_with_the_same_photo(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/edit darker", photos=1), pressed("/redo 1", "2"))
    first, second = studio.orders
    assert (second.kind, second.words) == ("edit", "darker")
    assert first.photo is not None
    assert second.photo is not None
    assert first.photo.sha256 == second.photo.sha256
    await hear(worker, pressed("/redo 2", "4"))
    assert len(studio.orders) == 3


@pytest.mark.parametrize(("command", "key"), [("/imagine", "imagine_how"), ("/edit", "edit_how")])
async def test_without_words_it_says_how(worker: Worker, platform: FakePlatform, command: str, key: str) -> None:
    await hear(worker, said(command))
    assert platform.reads() == [f"⚠️ {say(key)}"]


async def test_a_refusal_is_a_sentence_and_nothing_is_booked(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    studio.trouble = [Refused("provider_failed")]
    await hear(worker, said("/imagine something"))
    assert platform.reads() == [f"⚠️ {say('provider_failed')}"]
    assert (await worker.store.ledger.get_spent(0)).credits == 0


async def test_a_model_that_nobody_knows_is_named_with_those_that_can(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/imagine a house model=rembrandt"))
    models = "sandbox/imagine-1, sandbox/imagine-2"
    assert platform.reads() == [f"⚠️ {say('studio_model', model='rembrandt', models=models)}"]
    assert studio.orders == []


async def test_where_nobody_paints_it_says_so(worker: Worker, platform: FakePlatform, provider: FakeProvider) -> None:
    provider.media = None
    await hear(worker, said("/imagine a house"))
    assert platform.reads() == [f"⚠️ {say('studio_nobody')}"]


async def test_the_operator_may_want_no_pictures(
    store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> None:
    worker = make_worker(store, platform, provider, photos, bot_features_off="pictures,voice")
    await hear(worker, said("/imagine a house"))
    assert platform.reads() == [f"⚠️ {say('feature_off')}"]
    assert studio.orders == []


async def test_who_is_busy_is_asked_again_later(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    studio.trouble = [Busy("provider_down", status=500)]
    await hear(worker, said("/imagine a house"))
    assert platform.sent_files == {} or not any(platform.sent_files.values())
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads()[-1] == "a house"
    assert len(studio.orders) == 2


async def test_it_can_be_stopped(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    studio.takes = 60.0
    turn = await taken(worker, said("/imagine a house"))
    working = asyncio.create_task(worker.take(turn))
    await until(lambda: platform.reads() and platform.reads()[0].startswith("🎨"))
    assert platform.buttons["1"] == ["/stop"]
    assert worker.context.asker.stops.stop(turn.conversation.id)
    await working
    assert platform.reads() == [f"⏹ {say('stopped')}"]
    assert (await worker.store.ledger.get_spent(0)).turns == 1  # or stopping would be a way around limits
    assert not any(platform.sent_files.values())


async def test_after_a_crash_it_is_neither_made_nor_posted_twice(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    turn = await taken(worker, said("/imagine a house"))
    platform.troubles = []
    await worker.take(turn)
    shown = dict(platform.posts[HERE])
    await worker.store.db.run(  # type: ignore[attr-defined]
        "UPDATE turns SET finished = NULL, answer = NULL, holder = NULL, due = 0, leads = TRUE"
    )
    await drain(worker)
    assert len(studio.orders) == 1
    assert platform.posts[HERE].keys() == shown.keys()
    assert platform.reads()[1] == "a house"


async def test_what_was_made_and_is_too_old_is_said_to_be_gone(worker: Worker, platform: FakePlatform) -> None:
    turn = await taken(worker, said("/imagine a house"))
    await worker.take(turn)
    await worker.store.deletion.delete_generated(9e12)
    await worker.store.db.run(  # type: ignore[attr-defined]
        "UPDATE turns SET finished = NULL, holder = NULL, due = 0, leads = TRUE"
    )
    await drain(worker)
    assert platform.reads()[0] == f"⚠️ {say('made_gone')}"


async def _conversation(worker: Worker) -> Conversation:
    found = await worker.store.conversations.find_conversation(HERE)
    assert found is not None
    return found


async def test_a_picture_can_be_named_by_its_number(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    platform.files["ref1"] = (PHOTOS / "rocket.jpg").read_bytes()
    await hear(worker, with_files(said("this?"), ref0="a.jpg"), with_files(said("this?"), ref1="b.jpg"))
    await hear(worker, said("/edit lighter"), said("/edit photo 1 darker"))
    last, named = (order.photo for order in studio.orders)
    assert named is not None
    assert last is not None
    assert (named.name, last.name) == ("a.jpg", "b.jpg")
