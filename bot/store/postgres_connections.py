"""Connections to PostgreSQL: their options, and a check whether one still answers."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bot.store.database import Row
from bot.util.tasks import running_task

Connection = psycopg.AsyncConnection[Row]

# A machine that vanished, or a firewall that forgot us, says nothing: without these a query would wait for hours.
# They are for libpq; what the operator wrote in the URL goes before them.
ASKED_FOR = {
    "application_name": "snapthread",
    "connect_timeout": 5,  # seconds, for each host
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
    "target_session_attrs": "read-write",  # of several hosts the one that takes writes; a standby counts as away
}

ANSWERED = 3.0  # seconds in which a server that lives answers what costs it nothing


class BadAddress(Exception):
    """The URL of a database is written wrongly. Says no part of it, because a password may stand in it."""


def options(url: str) -> dict[str, Any]:
    """Return psycopg's options besides the URL; BadAddress if the URL can't be read."""
    try:
        written = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise BadAddress("this is no URL of a PostgreSQL database") from None
    ours = {name: value for name, value in ASKED_FOR.items() if name not in written}
    return {"autocommit": True, "row_factory": dict_row, **ours}


async def connect(url: str) -> Connection:
    """Open a connection that belongs to no pool; `close` it."""
    return await psycopg.AsyncConnection.connect(url, **options(url))


async def close(connection: Connection) -> None:
    """Close it, once nobody uses it any more, as a query does that was cancelled a moment ago."""
    async with connection.lock:  # psycopg frees the memory at once, and the query would go on in it
        await connection.close()


async def ask(connection: Connection, seconds: float, sql: LiteralString, *values: object) -> list[Row]:
    """The rows of a query. OperationalError, and the connection is lost, when it is not answered in so many seconds."""
    async with running_task(_ask(connection, sql, values)) as asking:
        try:
            await asyncio.wait([asking], timeout=seconds)
        finally:
            if not asking.done():  # cancelling would ask the same machine to cancel, and wait for that
                _hang_up(connection)
                await asyncio.wait([asking])
    rows = asking.result()
    if isinstance(rows, psycopg.Error):
        raise rows
    return rows


async def _ask(connection: Connection, sql: LiteralString, values: Sequence[object]) -> list[Row] | psycopg.Error:
    """Nobody may be there any more to hear the error, so it is returned."""
    try:
        cursor = await connection.execute(sql, values)
        return await cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        return error


def _hang_up(connection: Connection) -> None:
    """End the line below the connection, which then notices."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
