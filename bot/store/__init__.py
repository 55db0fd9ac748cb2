"""Opens the store that a URL names."""

from bot.ports import Store


def open_store(url: str, first_model: str, *, direct: str | None = None, connections: int = 8) -> Store:
    """Return the store, not entered yet. New conversations begin with `first_model` (provider/model).

    Of PostgreSQL only: `direct` is its address past a pooler, and `connections` is how many may be opened.
    """
    if url.startswith("sqlite:///"):
        from bot.store.sqlite import SQLite

        return SQLite(url.removeprefix("sqlite:///"), first_model)
    from bot.store.postgres import Postgres

    return Postgres(url, first_model, direct=direct, connections=connections)
