"""A database that an older version left in mid-conversation; fixtures/README.md says how it was made."""

import io
import json
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.files.photos import PhotoIntake
from bot.messages import Channel
from bot.ports import Store
from bot.store import open_store
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import drain, hear, make_worker, ripen

FIXTURE = Path(__file__).parent / "fixtures" / "before_fields.db"
ATTIC = "web:attic"


@pytest.fixture
async def older(tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(FIXTURE, tmp_path / "bot.db")
    async with open_store(f"sqlite:///{tmp_path}/bot.db", "onemin/gpt-4o") as store:
        yield store


@pytest.fixture
def onemin() -> FakeProvider:
    return FakeProvider(["an old cat"], name="onemin", keeps_history=False)


async def test_the_conversation_goes_on_where_it_was(
    older: Store, platform: FakePlatform, onemin: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(older, platform, onemin, photos)
    await ripen(older)
    await drain(worker)
    assert await older.queue.count_waiting() == 0
    compared = [text for text in platform.reads() if text.startswith("**")]
    assert [text.splitlines()[0] for text in compared] == ["**onemin/gpt-4o-mini**", "**onemin/o3-mini**"]
    assert "a small cat" in compared[0] and "an animal" in compared[1]
    asked = {prompt.text for prompt in onemin.prompts}
    assert asked == {"and now?", "who are you?"}, "what was compared is not asked again"
    waited = await older.turns.get_turn(7)
    assert waited is not None
    assert [(each.question, each.answer) for each in await older.turns.list_history(waited, 9)] == [
        ("what is this?", "a feline"),
        ("Listen:\n\nwhat is this?", "a feline"),
        ("🎤 is a sign", "a feline"),
    ]
    assert platform.reads(ATTIC)[-1].endswith("an old cat")


async def test_people_can_go_on_with_what_was_answered_before(
    older: Store, platform: FakePlatform, onemin: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(older, platform, onemin, photos)
    await ripen(older)
    await drain(worker)
    await hear(worker, said("/pick 6 2"), said("/version 1 1"), said("/retry 2"))
    picked = await older.turns.get_turn(3)
    assert picked is not None and picked.answer == "an animal"
    conversation = await older.conversations.find_conversation(Channel.parse("web:lobby"))
    assert conversation is not None and conversation.model == "onemin/o3-mini"
    assert "_Sorry for the wait: this was sent 60 minutes ago._\n\na cat" in platform.reads()
    assert onemin.prompts[-1].text == "Listen:\n\nwhat is this?"


async def test_its_export_has_what_was_said_heard_and_made(
    older: Store, platform: FakePlatform, onemin: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(older, platform, onemin, photos)
    await ripen(older)
    await hear(worker, said("/export"))
    [file] = [file for files in platform.sent_files.values() for file in files if file.mime == "application/zip"]
    with zipfile.ZipFile(io.BytesIO(file.data)) as zipped:
        turns = json.loads(zipped.read("transcript.json"))["turns"]
    told = [(turn["question"], turn["answer"]) for turn in turns]
    assert ("Listen:\n\n🎤 what is this?", "_🎤 what is this?_\n\na feline") in told
    assert ("/imagine a red house", "🎨 _onemin/imagine-1 · 0.0 s · 7 credits_\n\na red house") in told
    assert any("**onemin/o3-mini**\n\n_🎤 is a sign_\n\nan animal" in answer for _, answer in told)
