"""Files of interactions wait in the store, within bounds, for whichever process answers."""

import os
import time
from pathlib import Path

import pytest

from adapters.platforms.discord import legacy_files as attic
from adapters.platforms.discord.attachment_store import WEEK, AttachmentStore
from bot.ports import Store
from tests.conftest import OpenStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an earlier version kept such files."""
    folder = tmp_path / "data" / "discord"
    folder.mkdir(parents=True)
    return folder


def left(folder: Path, name: str, data: bytes, age: float = 60) -> None:
    """A file that was left there so many seconds ago."""
    (folder / name).write_bytes(data)
    then = time.time() - age
    os.utime(folder / name, (then, then))


# keeping


async def test_what_one_process_kept_is_read_by_another_one(reopen: OpenStore, store_url: str) -> None:
    data = bytes(range(256)) * 1000
    async with reopen() as store:
        await AttachmentStore(store.blobs).put("12", data)
        if store_url.startswith("postgres"):
            async with reopen() as other:
                assert await AttachmentStore(other.blobs).get("12") == data
    async with reopen() as later:
        assert await AttachmentStore(later.blobs).get("12") == data


async def test_a_file_that_was_never_there_is_none(sqlite: Store) -> None:
    assert await AttachmentStore(sqlite.blobs).get("12") is None


async def test_the_first_ones_make_room(sqlite: Store) -> None:
    keep = AttachmentStore(sqlite.blobs, max_bytes=10)
    for id in ("101", "102", "103"):
        await keep.put(id, b"12345")
    assert [await keep.get(id) for id in ("101", "102", "103")] == [None, b"12345", b"12345"]


async def test_the_same_file_again_counts_once(sqlite: Store) -> None:
    keep = AttachmentStore(sqlite.blobs, max_bytes=10)
    for id in ("101", "102", "102", "102"):
        await keep.put(id, b"12345")
    assert await keep.get("101") == b"12345"


async def test_what_is_too_old_goes(sqlite: Store) -> None:
    keep = AttachmentStore(sqlite.blobs)
    await keep.put("1", b"old")
    await keep.expire(time.time() - 60)
    assert await keep.get("1") == b"old"
    await keep.expire(time.time() + 1)
    assert await keep.get("1") is None


async def test_nothing_is_kept_for_longer_than_a_week_whatever_the_operator_says(sqlite: Store) -> None:
    await sqlite.blobs.put_blob("discord:ticket:7", b"something else")
    keep = AttachmentStore(sqlite.blobs, max_age=-1)
    await keep.put("1", b"old")
    await keep.expire(before=0)
    assert await keep.get("1") is None
    assert await sqlite.blobs.get_blob("discord:ticket:7") == b"something else"


# what an earlier version left


async def test_what_was_left_in_the_folder_moves(folder: Path, sqlite: Store) -> None:
    left(folder, "12", b"a cat")
    left(folder, "13", b"a dog")
    await attic.migrate_legacy_files(folder, AttachmentStore(sqlite.blobs))
    assert [await AttachmentStore(sqlite.blobs).get(id) for id in ("12", "13")] == [b"a cat", b"a dog"]
    assert not list(folder.iterdir())


async def test_what_is_too_old_or_half_written_does_not_move(folder: Path, sqlite: Store) -> None:
    left(folder, "1", b"old", WEEK + 1)
    left(folder, "2.part", b"half of")
    await attic.migrate_legacy_files(folder, AttachmentStore(sqlite.blobs))
    assert [await AttachmentStore(sqlite.blobs).get(id) for id in ("1", "2", "2.part")] == [None, None, None]
    assert not list(folder.iterdir())


async def test_what_is_not_ours_stays(folder: Path, sqlite: Store) -> None:
    for name in ("bot.db", "12.jpg", "2024-notes", "²"):
        left(folder, name, b"somebody's", 10 * WEEK)
    await attic.migrate_legacy_files(folder, AttachmentStore(sqlite.blobs))
    assert sorted(path.name for path in folder.iterdir()) == ["12.jpg", "2024-notes", "bot.db", "²"]


async def test_a_folder_that_was_never_there_is_no_trouble(tmp_path: Path, sqlite: Store) -> None:
    await attic.migrate_legacy_files(tmp_path / "nowhere", AttachmentStore(sqlite.blobs))
    assert not (tmp_path / "nowhere").exists()
