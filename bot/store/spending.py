"""What answers took: booked when they are kept, added up for limits and for people who ask."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.messages import Channel, DaySpent, Spent, Turn, Usage
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute, Row

BOOK = """
INSERT INTO spending (turn, lane, at, day, platform, channel, author, model,
    credits, input_tokens, output_tokens, dollars)
VALUES (:turn, :lane, :at, :day, :platform, :channel, :author, :model,
    :credits, :input_tokens, :output_tokens, :dollars)
ON CONFLICT (turn, lane) DO NOTHING
"""

SPENT = """
SELECT COUNT(DISTINCT turn) AS turns, COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(dollars), 0) AS dollars
FROM spending WHERE at >= :since
"""

SPENT_BY_DAY = """
SELECT day, model, COUNT(DISTINCT turn) AS turns,
    COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(dollars), 0) AS dollars
FROM spending WHERE at >= :since
"""


class LedgerTable(Database):
    """One row for every answer of a model. It outlives the turn, whose words it does not hold."""

    async def settle(self, turn: Turn, lane: int, model: str, usage: Usage) -> None:
        """Book what one of several answers side by side took, in place of what was reserved for it.

        It is booked once, however often it is said.
        """
        await self.write(lambda execute: self._book(execute, turn, lane, model, usage))

    async def get_spent(self, since: float, *, author: str | None = None, channel: Channel | None = None) -> Spent:
        """What answers took since then: all of them, or those to one author (platform:id) or in one channel."""
        only, values = scope(author, channel)
        return read_spent((await self.read(SPENT + only, since=since, **values))[0])

    async def find_oldest_spending(
        self, since: float, *, author: str | None = None, channel: Channel | None = None
    ) -> float | None:
        """When the first of what `spent` adds up was booked."""
        only, values = scope(author, channel)
        sql = f"SELECT MIN(at) AS at FROM spending WHERE at >= :since{only}"  # noqa: S608 (ours)
        at: float | None = (await self.read(sql, since=since, **values))[0]["at"]
        return at

    async def list_spent_by_day(
        self, since: float, *, author: str | None = None, channel: Channel | None = None
    ) -> Sequence[DaySpent]:
        """What `spent` adds up, by day (UTC) and model, oldest first."""
        only, values = scope(author, channel)
        days = await self.read(f"{SPENT_BY_DAY}{only} GROUP BY day, model ORDER BY day, model", since=since, **values)
        return [DaySpent(row["day"], row["model"], read_spent(row)) for row in days]

    async def _book(self, execute: Execute, turn: Turn, lane: int, model: str, usage: Usage) -> None:
        now = time.time()
        await execute(
            BOOK,
            turn=turn.id,
            lane=lane,
            at=now,
            day=datetime.fromtimestamp(now, UTC).date().isoformat(),
            platform=turn.message.channel.platform,
            **subjects(turn),
            model=model,
            credits=usage.credits,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            dollars=usage.dollars,
        )
        await execute("DELETE FROM reservations WHERE turn = :turn AND lane = :lane", turn=turn.id, lane=lane)


def subjects(turn: Turn) -> dict[str, str]:
    """Whom an answer is booked for."""
    return {"channel": str(turn.message.channel), "author": rows.author(turn.message)}


def scope(author: str | None, channel: Channel | None) -> tuple[str, dict[str, str]]:
    """The condition, to be added to a query, that names an author or a channel, and its values."""
    named = {"author": author, "channel": str(channel) if channel else None}
    values = {name: value for name, value in named.items() if value is not None}
    return "".join(f" AND {name} = :{name}" for name in values), values


def read_spent(row: Row) -> Spent:
    """Read a row of `SPENT`."""
    return Spent(int(row["turns"]), int(row["credits"]), float(row["dollars"]))
