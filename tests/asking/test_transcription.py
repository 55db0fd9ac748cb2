"""Voice messages: what is said in them is asked, once, and shown above the answer."""

from dataclasses import replace

import pytest

from bot.asking.transcription import LONGEST_SHOWN
from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Message, MessageReference
from bot.ports import Store
from bot.words import say
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import SOUND, FakeStudio
from tests.doubles.work import Worker, drain, hear, make_worker, ripen

VOICE = Attachment(ref="voice-1", name="voice.oga", mime="audio/ogg", size=64)
PHOTO = Attachment(ref="ref1", name="theirs.jpg")


@pytest.fixture
def studio(provider: FakeProvider, platform: FakePlatform) -> FakeStudio:
    platform.files["voice-1"] = SOUND
    studio = provider.media = FakeStudio()
    return studio


@pytest.fixture
def worker(
    store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> Worker:
    return make_worker(store, platform, provider, photos)


def spoken(text: str = "", about: MessageReference | None = None) -> Message:
    return replace(said(text), attachments=(VOICE,), about=about, language="en-GB")


async def test_what_was_said_is_asked_and_stands_above_the_answer(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    await hear(worker, spoken())
    assert platform.reads() == ["_🎤 what is this?_\n\na cat"]
    assert provider.prompts[0].text == "what is this?"
    [(file, model, language)] = studio.heard
    assert (file.name, file.data, model, language) == ("voice.ogg", SOUND, "hear-1", "en-GB")
    assert (await worker.store.ledger.get_spent(0)).credits == 3 + 7


async def test_it_may_be_about_the_photo_that_it_replies_to(
    worker: Worker, provider: FakeProvider, studio: FakeStudio
) -> None:
    await hear(worker, spoken(about=MessageReference(id="99", ours=False, text="", attachments=(PHOTO,))))
    assert [photo.name for photo in provider.prompts[0].photos] == ["theirs.jpg"]


async def test_the_words_are_part_of_what_was_said(worker: Worker, provider: FakeProvider) -> None:
    provider.keeps_history = False
    await hear(worker, spoken(), said("and now?"))
    [past] = provider.prompts[1].history
    assert past.question == "what is this?"


async def test_asked_again_nobody_has_to_listen_again(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    provider.script = [[Busy("provider_down", status=500)], ["a cat"]]
    await hear(worker, spoken())
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["_🎤 what is this?_\n\na cat"]
    await hear(worker, said("/retry"))
    assert len(studio.heard) == 1
    assert provider.prompts[-1].text == "what is this?"


async def test_words_beside_the_recording_are_asked_as_well(
    worker: Worker, provider: FakeProvider, studio: FakeStudio
) -> None:
    studio.says = "some music"
    await hear(worker, spoken("Write down what you hear."))
    assert provider.prompts[0].text == "Write down what you hear.\n\nsome music"


async def test_a_caption_may_hold_a_microphone_and_the_recording_is_heard_all_the_same(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, spoken("🎤 listen:"))
    assert provider.prompts[0].text == "🎤 listen:\n\nwhat is this?"
    assert platform.reads() == ["_🎤 what is this?_\n\na cat"]


async def test_a_microphone_that_somebody_types_is_nothing_that_was_heard(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said("🎤 is my favourite sign"))
    assert platform.reads() == ["a cat"]
    assert provider.prompts[0].text == "🎤 is my favourite sign"


async def test_a_recording_that_could_not_be_heard_is_heard_when_it_is_asked_again(
    worker: Worker, provider: FakeProvider, studio: FakeStudio
) -> None:
    studio.trouble = [Refused("provider_failed")]
    await hear(worker, spoken(), said("/retry 1"))
    assert [prompt.text for prompt in provider.prompts] == ["what is this?"]
    assert await worker.store.queue.count_waiting() == 0
    first = await worker.store.turns.get_turn(1)
    assert first is not None
    assert first.transcript == "what is this?"


async def test_silence_is_listened_to_once(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    studio.says = ""
    await hear(worker, spoken("well?"), said("/retry 1"))
    assert len(studio.heard) == 1
    assert platform.reads() == ["a cat"]


async def test_a_recording_with_a_photo_needs_no_quick_actions(worker: Worker, platform: FakePlatform) -> None:
    message = spoken()
    await hear(worker, replace(message, attachments=(Attachment(ref="ref0", name="photo0.jpg"), *message.attachments)))
    assert "/describe" not in [command for commands in platform.buttons.values() for command in commands]


async def test_a_recording_that_is_replied_to_is_heard(
    worker: Worker, provider: FakeProvider, studio: FakeStudio
) -> None:
    studio.says = "bonjour"
    about = MessageReference(id="99", ours=False, text="", attachments=(VOICE,))
    await hear(worker, replace(said("what does she say?"), about=about))
    assert provider.prompts[0].text == "what does she say?\n\nbonjour"


async def test_a_long_speech_is_shown_by_its_beginning_and_asked_whole(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    studio.says = "word " * 4000
    await hear(worker, spoken())
    assert len(platform.reads()[0]) < LONGEST_SHOWN + 30
    assert len(provider.prompts[0].text) > 19_000


async def test_what_cannot_be_heard_is_a_sentence(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, studio: FakeStudio
) -> None:
    studio.trouble = [Refused("provider_failed")]
    await hear(worker, spoken())
    assert platform.reads() == [f"⚠️ {say('provider_failed')}"]
    assert provider.prompts == []


async def test_a_recording_that_is_gone_is_a_sentence(worker: Worker, platform: FakePlatform) -> None:
    del platform.files["voice-1"]
    await hear(worker, spoken())
    assert platform.reads()[0].startswith("⚠️ I couldn't get the recording")


async def test_the_operator_may_want_no_voices(
    store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> None:
    await hear(make_worker(store, platform, provider, photos, bot_features_off="voice"), spoken())
    assert platform.reads() == [f"⚠️ {say('feature_off')}"]
    assert studio.heard == []


@pytest.mark.parametrize(
    ("name", "mime", "ending"),
    [
        ("voice.oga", "audio/ogg", "ogg"),
        ("voice-message.ogg", "audio/ogg; codecs=opus", "ogg"),
        ("song.MP3", "", "mp3"),
        ("note.m4a", "audio/x-m4a", "m4a"),
        ("film.webm", "video/webm", ""),
        ("cat.jpg", "image/jpeg", ""),
        ("paper.pdf", "application/pdf", ""),
    ],
)
def test_recordings_are_known_by_type_or_name(name: str, mime: str, ending: str) -> None:
    assert Attachment(ref="1", name=name, mime=mime).sound == ending


@pytest.mark.parametrize("caption", ["/help", "/imagine", "@somebody", "photo 2", "🎤"])
async def test_a_voice_message_is_transcribed_whatever_stands_below_it(
    worker: Worker, provider: FakeProvider, caption: str
) -> None:
    await hear(worker, spoken(caption))
    [prompt] = provider.prompts
    assert prompt.text.startswith(f"{caption}\n\n")
