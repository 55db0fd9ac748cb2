"""The store in one file, for one process: writes that come together are committed together."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiosqlite

from bot.messages import RateLimit, Stall
from bot.operations.file_rights import close_to_others
from bot.store.coordination import LocalRateLimiter
from bot.store.database import Database, Execute, Result, Row, Unit
from bot.store.migrate import migrate
from bot.store.recovery import HOLDERS, book_unclean_end, recover
from bot.util.tasks import BackgroundTasks

PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 5000;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
"""

HIGHEST = "MAX(last, COALESCE((SELECT MAX(id) FROM turns), 0))"  # a number by itself would be given out again


class AlreadyRunning(Exception):
    """Another process holds this file."""


@dataclass(slots=True)
class _Write:
    unit: Unit[Any]
    done: asyncio.Future[Any]
    single: bool  # one statement, which is a transaction by itself


class SQLite(Database):
    """One connection writes, one reads, one counts what takes long. A disk flush costs milliseconds, so one of them
    serves all who wait.
    """

    identity = "INTEGER PRIMARY KEY"
    next_turn = f"(SELECT {HIGHEST} + 1 FROM turn_numbers)"  # noqa: S608 (ours)
    each_id = "SELECT value FROM json_each(:ids)"

    def __init__(self, path: str, first_model: str, stalls: Collection[Stall] = ()) -> None:
        super().__init__(first_model)
        self.stalls = stalls
        self.path = Path(path)
        self._writes: list[_Write] = []
        self._commits = BackgroundTasks()
        self._is_writing = False
        self._guard: Callable[[], object] = lambda: None  # gives the file free
        self._gates = LocalRateLimiter(time.time)

    async def __aenter__(self) -> Self:
        """Open the file and take back what a process that died was holding. AlreadyRunning when one lives."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._guard = lock_file(self.path)
        close_to_others(self.path)
        await self._connect()
        await self.write(partial(migrate, identity=self.identity))
        await recover(self, self.stalls)
        for row in await self.read(HOLDERS, me=self.me):
            await self.write(partial(book_unclean_end, self, holder=row["holder"]))
        return self

    async def __aexit__(self, *exc: object) -> None:
        while self._is_writing:
            await self._commits.wait()
        await self._counter.close()
        await self._reader.close()
        await self._writer.close()
        self._guard()

    async def _connect(self) -> None:
        self._writer = await _connect(self.path)
        self._reader = await _connect(self.path)
        self._counter = await _connect(self.path)

    async def read(self, sql: str, **values: object) -> list[Row]:
        return await _rows(self._reader, sql, values)

    async def read_apart(self, sql: str, **values: object) -> list[Row]:
        return await _rows(self._counter, sql, values)

    async def write(self, unit: Unit[Result], *, single: bool = False) -> Result:
        done = asyncio.get_running_loop().create_future()
        self._writes.append(_Write(unit, done, single))
        # A task of its own commits: a caller that is cancelled must not leave half a transaction behind.
        if not self._is_writing:
            self._is_writing = True
            self._commits.start(self._commit_all())
        result: Result = await done
        return result

    async def run_exclusively(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do the work: there is no other process."""
        await work()

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a pass through the gate, in memory: nobody else needs to know."""
        return await self._gates.acquire(gate, patience)

    async def keep_numbers(self, execute: Execute) -> None:
        await execute(f"UPDATE turn_numbers SET last = {HIGHEST}")  # noqa: S608 (ours)

    async def _commit_all(self) -> None:
        try:
            while self._writes:
                batch, self._writes = self._writes, []
                if not await self._committed(batch) and len(batch) > 1:
                    for write in batch:  # one of them failed: each alone, so that only that one does
                        await self._committed([write])
        finally:
            self._is_writing = False

    async def _committed(self, batch: list[_Write]) -> bool:
        """Run the units in one transaction and tell the callers. False, and nothing told, if one of several failed."""
        alone = len(batch) == 1 and batch[0].single
        try:
            if not alone:
                await self._writer.execute("BEGIN IMMEDIATE")
            results = [await write.unit(self._execute) for write in batch]
            if not alone:
                await self._writer.execute("COMMIT")
        except Exception as error:
            await self._writer.rollback()
            if len(batch) == 1:
                _tell(batch[0].done, error)
            return False
        for write, result in zip(batch, results, strict=True):
            _tell(write.done, result)
        return True

    @property
    def _execute(self) -> Execute:
        async def execute(sql: str, /, **values: object) -> list[Row]:
            return await _rows(self._writer, sql, values)

        return execute


def _tell(done: asyncio.Future[Any], outcome: object) -> None:
    if done.done():  # the caller was cancelled
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    await connection.executescript(PRAGMAS)
    return connection


async def _rows(connection: aiosqlite.Connection, sql: str, values: dict[str, object]) -> list[Row]:
    return [dict(row) for row in await connection.execute_fetchall(sql, values)]


def lock_file(path: Path) -> Callable[[], None]:
    """Hold the store in this file for this process, until what is returned is called; AlreadyRunning if another does.

    Two bots on one file would take each other for dead.
    """
    import fcntl

    file = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        msg = f"another bot is running on {path}"
        raise AlreadyRunning(msg) from None
    return file.close
