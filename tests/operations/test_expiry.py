"""Nothing is kept for longer than the operator said."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.configuration import read_settings
from bot.errors import Busy
from bot.files.photos import PhotoIntake
from bot.operations.expiry import DAY, Expiry
from bot.ports import Deletion, Store
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.work import until
from tests.store.talk import HERE, asked

SETTINGS = read_settings(_env_file=None, bot_keep_days=10, bot_keep_photo_days=2)


async def aged(store: Store, days: float, question: str) -> None:
    """A question that was answered so many days ago."""
    turn = await asked(store, question, "a cat")
    await store.db.run("UPDATE turns SET finished = :then WHERE id = :id", then=ago(days), id=turn.id)  # type: ignore[attr-defined]


def ago(days: float) -> float:
    return time.time() - days * DAY


async def left(store: Store) -> list[str]:
    """The questions that are still known."""
    conversation = await store.conversations.find_conversation(HERE)
    assert conversation is not None
    return [turn.message.text for turn in await store.turns.list_answered(conversation)]


async def test_turns_are_deleted_by_age_in_small_bites(
    store: Store, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, photos: PhotoIntake
) -> None:
    monkeypatch.setattr("bot.operations.expiry.BATCH", 2)
    monkeypatch.setattr("bot.operations.expiry.BREATH", 0)
    for n, days in enumerate((30, 20, 11, 10.01, 9.99, 1)):
        await aged(store, days, f"question {n}")
    await Expiry(store.deletion, [platform.as_platform()], photos, SETTINGS).round()
    assert await left(store) == ["question 4", "question 5"]


async def test_what_waits_is_never_too_old(sqlite: Store, platform: FakePlatform, photos: PhotoIntake) -> None:
    await sqlite.intake.add(replace(said(), sent=0))
    await Expiry(sqlite.deletion, [platform.as_platform()], photos, SETTINGS).round()
    assert await sqlite.queue.count_waiting() == 1


async def test_platforms_delete_what_they_hold_and_photos_sooner(sqlite: Store, photos: PhotoIntake) -> None:
    platforms, now = [FakePlatform(), FakePlatform("telegram")], time.time()
    await Expiry(sqlite.deletion, [each.as_platform() for each in platforms], photos, SETTINGS).round()
    for platform in platforms:
        [(words, files)] = platform.expired
        assert words == pytest.approx(now - 10 * DAY, abs=5)
        assert files == pytest.approx(now - 2 * DAY, abs=5)


async def test_photos_that_lie_here_are_deleted_by_age(sqlite: Store, photos: PhotoIntake) -> None:
    hashes = []
    for name, days in (("cat.jpg", 2.1), ("coffee.png", 1.9)):
        photo = await photos.read(name, (PHOTOS / name).read_bytes())
        os.utime(photo.file, (ago(days), ago(days)))
        hashes.append(photo.sha256)
    del photo
    await Expiry(sqlite.deletion, [], photos, SETTINGS).round()
    assert [await photos.recall(sha256, "it") is not None for sha256 in hashes] == [False, True]


async def test_keys_of_photos_at_providers_are_forgotten_with_them(sqlite: Store, photos: PhotoIntake) -> None:
    for sha256, days in (("old", 11), ("new", 9)):
        await sqlite.blobs.save_asset("onemin", "me", sha256, "key")
        await sqlite.db.run("UPDATE assets SET kept = :then WHERE sha256 = :sha256", then=ago(days), sha256=sha256)  # type: ignore[attr-defined]
    await Expiry(sqlite.deletion, [], photos, SETTINGS).round()
    assert [await sqlite.blobs.get_asset("onemin", "me", sha256) for sha256 in ("old", "new")] == [None, "key"]


async def test_nothing_is_asked_of_a_platform_that_holds_nothing_for_us(sqlite: Store, photos: PhotoIntake) -> None:
    plain, full = FakePlatform(), FakePlatform("telegram")
    platforms = [replace(plain.as_platform(), expires=None), full.as_platform()]
    await Expiry(sqlite.deletion, platforms, photos, SETTINGS).round()
    assert (plain.expired, len(full.expired)) == ([], 1)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operations.expiry.PAUSE", 0.01)


@pytest.mark.usefixtures("often")
async def test_a_store_that_is_away_is_survived(
    sqlite: Store, platform: FakePlatform, photos: PhotoIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aged(sqlite, 30, "an old question")
    deletion, tried = type(sqlite.deletion), 0
    expired = deletion.delete_expired

    async def away(port: Deletion, before: float, most: int) -> int:
        nonlocal tried
        tried += 1
        if tried < 3:
            raise ConnectionError
        return await expired(port, before, most)

    monkeypatch.setattr(deletion, "delete_expired", away)
    async with running(Expiry(sqlite.deletion, [platform.as_platform()], photos, SETTINGS)):
        await until(lambda: platform.expired)
    assert tried >= 3
    assert await left(sqlite) == []


@pytest.mark.usefixtures("often")
async def test_a_platform_in_trouble_keeps_no_other_one_from_it(sqlite: Store, photos: PhotoIntake) -> None:
    class InTrouble(FakePlatform):
        async def expire(self, before: float, photos_before: float) -> None:
            raise Busy("discord_unreachable")

    telegram = FakePlatform("telegram")
    async with running(Expiry(sqlite.deletion, [InTrouble().as_platform(), telegram.as_platform()], photos, SETTINGS)):
        await until(lambda: telegram.expired, 2)


@asynccontextmanager
async def running(expiry: Expiry) -> AsyncIterator[None]:
    task = asyncio.create_task(expiry.run())
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
