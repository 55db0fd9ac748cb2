"""A copy that is made while the bot goes on is whole, and takes the place of the store only when nothing is lost."""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest

from adapters.platforms.web.journal import Journal
from bot.messages import Channel, JobResult, Turn
from bot.ports import Store
from bot.store import open_store
from bot.store.backup import Copy, NotDone, backup, restore, store_file
from bot.store.sql import SqlStore
from bot.store.sqlite import AlreadyRunning, SQLite
from tests.conftest import MODEL, said
from tests.store.older import undo
from tests.store.talk import all_answered, asked

LONG = "a very long answer " * 500  # some pages


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "bot.backup"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with opened(path) as store:
        yield store


def opened(path: Path) -> Store:
    return open_store(f"sqlite:///{path}", MODEL)


async def filled(path: Path, *answers: str) -> None:
    """A store in which these answers were given, and no bot runs on it."""
    async with opened(path) as store:
        for answer in answers:
            await asked(store, "what?", answer)


def answers(path: Path) -> list[str]:
    """What a store holds, read without changing a thing."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        return [answer for (answer,) in database.execute("SELECT answer FROM turns ORDER BY id")]


async def crashed(path: Path, *answers: str) -> None:
    """A store as a crash leaves it: what was written last stands in the WAL only."""
    living = path.with_name("living.db")
    async with opened(living) as store:
        for answer in answers:
            await asked(store, "what?", answer)
        for ending in ("", "-wal"):
            shutil.copy(living.with_name(living.name + ending), path.with_name(path.name + ending))


def damage(path: Path) -> None:
    """Write over the middle of a file."""
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(8 * 4096))


# backup


async def test_a_copy_of_a_running_store_is_whole_and_the_bot_is_not_held_up(store: Store, file: Path) -> None:
    assert isinstance(store, SqlStore) and isinstance(store.db, SQLite)
    before = [await asked(store, f"question {n}", LONG, Channel("web", str(n % 7))) for n in range(300)]
    pauses: list[float] = []
    during: list[Turn] = []

    async def go_on(copying: asyncio.Task[Copy]) -> None:
        while not copying.done():
            begun = time.monotonic()
            during.append(await asked(store, "meanwhile", LONG))
            pauses.append(time.monotonic() - begun)

    copying = asyncio.create_task(asyncio.to_thread(backup, store.db.path, file))
    await go_on(copying)
    copy = await copying
    print(f"{len(during)} turns meanwhile, the slowest took {max(pauses) * 1000:.0f} ms")
    assert len(during) > 5, "nothing happened meanwhile"
    assert max(pauses) < 5
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        finished = {id for (id,) in database.execute("SELECT id FROM turns WHERE finished IS NOT NULL")}
        # An answer and what it took are written together.
        apart = "SELECT COUNT(*) FROM turns LEFT JOIN spending ON turn = id WHERE (answer IS NULL) <> (at IS NULL)"
        assert database.execute(apart).fetchone() == (0,)
    assert {turn.id for turn in before} <= finished
    assert len(before) <= copy.turns <= len(before) + len(during)
    assert copy.size == file.stat().st_size


async def test_a_copy_holds_what_stands_in_the_wal_only(path: Path, file: Path) -> None:
    await crashed(path, "one", "two")
    assert b"two" not in path.read_bytes()
    backup(path, file)
    assert answers(file) == ["one", "two"]


async def test_a_copy_is_one_file_that_only_its_owner_can_read(path: Path, file: Path) -> None:
    await filled(path, "that")
    backup(path, file)
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert S_IMODE(file.stat().st_mode) == 0o600


async def test_a_copy_that_is_there_is_written_over_only_by_force(path: Path, file: Path) -> None:
    await filled(path, "that")
    file.write_text("precious")
    with pytest.raises(NotDone, match="is there already; --force writes over it"):
        backup(path, file)
    assert file.read_text() == "precious"
    file.with_name(file.name + "-wal").write_text("of another one")
    backup(path, file, force=True)
    assert answers(file) == ["that"]
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def test_a_damaged_store_takes_no_good_copys_place(path: Path, file: Path) -> None:
    await filled(path, *[LONG] * 20)
    backup(path, file)
    damage(path)
    with pytest.raises(NotDone, match=f"{path} is damaged"):
        backup(path, file, force=True)
    assert answers(file) == [LONG] * 20
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def test_a_copy_never_takes_the_place_of_the_store_itself(path: Path, tmp_path: Path) -> None:
    await filled(path, "that")
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "other").hardlink_to(path)
    for name in ("bot.db", "bot.db-wal", "bot.db.lock", "link", "other"):
        with pytest.raises(NotDone, match="belongs to the store itself"):
            backup(path, tmp_path / name, force=True)
    with pytest.raises(NotDone, match="is a folder"):
        backup(path, tmp_path, force=True)
    assert answers(path) == ["that"]


def test_where_there_is_no_store_there_is_no_copy(path: Path, file: Path) -> None:
    with pytest.raises(NotDone, match="there is no file"):
        backup(path, file)
    assert not path.exists()
    assert list(file.parent.iterdir()) == []


def test_a_server_has_tools_of_its_own() -> None:
    assert store_file("sqlite:///data/bot.db") == Path("data/bot.db")
    assert store_file("sqlite:////data/bot.db") == Path("/data/bot.db")
    with pytest.raises(NotDone, match="pg_dump") as refused:
        store_file("postgresql://bot:hunter2@example.org/bot")
    assert "hunter2" not in str(refused.value)


# restore


async def test_a_restored_store_is_as_it_was_and_the_other_one_is_kept(path: Path, file: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    await filled(path, "two")
    copy = restore(path, file)
    assert (copy.turns, copy.count_waiting) == (1, 0)
    assert copy.kept is not None
    assert copy.kept.name.startswith("bot.db.before-restore-2")
    assert answers(path) == ["one"]
    assert answers(copy.kept) == ["one", "two"]
    assert answers(file) == ["one"]
    async with opened(path) as store:
        await asked(store, "and now?", "three")
    assert restore(path, copy.kept).turns == 2  # and back again


async def test_what_waited_then_is_answered_after_the_restore(path: Path, file: Path) -> None:
    async with opened(path) as store:
        await store.intake.add(said("in work"))
        [turn] = await store.queue.claim(1)
        await store.intake.add(said("behind it"))
        backup(path, file)
        await store.queue.save_result(turn, JobResult(text="a cat", model=MODEL))
        await store.queue.finish(turn)
    assert restore(path, file).count_waiting == 2
    async with opened(path) as store:
        assert await all_answered(store) == ["in work", "behind it"]


async def test_a_store_on_a_new_machine_needs_nothing_to_be_there(path: Path, file: Path, tmp_path: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    new = tmp_path / "new" / "bot.db"
    assert restore(new, file).kept is None
    assert answers(new) == ["one"]


async def test_the_wal_of_the_old_store_goes_with_the_old_store(path: Path, file: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    path.unlink()
    await crashed(path, "two", "three")
    kept = restore(path, file).kept
    assert kept is not None
    async with opened(path) as store:
        assert (await asked(store, "and now?", "four")).id == 2
    assert answers(path) == ["one", "four"]
    assert answers(kept) == ["two", "three"]


async def test_a_wal_without_its_store_is_not_applied_either(path: Path, file: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    path.unlink()
    await crashed(path, "two", "three")
    path.unlink()
    assert restore(path, file).kept is None
    assert answers(path) == ["one"]
    assert not path.with_name("bot.db-wal").exists()
    assert len(list(path.parent.glob("bot.db.before-restore-*-wal"))) == 1


async def test_a_store_elsewhere_that_a_link_leads_to_is_replaced_there(path: Path, file: Path, tmp_path: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    path.unlink()
    real = tmp_path / "elsewhere.db"
    await crashed(real, "two")
    path.symlink_to(real)
    kept = restore(path, file).kept
    assert kept is not None
    assert path.is_symlink()
    assert (answers(real), answers(kept)) == (["one"], ["two"])


async def test_a_damaged_store_is_kept_as_it_is(path: Path, file: Path) -> None:
    await filled(path, *[LONG] * 20)
    backup(path, file)
    path.write_bytes(damaged := os.urandom(100_000))
    path.with_name("bot.db-wal").write_bytes(os.urandom(100_000))
    kept = restore(path, file).kept
    assert kept is not None
    assert kept.read_bytes() == damaged
    assert answers(path) == [LONG] * 20
    assert not path.with_name("bot.db-wal").exists()


async def test_a_running_bot_is_in_the_way(path: Path, file: Path) -> None:
    async with opened(path) as store:
        await asked(store, "what?", "one")
        backup(path, file)
        await asked(store, "what?", "two")
        with pytest.raises(AlreadyRunning, match=f"another bot is running on {path}"):
            restore(path, file)
    assert answers(path) == ["one", "two"]


async def test_another_program_that_has_the_store_open_is_in_the_way(path: Path, file: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT COUNT(*) FROM turns").fetchone()
        with pytest.raises(NotDone, match="another program has"):
            restore(path, file)
    assert [each.name for each in path.parent.glob("bot.db*")].count("bot.db") == 1
    assert not list(path.parent.glob("*restore*"))
    restore(path, file)


@pytest.mark.parametrize("unfit", ["damaged", "cut", "noise", "empty", "journal", "newer", "missing", "itself"])
async def test_a_file_that_is_no_good_is_in_the_way_and_the_store_stays(path: Path, file: Path, unfit: str) -> None:
    await filled(path, *[LONG] * 20)
    backup(path, file)
    says = "is damaged"
    if unfit == "damaged":
        damage(file)
    elif unfit == "cut":
        file.write_bytes(file.read_bytes()[: 10 * 4096])
    elif unfit == "noise":
        file.write_bytes(os.urandom(100_000))
    elif unfit == "empty":
        file.write_bytes(b"")
        says = "is no store of this bot"
    elif unfit == "journal":
        file.unlink()
        async with Journal(file):
            pass
        says = "is no store of this bot"
    elif unfit == "newer":
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("INSERT INTO migrations (name, applied) VALUES ('999_later.sql', 0)")
        says = r"is from a newer version of the bot \(999_later.sql\): upgrade first"
    elif unfit == "missing":
        file.unlink()
        says = "there is no file"
    else:
        file = path
        says = "belongs to the store itself"
    before = sorted(path.parent.iterdir()), path.read_bytes()
    with pytest.raises(NotDone, match=says):
        restore(path, file)
    assert (sorted(path.parent.iterdir()), path.read_bytes()) == before


async def test_a_copy_made_by_cp_is_restored_too_and_is_left_alone(path: Path, file: Path) -> None:
    await filled(path, "one")
    shutil.copy(path, file)
    path.unlink()
    restore(path, file)
    assert answers(path) == ["one"]
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def test_a_copy_made_by_cp_with_its_wal_is_restored_whole(path: Path, file: Path) -> None:
    await crashed(path, "one", "two")
    for ending in ("", "-wal"):
        path.with_name(path.name + ending).rename(file.with_name(file.name + ending))
    restore(path, file)
    assert answers(path) == ["one", "two"]


async def test_a_restored_store_can_be_read_by_whoever_could_read_the_one_before(path: Path, file: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    path.chmod(0o640)
    restore(path, file)
    assert S_IMODE(path.stat().st_mode) == 0o640


async def test_a_copy_of_an_older_version_is_brought_up_to_date_at_the_next_start(path: Path, file: Path) -> None:
    await filled(path, "one")
    backup(path, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:  # as it was before the fleet
        for statement in undo(since="007"):
            database.execute(statement)
    restore(path, file)
    async with opened(path) as store:
        await asked(store, "and now?", "two")
        await store.blobs.put_blob("key", b"data")
    assert answers(path) == ["one", "two"]
