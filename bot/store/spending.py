"""The costs of answers: booked when answers are stored, added up for limits and reports."""

import time
from datetime import UTC, datetime

from bot.messages import Channel, Spent, Turn, Usage
from bot.store import row_mapping as rows
from bot.store.database import Execute, Row

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


async def book(execute: Execute, turn: Turn, lane: int, model: str, usage: Usage) -> None:
    """Book what an answer took, in place of what was reserved for it; once, however often told."""
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
    """Return the subjects that an answer is booked for."""
    return {"channel": str(turn.message.channel), "author": rows.author(turn.message)}


def scope(author: str | None, channel: Channel | None) -> tuple[str, dict[str, str]]:
    """The condition, to be added to a query, that names an author or a channel, and its values."""
    named = {"author": author, "channel": str(channel) if channel else None}
    values = {name: value for name, value in named.items() if value is not None}
    return "".join(f" AND {name} = :{name}" for name in values), values


def read_spent(row: Row) -> Spent:
    """Read a row of `SPENT`."""
    return Spent(int(row["turns"]), int(row["credits"]), float(row["dollars"]))
