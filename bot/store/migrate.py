"""Brings the tables up to date: the numbered files in migrations/, each applied once."""

import time
from collections.abc import Iterator
from importlib.resources import files

from bot.store.database import Execute


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
        await execute("INSERT INTO migrations (name, applied) VALUES (:name, :now)", name=name, now=time.time())
        return True
    return False


def _migrations() -> Iterator[tuple[str, list[str]]]:
    folder = files("bot.store").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            lines = [line.partition("--")[0].rstrip() for line in file.read_text("utf-8").splitlines()]
            yield file.name, [part for part in "\n".join(lines).split(";") if part.strip()]
