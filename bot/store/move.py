"""From SQLite to PostgreSQL: every row of every table, in one transaction, and compared before it counts."""

import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from bot.store import open_store
from bot.store.backup import NotDone, must_be_known, opened, reason
from bot.store.database import Row
from bot.store.migrate import migrate
from bot.store.postgres_connections import BadAddress, Connection, connect
from bot.store.sqlite import SQLite, lock_file

Say = Callable[[str], object]

APART = frozenset({"migrations", "processes", "gates"})  # what is true of one database only
PAUSE = 5.0  # seconds between two lines about the same table

# Nobody works on the file.
GIVE_BACK = "UPDATE turns SET holder = NULL, due = added WHERE holder IS NOT NULL AND finished IS NULL"

# A server that ends what is slow would never let this pass; and another bot at work there is not waited for.
PATIENCE = """
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '10s'
"""

COLUMNS = """
SELECT table_name, column_name, data_type, is_identity = 'YES' AS numbered FROM information_schema.columns
WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position
"""

REFERS_TO = 'SELECT "table" FROM pragma_foreign_key_list(?)'

# Never back, and beyond the numbers of turns that were deleted: posts of theirs are still there.
GO_ON = """
SELECT setval(%(sequence)s, GREATEST(nextval(%(sequence)s), %(last)s + 1,
    (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table})), FALSE)
"""


@dataclass(frozen=True, slots=True)
class MoveResult:
    """The result of a move: what was moved, and how long it took."""

    rows: Mapping[str, int]  # by table
    replaced: int  # texts in which signs were replaced that PostgreSQL cannot keep
    seconds: float


@dataclass(frozen=True, slots=True)
class Table:
    """A table as PostgreSQL has it."""

    name: str
    columns: dict[str, str] = field(default_factory=dict)  # the type of each, in order
    numbered: list[str] = field(default_factory=list)  # those that PostgreSQL has a sequence for

    def sql(self, statement: str) -> Composed:
        """The statement for this {table} and its {columns}."""
        columns = SQL(", ").join(map(Identifier, self.columns))
        return SQL(statement).format(table=Identifier(self.name), columns=columns)


class Digest:
    """A count, and a hash that is the same for the same rows in any order: databases sort words differently."""

    def __init__(self, table: Table) -> None:
        self.count = self._sum = 0
        self._files = [n for n, kind in enumerate(table.columns.values()) if kind == "bytea"]

    def add(self, row: Sequence[Any]) -> None:
        """Count a row."""
        values = list(row)
        for n in self._files:
            values[n] = values[n] and sha256(values[n]).digest()
        self.count += 1
        self._sum += int.from_bytes(sha256(repr(values).encode()).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.count, self._sum) == (other.count, other._sum)


class Source:
    """The store in SQLite."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.replaced = 0  # texts so far
        database.text_factory = self._text

    def column(self, sql: str, *values: str) -> set[Any]:
        """The first column of what a query finds."""
        return {row[0] for row in self._database.execute(sql, values)}

    def rows(self, table: Table) -> Iterator[Sequence[Any]]:
        """The rows of a table, one after the other, in the types of PostgreSQL."""
        flags = [n for n, kind in enumerate(table.columns.values()) if kind == "boolean"]
        columns = ", ".join(f'"{name}"' for name in table.columns)
        for row in self._database.execute(f'SELECT {columns} FROM "{table.name}"'):  # noqa: S608 (names of ours)
            values = list(row)
            for n in flags:
                values[n] = None if row[n] is None else bool(row[n])
            yield values

    def _text(self, stored: bytes) -> str:
        """A text; what PostgreSQL cannot keep (NUL, and what is no UTF-8) becomes U+FFFD."""
        with suppress(UnicodeDecodeError):
            if b"\0" not in stored:
                return stored.decode()
        self.replaced += 1
        return stored.decode("utf-8", "replace").replace("\0", "\ufffd")


async def move(store: Path, url: str, first_model: str, say: Say) -> MoveResult:
    """Move all that is in the file to an empty PostgreSQL; the file stays as it is.

    `say` is told in lines what is done. AlreadyRunning while a bot runs on the file. NotDone, and nothing is in
    PostgreSQL, when something is in the way, or when what was read back is not the same.
    """
    begun = time.monotonic()
    must_be_clear(url)
    with _in_words(store):
        async with _found(store) as source, _connected(url) as database:
            async with open_store(url, first_model):
                pass  # it has all tables now
            async with database.transaction():
                rows, replaced = await _move(source, database, say)
        return MoveResult(rows, replaced, time.monotonic() - begun)


def must_be_clear(url: str) -> None:
    """NotDone unless everybody reads the address in the same way. Says no part of it: a password may be in it."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres") or not rest:
        msg = "the address to move to should look like postgresql://user:password@host/name"
        raise NotDone(msg)
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if host.count("@") > 1 or host.count("@") < rest.count("@"):
        msg = "in a user's name and password write @ as %40, / as %2F, ? as %3F, # as %23"
        raise NotDone(msg)


def without_password(url: str) -> str:
    """The address as it may be shown."""
    shown = re.sub(r"(?<=://)([^:@/]*):[^@/]*@", r"\1:***@", url)
    return re.sub(r"(?<=[?&])((?:ssl)?password)=[^&]*", r"\1=***", shown)


