"""Files of interactions wait on the disk, within bounds, for our eyes alone."""

import asyncio
import os
import stat
import time
from pathlib import Path

import pytest

from adapters.platforms.discord.keep import Keep

WEEK = 7 * 24 * 60 * 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "discord"


def grow_older(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


async def test_a_file_is_there_again_also_after_a_restart(folder: Path) -> None:
    await Keep(folder).put("12", b"a cat")
    assert await Keep(folder).get("12") == b"a cat"


async def test_a_file_that_was_never_there_is_none(folder: Path) -> None:
    keep = Keep(folder)
    await keep.tidy()
    assert await keep.get("12") is None


async def test_nobody_else_may_look(folder: Path) -> None:
    old = os.umask(0)
    try:
        await Keep(folder).put("12", b"a cat")
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "12").stat().st_mode) == 0o600


async def test_the_oldest_make_room(folder: Path) -> None:
    keep = Keep(folder, most_bytes=10)
    for age, id in ((30, "1"), (20, "2")):
        await keep.put(id, b"12345")
        grow_older(folder / id, age)
    await keep.put("3", b"12345")
    assert [await keep.get(id) for id in ("1", "2", "3")] == [None, b"12345", b"12345"]


async def test_what_is_too_old_goes_at_the_next_file(folder: Path) -> None:
    keep = Keep(folder)
    await keep.put("1", b"old")
    grow_older(folder / "1", WEEK + 1)
    await keep.put("2", b"new")
    assert [await keep.get(id) for id in ("1", "2")] == [None, b"new"]


async def test_what_is_too_old_goes_when_the_bot_starts(folder: Path) -> None:
    await Keep(folder).put("1", b"old")
    (folder / "2.part").write_bytes(b"half of")
    await Keep(folder).put("3", b"new")
    for name in ("1", "2.part"):
        grow_older(folder / name, WEEK + 1)
    await Keep(folder).tidy()
    assert [path.name for path in folder.iterdir()] == ["3"]


async def test_what_is_not_ours_stays(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("bot.db", "12.jpg", "2024-notes"):
        (folder / name).write_bytes(b"somebody's")
        grow_older(folder / name, 10 * WEEK)
    await Keep(folder, most_bytes=0).put("1", b"gone at once")
    assert sorted(path.name for path in folder.iterdir()) == ["12.jpg", "2024-notes", "bot.db"]


async def test_many_files_at_once_all_arrive(folder: Path) -> None:
    keep = Keep(folder)
    await asyncio.gather(*(keep.put(str(id), b"%d" % id) for id in range(30)))
    assert [await keep.get(str(id)) for id in range(30)] == [b"%d" % id for id in range(30)]
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("id", ["", "../1", "1/2", "1.part", "one", "²", "٣", "-1"])
async def test_an_id_that_is_no_number_is_no_id(folder: Path, id: str) -> None:
    with pytest.raises(ValueError, match="number"):
        await Keep(folder).put(id, b"x")
    with pytest.raises(ValueError, match="number"):
        await Keep(folder).get(id)
    assert not folder.exists()
