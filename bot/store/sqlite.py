"""The store in one file, for one process: writes that come together are committed together."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from bot.messages import RateLimit, Stall
from bot.operations.file_rights import close_to_others
from bot.store.coordination import LocalRateLimiter
from bot.store.database import Database, Execute, Result, Row, Unit
from bot.store.migrate import migrate
from bot.store.recovery import HOLDERS, book_unclean_end, recover
from bot.store.sqlite_connection import SQLiteConnection, tell_all
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
    is_single: bool  # one statement, which is a transaction by itself
    context: Context  # of the caller, for what a unit logs and the language in which it speaks


class SQLite(Database):
    """One connection writes, one reads, one counts what takes long.

    A disk flush costs milliseconds, and a hop into a thread more than most statements: one of each serves all who wait.
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
        self.commits = 0

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

    @property
    def costs(self) -> Mapping[str, int]:
        """Count the hops into the threads, the statements and the commits since the start."""
        connections = (self._writer, self._reader, self._counter)
        return {
            "hops": sum(connection.hops for connection in connections),
            "statements": sum(connection.statements for connection in connections),
            "commits": self.commits,
        }

    async def read(self, sql: str, **values: object) -> list[Row]:
        return await self._reader.read(sql, values)

    async def read_apart(self, sql: str, **values: object) -> list[Row]:
        return await self._counter.read(sql, values)

    async def write(self, unit: Unit[Result], *, single: bool = False) -> Result:
        done = asyncio.get_running_loop().create_future()
        self._writes.append(_Write(unit, done, single, copy_context()))
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
                outcomes = await self._writer.run(partial(self._outcomes, batch))
                tell_all([write.done for write in batch], outcomes)
        finally:
            self._is_writing = False

    # in the thread of the connection that writes

    def _outcomes(self, batch: list[_Write]) -> list[object]:
        """Run the units in one transaction; if one of them fails, run each alone, so that only that one does."""
        try:
            return self._transact(batch)
        except Exception as error:
            return [error] if len(batch) == 1 else [self._outcomes([write])[0] for write in batch]

    def _transact(self, batch: list[_Write]) -> list[object]:
        is_alone = len(batch) == 1 and batch[0].is_single
        try:
            if not is_alone:
                self._writer.execute_now("BEGIN IMMEDIATE")
            results = [write.context.run(self._writer.drive, write.unit) for write in batch]
            if not is_alone:
                self._writer.execute_now("COMMIT")
        except Exception:
            self._writer.roll_back_now()
            raise
        self.commits += 1
        return results


async def _connect(path: Path) -> SQLiteConnection:
    connection = SQLiteConnection(path)
    await connection
    connection.row_factory = sqlite3.Row
    await connection.executescript(PRAGMAS)
    return connection


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
