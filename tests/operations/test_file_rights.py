"""What the bot writes is for its own account, also what an earlier version wrote for everybody."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import aiohttp
import pytest

from adapters.platforms.web.journal import Journal
from bot.operations.file_rights import close_to_others, readable_by_others
from bot.store import backup, open_store
from tests.conftest import CAT, MODEL
from tests.doubles.page import Page
from tests.doubles.process import BotProcess

ENDINGS = ("", "-wal", "-shm", ".lock")


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """The usual umask, under which every account may read what is written."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return S_IMODE(path.stat().st_mode)


def beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ENDINGS]


async def test_a_running_bot_writes_nothing_that_another_account_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "bot"
    async with BotProcess(tmp_path, "try", BOT_STORE=f"sqlite:///{folder}/bot.db", BOT_DATA=str(folder)) as bot:
        await bot.ready()
        page = Page(bot.url, "lobby")
        async with aiohttp.ClientSession() as http, asyncio.timeout(20):
            await page.say(http, "what is this?", "k1", cat_jpg=CAT)
            while not await page.answers(http):
                await asyncio.sleep(0.05)
        written = [folder, *folder.rglob("*")]
        assert {path.name for path in written} >= {"bot.db", "bot.db-wal", "bot.db.lock", "web.db", "photos"}
        assert [str(path) for path in written if rights(path) & 0o077] == []


async def test_a_store_that_everybody_could_read_is_closed_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    async with open_store(f"sqlite:///{file}", MODEL):
        for path in beside(file):
            path.chmod(0o644)
        old = tmp_path / "bot.db.before-restore-20261121-040000"
        old.touch(0o644)
    async with open_store(f"sqlite:///{file}", MODEL):
        assert [rights(path) for path in [*beside(file), old]] == [0o600] * 5


async def test_a_store_that_only_a_group_may_read_was_somebodys_choice(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    async with open_store(f"sqlite:///{file}", MODEL):
        pass
    file.chmod(0o640)
    async with open_store(f"sqlite:///{file}", MODEL):
        assert rights(file) == 0o640


def test_a_store_behind_a_link_is_closed_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real.db", tmp_path / "bot.db"
    for path in beside(real):
        path.touch(0o644)
    link.symlink_to(real)
    close_to_others(link)
    assert [rights(path) for path in beside(real)] == [0o600] * 4
    assert rights(tmp_path / "there") == 0o755


async def test_the_page_s_journal_is_closed_too(tmp_path: Path) -> None:
    file = tmp_path / "web.db"
    file.touch()
    file.chmod(0o644)
    async with Journal(file):
        assert rights(file) == 0o600


async def test_a_restored_store_is_closed_though_the_one_before_it_was_open(tmp_path: Path) -> None:
    file, copy = tmp_path / "bot.db", tmp_path / "copy.db"
    async with open_store(f"sqlite:///{file}", MODEL):
        pass
    backup.backup(file, copy)
    file.chmod(0o644)
    done = backup.restore(file, copy)
    assert done.kept is not None
    assert [rights(path) for path in (file, copy, done.kept)] == [0o600] * 3
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(("mode", "readable"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_who_else_may_read_a_file(tmp_path: Path, mode: int, readable: bool) -> None:
    file = tmp_path / ".env"
    assert not readable_by_others(file)
    file.touch()
    file.chmod(mode)
    assert readable_by_others(file) is readable