async def _move(source: Source, database: Connection, say: Say) -> tuple[dict[str, int], int]:
    """Copy, compare, and let the numbers go on: the rows by table, and how many texts were changed."""
    tables = await _tables(source, database, say)
    await _take(database, tables)
    for table in tables:
        await _copy(database, table, _telling(source.rows(table), table.name, say))
    replaced = source.replaced
    rows = {}
    for table in tables:
        rows[table.name] = await _compare(source, database, table)
        say(f"{table.name}: {rows[table.name]:,} rows, and the same in both")
    [last] = source.column("SELECT COALESCE(MAX(last), 0) FROM turn_numbers")
    for table in tables:
        await _go_on(database, table, last if table.name == "turns" else 0)
        await database.execute(table.sql("ANALYZE {table}"))
    return rows, replaced


async def _tables(source: Source, database: Connection, say: Say) -> list[Table]:
    """The tables of both, those first that others refer to. NotDone where they are not the same."""
    found: dict[str, Table] = {}
    for row in await _rows(database, COLUMNS):
        table = found.setdefault(row["table_name"], Table(row["table_name"]))
        table.columns[row["column_name"]] = row["data_type"]
        if row["numbered"]:
            table.numbered.append(row["column_name"])
    applied = "SELECT name FROM migrations"
    if {row["name"] for row in await _rows(database, applied)} != source.column(applied):
        msg = "the PostgreSQL there belongs to another version of the bot"
        raise NotDone(msg)
    names = source.column("SELECT name FROM sqlite_master WHERE type = 'table' AND SUBSTR(name, 1, 7) <> 'sqlite_'")
    for name in sorted(names - set(found)):
        say(f"{name}: not moved, because it is no table of the bot")
    ours = (names & set(found)) - APART
    for name in ours:
        if source.column("SELECT name FROM pragma_table_info(?)", name) != set(found[name].columns):
            msg = f"the table {name} has other columns in SQLite than in PostgreSQL"
            raise NotDone(msg)
    order = TopologicalSorter({name: source.column(REFERS_TO, name) - {name} for name in sorted(ours)})
    return [found[name] for name in order.static_order()]


async def _take(database: Connection, tables: Sequence[Table]) -> None:
    """Keep everybody else from writing there. NotDone when there is something already."""
    names = SQL(", ").join(Identifier(table.name) for table in tables)
    await database.execute(PATIENCE)
    if (await _rows(database, "SHOW server_encoding"))[0]["server_encoding"] != "UTF8":
        msg = "the PostgreSQL there does not keep every sign: create it with ENCODING 'UTF8'"
        raise NotDone(msg)
    await database.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(names))
    await database.execute("DELETE FROM turn_numbers")  # it has a row from the beginning
    full = [table.name for table in tables if await _rows(database, table.sql("SELECT 1 FROM {table} LIMIT 1"))]
    if full:
        msg = f"the PostgreSQL there is not empty ({', '.join(full)}). To delete all that the bot keeps there: "
        raise NotDone(msg + f"TRUNCATE {names.as_string()}")


async def _copy(database: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    statement = table.sql("COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)")
    async with database.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(table.columns.values()))
        for row in rows:
            try:
                await copy.write_row(row)
            except (TypeError, ValueError, OverflowError) as error:
                msg = f"a row of {table.name} holds what its columns cannot"
                raise NotDone(msg) from error


async def _compare(source: Source, database: Connection, table: Table) -> int:
    """Read both once more: how many rows there are. NotDone where they are not the same."""
    here, there = Digest(table), Digest(table)
    for row in source.rows(table):
        here.add(row)
    statement = table.sql("COPY {table} ({columns}) TO STDOUT (FORMAT BINARY)")
    async with database.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(table.columns.values()))
        async for row in copy.rows():
            there.add(row)
    if here != there:
        rows = f"{here.count:,} rows are in SQLite, {there.count:,} in PostgreSQL"
        msg = f"{table.name} would not be the same: {rows if here.count != there.count else 'some rows differ'}"
        raise NotDone(msg)
    return here.count


async def _go_on(database: Connection, table: Table, last: int) -> None:
    """Let new rows get numbers that nothing ever had."""
    for column in table.numbered:
        [found] = await _rows(
            database, "SELECT pg_get_serial_sequence(quote_ident(%s), %s) AS sequence", table.name, column
        )
        statement = SQL(GO_ON).format(column=Identifier(column), table=Identifier(table.name))
        await database.execute(statement, {"sequence": found["sequence"], "last": last})


def _telling(rows: Iterable[Sequence[Any]], name: str, say: Say) -> Iterator[Sequence[Any]]:
    """The rows, with a line now and then for those who wait."""
    told = time.monotonic()
    for count, row in enumerate(rows):
        if time.monotonic() > told + PAUSE:
            say(f"{name}: {count:,} rows so far")
            told = time.monotonic()
        yield row


@asynccontextmanager
async def _found(store: Path) -> AsyncIterator[Source]:
    """The store as a bot would find it at its next start, and nobody else can write to it; it stays as it is."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(opened(store)))  # which rolls back
        stack.callback(lock_file(store))

        async def execute(sql: str, /, **values: object) -> list[Row]:
            cursor = database.cursor()
            cursor.row_factory = sqlite3.Row
            return [dict(row) for row in cursor.execute(sql, values)]

        database.execute("BEGIN IMMEDIATE")
        must_be_known(database, store)
        await migrate(execute, SQLite.identity)
        database.execute(GIVE_BACK)
        yield Source(database)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def _in_words(store: Path) -> Iterator[None]:
    """Databases say why they do not do something, but never what people said or which password was wrong."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise NotDone(reason(error, store)) from None
    except BadAddress as error:
        raise NotDone(str(error)) from None
    except psycopg.Error as error:
        said = error.diag.message_primary or str(error)
        msg = f"PostgreSQL says: {' '.join(said.split())}"
        raise NotDone(msg) from None


async def _rows(database: Connection, sql: str | Composed, *values: object) -> list[Row]:
    return await (await database.execute(sql, values)).fetchall()
