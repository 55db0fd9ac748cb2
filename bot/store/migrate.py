"""Brings the tables up to date: the numbered files in migrations/, each applied once.

What SQL cannot say for both databases, because it stands inside texts and JSON, a function does after the file.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib.resources import files

from bot.store.database import Execute
from bot.store.fields_from_text import move_marks_to_fields

CONVERSIONS: Mapping[str, Callable[[Execute], Awaitable[None]]] = {"014_fields.sql": move_marks_to_fields}
"""What follows a file, in the same transaction."""


async def migrate(execute: Execute, identity: str) -> None:
    """Apply the numbered files that have not been applied; `identity` stands for {id} in them."""
    while await migrate_next(execute, identity):
        pass


async def migrate_next(execute: Execute, identity: str) -> bool:
    """Apply the first of them; False if there is none."""
    await execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied DOUBLE PRECISION NOT NULL)")
    done = {row["name"] for row in await execute("SELECT name FROM migrations")}
    for name, statements in _migrations():
        if name in done:
            continue
        for statement in statements:
            await execute(statement.format(id=identity))
        if convert := CONVERSIONS.get(name):
            await convert(execute)
        await execute("INSERT INTO migrations (name, applied) VALUES (:name, :now)", name=name, now=time.time())
        return True
    return False


def _migrations() -> Iterator[tuple[str, list[str]]]:
    folder = files("bot.store").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            lines = [line.partition("--")[0].rstrip() for line in file.read_text("utf-8").splitlines()]
            yield file.name, [part for part in "\n".join(lines).split(";") if part.strip()]
