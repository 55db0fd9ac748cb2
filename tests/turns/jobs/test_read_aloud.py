"""Answers that are read aloud."""

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.ports import Store
from bot.replies.markdown import spoken
from bot.replies.reply import NOTHING_MORE
from bot.words import say
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import SOUND, FakeStudio
from tests.doubles.work import Worker, drain, hear, make_worker, pressed, ripen, taken


@pytest.fixture
def studio(provider: FakeProvider) -> FakeStudio:
    provider.script = [["**A cat**, see [here](https://example.com)."]]
    studio = provider.media = FakeStudio()
    return studio


@pytest.fixture
def worker(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> Worker:
    return make_worker(sqlite, platform, provider, photos)


async def test_a_button_below_the_answer_has_it_read_aloud(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said())
    assert "/speak 1" in platform.buttons["1"]
    await hear(worker, pressed("/speak 1", "1"))
    assert studio.spoken == [("A cat, see here.", "speak-1")]
    [file] = platform.sent_files["2"]
    assert (file.mime, file.data) == ("audio/ogg", SOUND)
    assert (await worker.store.ledger.get_spent(0)).credits == 2


async def test_said_in_words_the_last_answer_is_meant(worker: Worker, studio: FakeStudio) -> None:
    await hear(worker, said(), said("/speak"))
    assert len(studio.spoken) == 1


async def test_before_anything_was_answered_there_is_nothing_to_read(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    await hear(worker, said("/speak"))
    assert platform.reads() == [f"⚠️ {say('again_nothing')}"]
    assert studio.spoken == []


async def test_who_comes_near_a_limit_is_told_with_the_sound(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, studio: FakeStudio
) -> None:
    worker = make_worker(sqlite, platform, provider, photos, bot_user_turns_day=2)
    await hear(worker, said(), said("/speak"))
    assert "Nearly used up: 1 answer of 2 answers" in platform.reads()[1]
    assert [file.data for file in platform.sent_files["2"]] == [SOUND]


async def test_a_refusal_is_a_sentence(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    studio.trouble = [Refused("provider_failed")]
    await hear(worker, said(), said("/speak"))
    assert platform.reads()[1] == f"⚠️ {say('provider_failed')}"


async def test_the_sound_comes_also_where_a_post_said_why_it_took_so_long(
    worker: Worker, platform: FakePlatform, studio: FakeStudio
) -> None:
    studio.trouble = [Busy("provider_down", status=500)] * 2
    await hear(worker, said(), said("/speak"))
    for _ in range(2):
        await ripen(worker.store)
        await drain(worker)
    assert platform.reads()[1:] == [NOTHING_MORE, "🔊"]
    assert [file.data for file in platform.sent_files["3"]] == [SOUND]


async def test_after_a_crash_it_is_not_paid_twice(worker: Worker, platform: FakePlatform, studio: FakeStudio) -> None:
    await hear(worker, said())
    turn = await taken(worker, said("/speak"))
    await worker.take(turn)
    await worker.store.db.run(  # type: ignore[attr-defined]
        "UPDATE turns SET finished = NULL, answer = NULL, holder = NULL, due = 0, leads = TRUE WHERE id = 2"
    )
    await drain(worker)
    assert len(studio.spoken) == 1
    assert len(platform.reads()) == 2


async def test_there_is_no_button_where_nobody_reads(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.media = None
    await hear(worker, said())
    assert "/speak 1" not in platform.buttons["1"]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("plain words", "plain words"),
        ("# Title\n\n- **one**\n- _two_", "Title - one - two"),
        ("see [the page](https://example.com/a_b)", "see the page"),
        ("before\n```python\nprint(1)\n```\nafter", "before after"),
    ],
)
def test_what_only_eyes_can_read_is_not_read(text: str, heard: str) -> None:
    assert spoken(text) == heard
