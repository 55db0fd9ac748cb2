"""The queue of a conversation: the order of its turns, and the lock that changes need.

Locks are taken in one order, so that on PostgreSQL two processes neither miss each other, which would leave a line
that nobody leads, nor wait for each other: channels, then conversations by their number, then turns. Whoever adds to
a line, takes from it or moves it holds the row of the conversation; the row of a channel tells where its line is.
"""

import json
import time
from collections.abc import Iterable

from bot.messages import Channel, Message, Preferences
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute

MEET = """
UPDATE conversations SET active = :now
WHERE id = (SELECT conversation FROM channels WHERE channel = :channel {hold}) RETURNING id
"""

# Beside one that leads nobody comes forward. Two lines that became one may have two turns in work: the one that does
# not lead goes on, and leads as soon as it can, so that nobody else is taken up meanwhile.
COME_FORWARD = """
UPDATE turns SET leads = TRUE
WHERE NOT EXISTS (SELECT 1 FROM turns WHERE conversation = :line AND leads AND finished IS NULL)
AND id = COALESCE(
    (SELECT MIN(id) FROM turns WHERE conversation = :line AND holder IS NOT NULL AND finished IS NULL),
    (SELECT MIN(id) FROM turns WHERE conversation = :line AND finished IS NULL)) RETURNING id
"""


async def lock_lines(db: Database, execute: Execute, lines: Iterable[int]) -> None:
    """Lock the lines of several conversations, in the one order."""
    for line in sorted(set(lines)):
        await db.lock_line(execute, line)


async def come_forward(db: Database, execute: Execute, *lines: int) -> None:
    """Let the next in each of these lines, which are locked, lead if nobody does."""
    if any([await execute(COME_FORWARD, line=line) for line in lines]):
        await db.announce(execute)


async def meet(db: Database, execute: Execute, channel: Channel) -> int:
    """Find and lock the conversation of a channel; a channel we have not heard from gets one of its own."""
    values = {"channel": str(channel)}
    known = await execute(MEET.format(hold=db.hold), now=time.time(), **values)
    if known:
        return int(known[0]["id"])
    if not await execute("SELECT 1 FROM channels WHERE channel = :channel", **values):
        new = await begin(execute, db.first_model, Preferences())
        if await settle(execute, channel, new):
            return new
    # Another process met the channel or moved it at the same moment: look again.
    return await meet(db, execute, channel)


async def settle(execute: Execute, channel: Channel, conversation: int) -> bool:
    """Let a new channel take part in the conversation; return False if it is known already."""
    return bool(
        await execute(
            "INSERT INTO channels (channel, conversation) VALUES (:channel, :conversation)"
            " ON CONFLICT (channel) DO NOTHING RETURNING conversation",
            channel=str(channel),
            conversation=conversation,
        )
    )


async def begin(execute: Execute, model: str, preferences: Preferences) -> int:
    """Insert a new conversation, and return its number."""
    begun = await execute(
        "INSERT INTO conversations (model, preferences, active) VALUES (:model, :preferences, :now) RETURNING id",
        model=model,
        preferences=rows.stored(preferences),
        now=time.time(),
    )
    return int(begun[0]["id"])


async def rewrite(execute: Execute, turn: int, message: Message) -> None:
    """Replace the message of a turn."""
    await execute("UPDATE turns SET message = :text WHERE id = :id", id=turn, text=rows.stored(message))


async def delete_turns(db: Database, execute: Execute, turns: list[int]) -> None:
    """Delete finished turns, which are locked, with what belongs to them."""
    await db.keep_numbers(execute)
    ids = json.dumps(turns)
    for table in ("versions", "parts", "posts", "photos", "made", "reservations"):
        await execute(f"DELETE FROM {table} WHERE turn IN ({db.each_id})", ids=ids)  # noqa: S608 (ours)
    await execute(f"DELETE FROM turns WHERE id IN ({db.each_id})", ids=ids)  # noqa: S608 (ours)
