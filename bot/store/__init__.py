"""Opens the store at an address."""

from collections.abc import Collection

from bot.messages import Stall
from bot.store.sql import SqlStore


def open_store(
    url: str,
    first_model: str,
    *,
    direct: str | None = None,
    connections: int = 8,
    stalls: Collection[Stall] = (),
) -> SqlStore:
    """Return the store, not entered yet. New conversations begin with `first_model` (provider/model).

    Of PostgreSQL only: `direct` is its address past a pooler, and `connections` is how many may be opened. `stalls` is
    what watchdogs recorded, and is booked when the store is entered; once, however often it is handed in.
    """
    if url.startswith("sqlite:///"):
        from bot.store.sqlite import SQLite

        return SqlStore.over(SQLite(url.removeprefix("sqlite:///"), first_model, stalls))
    from bot.store.postgres import Postgres

    return SqlStore.over(Postgres(url, first_model, direct=direct, connections=connections, stalls=stalls))


def visit_store(url: str, first_model: str) -> SqlStore:
    """Return the store for a short visit, not entered yet: a bot may be running on it, and nothing is taken over."""
    if url.startswith("sqlite:///"):
        from bot.store.put_aside import VisitedSQLite

        return SqlStore.over(VisitedSQLite(url.removeprefix("sqlite:///"), first_model))
    return open_store(url, first_model, connections=2)
