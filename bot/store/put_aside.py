"""The SQLite store beside a bot that may be running on it."""

from contextlib import closing
from typing import Self

from bot.store.backup import NotDone, must_be_known, opened
from bot.store.sqlite import SQLite

POISON = "012_poison.sql"  # the migration that all came with for which somebody visits


class VisitedSQLite(SQLite):
    """Reads and writes in small transactions. It holds no lock, applies no migration and takes nothing over."""

    async def __aenter__(self) -> Self:
        """Open the file. NotDone where there is none, or where it belongs to another version of the bot."""
        with closing(opened(self.path)) as database:
            must_be_known(database, self.path)
            if not database.execute("SELECT 1 FROM migrations WHERE name = ?", [POISON]).fetchone():
                msg = f"{self.path} is from an older version of the bot: start this one on it first"
                raise NotDone(msg)
        await self._connect()
        return self
