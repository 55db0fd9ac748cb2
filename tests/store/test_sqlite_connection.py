"""What is asked of a SQLite file in one moment goes to its thread together."""

import asyncio
import sqlite3
from contextvars import ContextVar
from pathlib import Path

import pytest

from bot.files.photos import PhotoIntake
from bot.store.database import Execute
from bot.store.sql import SqlStore
from bot.store.sqlite import SQLite
from tests.conftest import MODEL, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import hear, make_worker

SPOKEN = ContextVar("SPOKEN", default="en")
COUNT = "SELECT COUNT(*) AS n FROM assets"
PUT = "INSERT INTO assets (provider, account, sha256, asset, kept) VALUES (:name, :name, :name, :name, 0)"


def costs(db: SQLite) -> tuple[int, int]:
    return db.costs["hops"], db.costs["commits"]


async def test_queries_of_one_moment_share_a_hop_and_one_that_fails_fails_alone(tmp_path: Path) -> None:
    async with SQLite(f"{tmp_path}/bot.db", MODEL) as db:
        hops, _ = costs(db)
        first, wrong, last = await asyncio.gather(
            db.read(COUNT), db.read("SELECT nothing"), db.read(COUNT), return_exceptions=True
        )
        assert (first, last) == ([{"n": 0}], [{"n": 0}])
        assert isinstance(wrong, sqlite3.OperationalError)
        assert db.costs["hops"] == hops + 1


async def test_a_unit_is_one_hop_and_units_of_one_moment_are_one_commit(tmp_path: Path) -> None:
    async def unit(execute: Execute, n: int) -> list[object]:
        await execute(PUT, name=f"a{n}")
        await execute(PUT, name=f"b{n}")
        return [row["n"] for row in await execute(COUNT)]

    async with SQLite(f"{tmp_path}/bot.db", MODEL) as db:
        before = costs(db)
        counted = await asyncio.gather(*(db.write(lambda execute, n=n: unit(execute, n)) for n in range(3)))  # type: ignore[misc]
        after = costs(db)
    assert counted == [[2], [4], [6]]
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)


async def test_a_unit_that_waits_for_something_else_is_undone_and_refused(tmp_path: Path) -> None:
    async def unit(execute: Execute) -> None:
        await execute(PUT, name="a")
        await asyncio.sleep(0)

    async with SQLite(f"{tmp_path}/bot.db", MODEL) as db:
        with pytest.raises(RuntimeError, match="its own statements"):
            await db.write(unit)
        assert await db.read(COUNT) == [{"n": 0}]


async def test_a_unit_runs_in_the_context_of_whoever_wants_it(tmp_path: Path) -> None:
    async def unit(execute: Execute) -> str:
        return SPOKEN.get()

    async with SQLite(f"{tmp_path}/bot.db", MODEL) as db:
        SPOKEN.set("de")
        assert await db.write(unit) == "de"


async def test_a_photo_turn_takes_few_hops(
    sqlite: SqlStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    db = sqlite.db
    assert isinstance(db, SQLite)
    worker = make_worker(sqlite, platform, provider, photos)
    await hear(worker, said("what is this?", photos=1))
    before = db.costs["hops"]
    await hear(worker, said("what is this?", photos=1, channel="web:elsewhere"))
    assert db.costs["hops"] - before <= 14
    assert platform.reads("web:elsewhere") == ["a cat"]
