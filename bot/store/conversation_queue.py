"""Who waits behind whom: the line of a conversation, and who may change it.

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


class ConversationQueue(Database):
    """What the queue and the conversations do inside their transactions."""

    async def _lock_lines(self, execute: Execute, lines: Iterable[int]) -> None:
        for line in sorted(set(lines)):
            await self.lock_line(execute, line)

    async def _come_forward(self, execute: Execute, *lines: int) -> None:
        """Let the next in each of these lines, which are locked, lead if nobody does."""
        if any([await execute(COME_FORWARD, line=line) for line in lines]):
            await self.announce(execute)

    async def _meet(self, execute: Execute, channel: Channel) -> int:
        """Find and lock the conversation of a channel; a channel we have not heard from gets one of its own."""
        values = {"channel": str(channel)}
        known = await execute(MEET.format(hold=self.hold), now=time.time(), **values)
        if known:
            return int(known[0]["id"])
        if not await execute("SELECT 1 FROM channels WHERE channel = :channel", **values):
            new = await self._begin(execute, self.first_model, Preferences())
            if await self._settle(execute, channel, new):
                return new
        # Another process met the channel or moved it at the same moment: look again.
        return await self._meet(execute, channel)

    async def _settle(self, execute: Execute, channel: Channel, conversation: int) -> bool:
        """A new channel takes part in the conversation; False if it is known already."""
        return bool(
            await execute(
                "INSERT INTO channels (channel, conversation) VALUES (:channel, :conversation)"
                " ON CONFLICT (channel) DO NOTHING RETURNING conversation",
                channel=str(channel),
                conversation=conversation,
            )
        )

    async def _begin(self, execute: Execute, model: str, preferences: Preferences) -> int:
        begun = await execute(
            "INSERT INTO conversations (model, preferences, active) VALUES (:model, :preferences, :now) RETURNING id",
            model=model,
            preferences=rows.stored(preferences),
            now=time.time(),
        )
        return int(begun[0]["id"])

    async def _rewrite(self, execute: Execute, turn: int, message: Message) -> None:
        await execute("UPDATE turns SET message = :text WHERE id = :id", id=turn, text=rows.stored(message))

    async def _delete_turns(self, execute: Execute, turns: list[int]) -> None:
        """Delete finished turns, which are locked, with what belongs to them."""
        await self.keep_numbers(execute)
        ids = json.dumps(turns)
        for table in ("versions", "parts", "posts", "photos", "made", "reservations"):
            await execute(f"DELETE FROM {table} WHERE turn IN ({self.each_id})", ids=ids)  # noqa: S608 (ours)
        await execute(f"DELETE FROM turns WHERE id IN ({self.each_id})", ids=ids)  # noqa: S608 (ours)
