"""Opens the store that a URL names."""

from bot.ports import Store


def open_store(url: str, first_model: str) -> Store:
    """Return the store, not entered yet. New conversations begin with `first_model` (provider/model)."""
    if url.startswith("sqlite:///"):
        from bot.store.sqlite import SQLite

        return SQLite(url.removeprefix("sqlite:///"), first_model)
    from bot.store.postgres import Postgres

    return Postgres(url, first_model)
