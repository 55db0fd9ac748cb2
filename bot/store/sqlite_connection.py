"""A connection to a SQLite file. What is asked of it in one moment goes to its thread together.

A hop into that thread and back costs more than most statements do.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiosqlite

from bot.store.database import Execute, Row
from bot.util.tasks import BackgroundTasks

Result = TypeVar("Result")

PREPARED = 512  # statements that stay prepared
ROWS_AT_ONCE = 64  # that aiosqlite fetches when it iterates, which nothing here does


class _Query(NamedTuple):
    sql: str
    values: Mapping[str, object]
    done: asyncio.Future[list[Row]]


class SQLiteConnection(aiosqlite.Connection):
    """A connection with a thread of its own; counts what it costs."""

    def __init__(self, path: Path) -> None:
        connect = partial(sqlite3.connect, path, isolation_level=None, cached_statements=PREPARED)
        super().__init__(connect, ROWS_AT_ONCE)
        self.hops = self.statements = 0
        self._queries: list[_Query] = []
        self._reading = BackgroundTasks()

    async def read(self, sql: str, values: Mapping[str, object]) -> list[Row]:
        """Run a query, in one hop with the others of this moment."""
        done: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._queries.append(_Query(sql, values, done))
        if len(self._queries) == 1:
            self._reading.start(self._read_all())
        return await done

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run the work in the connection's thread, where it may call `execute` as often as it likes: one hop."""
        self.hops += 1
        result: Result = await self._execute(work)  # type: ignore[no-untyped-call]  # aiosqlite has no public way
        return result

    def execute_now(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        """Run a statement; only from within `run`."""
        self.statements += 1
        return [dict(row) for row in self._conn.execute(sql, values or {}).fetchall()]

    def roll_back_now(self) -> None:
        """Undo what is not committed; only from within `run`."""
        self._conn.rollback()

    def drive(self, unit: Callable[[Execute], Awaitable[Result]]) -> Result:
        """Run a unit, which awaits nothing but its own statements, to its end; only from within `run`."""

        async def execute(sql: str, /, **values: object) -> list[Row]:
            return self.execute_now(sql, values)

        async def running() -> Result:
            return await unit(execute)

        coroutine = running()
        try:
            coroutine.send(None)
        except StopIteration as ended:
            result: Result = ended.value
            return result
        coroutine.close()
        msg = "a unit may await nothing but its own statements"
        raise RuntimeError(msg)

    async def _read_all(self) -> None:
        queries, self._queries = self._queries, []
        outcomes = await self.run(lambda: [self._outcome(query) for query in queries])
        tell_all([query.done for query in queries], outcomes)

    def _outcome(self, query: _Query) -> list[Row] | Exception:
        try:
            return self.execute_now(query.sql, query.values)
        except Exception as error:
            return error


def tell_all(waiting: Sequence[asyncio.Future[Any]], outcomes: Sequence[object]) -> None:
    """Tell each who waits what came of it; whoever was cancelled meanwhile hears nothing."""
    for done, outcome in zip(waiting, outcomes, strict=True):
        if done.done():
            continue
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)
