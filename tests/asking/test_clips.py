"""Videos in a question: looked at in stills, heard where somebody can listen, and named for what they are."""

from dataclasses import replace

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Message
from bot.ports import Store
from bot.words import say
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import FakeStudio
from tests.doubles.work import Worker, hear, make_worker
from tests.files.photos import scene, written
from tests.files.photos.test_moving import clip

FILM = Attachment(ref="film", name="cat.mp4", mime="video/mp4", still="still")


@pytest.fixture
def studio(provider: FakeProvider, platform: FakePlatform) -> FakeStudio:
    platform.files["film"] = clip(2, sound=True)
    platform.files["still"] = written(scene(), "JPEG")
    studio = provider.media = FakeStudio()
    studio.says = "a cat meows"
    return studio


@pytest.fixture
def worker(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> Worker:
    return make_worker(sqlite, platform, provider, photos)


def filmed(text: str = "what happens?", film: Attachment = FILM) -> Message:
    return replace(said(text), attachments=(film,), language="en-GB")


async def test_a_clip_is_one_photo_with_stills_and_its_sound_is_heard(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    await hear(worker, filmed())
    [prompt] = provider.prompts
    [photo] = prompt.photos
    assert photo.series and len(photo.pictures) == 8 and photo.name == "cat.mp4"
    assert prompt.text == "what happens?\n\na cat meows"
    assert platform.reads() == ["_🎤 a cat meows_\n\na cat"]
    assert studio.heard[0][0].name == "voice.m4a"
    assert platform.fetched == ["film"]
    assert (await worker.store.ledger.get_spent(0)).credits == 3 + 7


async def test_a_silent_clip_is_looked_at_only(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    platform.files["film"] = clip(2)
    await hear(worker, filmed())
    assert platform.reads() == ["a cat"] and studio.heard == [] and len(provider.prompts[0].photos) == 1


@pytest.mark.parametrize("trouble", [Refused("voice_silent"), Busy("provider_slow")])
async def test_sound_that_cannot_be_transcribed_keeps_nobody_from_looking(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio, trouble: Exception
) -> None:
    studio.trouble = [trouble]
    await hear(worker, filmed())
    assert platform.reads() == ["a cat"] and len(provider.prompts[0].photos[0].pictures) == 8


async def test_where_voice_is_off_nobody_listens(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> None:
    await hear(make_worker(sqlite, platform, provider, photos, bot_features_off="voice"), filmed())
    assert studio.heard == [] and len(provider.prompts[0].photos[0].pictures) == 8


@pytest.mark.parametrize(
    "data", [b"RIFF\0\0\0\0AVI LIST" + bytes(99), clip(70, rate=1), b"\0\0\0\x18ftypmp42" + bytes(50)]
)
async def test_of_a_video_that_cannot_be_read_the_preview_is_looked_at(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, data: bytes
) -> None:
    platform.files["film"] = data
    await hear(worker, filmed())
    note = say("photo_video_still", name="cat.mp4")
    assert platform.reads() == [f"_{note}_\n\na cat"]
    [photo] = provider.prompts[0].photos
    assert photo.series is None and note in provider.prompts[0].text
    [known] = await worker.store.files.list_files(provider.prompts[0].conversation, 9)
    assert known.attachment.ref == "still"


async def test_a_video_without_a_preview_is_named_as_one_without_buttons(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.files["film"] = b"RIFF\0\0\0\0AVI LIST" + bytes(99)
    await hear(worker, filmed(film=Attachment(ref="film", name="cat.avi", mime="video/x-msvideo")))
    assert platform.reads() == [f"⚠️ {say('videos_none_read', names='cat.avi: ' + say('photo_video'))}"]
    assert platform.buttons["1"] == [] and provider.prompts == []


async def test_a_long_video_is_named_by_its_length(worker: Worker, platform: FakePlatform) -> None:
    platform.files["film"] = clip(70, rate=1)
    await hear(worker, filmed(film=replace(FILM, still="")))
    assert say("photo_video_long", limit=60) in platform.reads()[0] and platform.buttons["1"] == []


async def test_a_clip_is_remembered_under_its_number(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    provider.keeps_history = False
    await hear(worker, filmed(), said("and what is on photo 1?"))
    again = provider.prompts[1]
    assert len(again.photos[0].pictures) == 8 and again.numbers[again.photos[0].sha256] == 1
    await photos.drop([again.photos[0].sha256])
    await hear(worker, said("what was photo 1 again?"))
    assert provider.prompts[2].photos[0].sha256 == again.photos[0].sha256
