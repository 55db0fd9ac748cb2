"""Conversations: what was chosen for them, and which channels share them."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.messages import Channel, Conversation, Preferences
from bot.store import conversation_queue as queue
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute

CONVERSATION = """
SELECT id AS conversation, model, remote_id, preferences FROM conversations
WHERE id = (SELECT conversation FROM channels WHERE channel = :channel)
"""

# What is in work keeps its place at the head of the line; who waits goes by age, wherever it was said.
STEP_BACK = """
UPDATE turns SET leads = FALSE WHERE conversation = :new AND leads AND holder IS NULL AND finished IS NULL
"""
GO_ALONG = """
UPDATE turns SET conversation = :new, leads = FALSE
WHERE conversation = :old AND channel = :channel AND finished IS NULL
"""
GO_AWAY = """
UPDATE turns SET finished = :now, error = 'gone'
WHERE conversation = :old AND channel = :channel AND holder IS NULL AND finished IS NULL
"""


@dataclass(frozen=True, slots=True)
class SqlConversations:
    """Each channel takes part in one; linked channels in the same one."""

    db: Database

    async def find_conversation(self, channel: Channel) -> Conversation | None:
        """The conversation that the channel takes part in; None if nothing was ever said there."""
        found = await self.db.read(CONVERSATION, channel=str(channel))
        return rows.conversation(found[0]) if found else None

    async def list_channels(self, conversation: Conversation) -> Sequence[Channel]:
        """The channels that share the conversation."""
        sql = "SELECT channel FROM channels WHERE conversation = :id ORDER BY channel"
        return [Channel.parse(row["channel"]) for row in await self.db.read(sql, id=conversation.id)]

    async def save_remote_id(self, conversation: Conversation, remote_id: str | None) -> None:
        """Keep the provider's id of the conversation."""
        await self.db.run(
            "UPDATE conversations SET remote_id = :remote_id WHERE id = :id", id=conversation.id, remote_id=remote_id
        )

    async def switch_model(self, conversation: Conversation, model: str) -> None:
        """Keep the choice of a model. Another provider means another remote conversation."""
        same = model.partition("/")[0] == conversation.provider
        await self.db.run(
            "UPDATE conversations SET model = :model, remote_id = :remote_id WHERE id = :id",
            id=conversation.id,
            model=model,
            remote_id=conversation.remote_id if same else None,
        )

    async def save_preferences(self, conversation: Conversation, preferences: Preferences) -> None:
        """Keep what people chose for the conversation."""
        await self.db.run(
            "UPDATE conversations SET preferences = :preferences WHERE id = :id",
            id=conversation.id,
            preferences=rows.stored(preferences),
        )

    async def renew(self, conversation: Conversation) -> Conversation:
        """Give its channels, with all that waits there, a fresh conversation with the same model and preferences."""
        return await until_renewed(
            self.db, conversation, lambda execute, new: move_to(self.db, execute, conversation, new)
        )

    async def join(self, channel: Channel, conversation: Conversation) -> None:
        """From now on the channel shares that conversation; what waits there goes along."""

        async def unit(execute: Execute) -> None:
            old = await self._home(execute, channel)
            while old is None and not await queue.settle(execute, channel, conversation.id):
                old = await self._home(execute, channel)  # another process met it at the same moment
            if old is not None and old != conversation.id:
                await self._go(execute, channel, old, conversation.id)

        await self.db.write(unit)
        self.db.wake()

    async def leave(self, channel: Channel) -> Conversation:
        """Give the channel, with what waits there, a fresh conversation with the same model and preferences."""

        async def unit(execute: Execute) -> Conversation:
            old = await queue.meet(self.db, execute, channel)
            [row] = await execute("SELECT model, preferences FROM conversations WHERE id = :id", id=old)
            preferences = rows.chosen(Preferences, row["preferences"])
            new = await queue.begin(execute, row["model"], preferences)
            await self._go(execute, channel, old, new)
            return Conversation(new, row["model"], None, preferences)

        fresh = await self.db.write(unit)
        self.db.wake()
        return fresh

    async def drop_channel(self, channel: Channel) -> None:
        """The channel is gone for good: it shares no conversation, and what waits there is finished as `gone`.

        A turn in work ends by itself.
        """

        async def unit(execute: Execute) -> None:
            old = await self._home(execute, channel)
            if old is None:
                return
            await self.db.lock_line(execute, old)
            await execute("DELETE FROM channels WHERE channel = :channel", channel=str(channel))
            await execute(GO_AWAY, old=old, channel=str(channel), now=time.time())
            await queue.come_forward(self.db, execute, old)

        await self.db.write(unit)
        self.db.wake()

    # inside transactions

    async def _home(self, execute: Execute, channel: Channel) -> int | None:
        """The conversation of the channel, which takes part in it until the transaction ends."""
        sql = f"SELECT conversation FROM channels WHERE channel = :channel {self.db.hold}"  # noqa: S608 (ours)
        found = await execute(sql, channel=str(channel))
        return int(found[0]["conversation"]) if found else None

    async def _go(self, execute: Execute, channel: Channel, old: int, new: int) -> None:
        """Take the channel, which is held, and what waits there from one conversation to the other."""
        values = {"channel": str(channel), "old": old, "new": new}
        await queue.lock_lines(self.db, execute, (old, new))
        await execute("UPDATE channels SET conversation = :new WHERE channel = :channel", **values)
        await execute(STEP_BACK, **values)
        await execute(GO_ALONG, **values)
        await queue.come_forward(self.db, execute, old, new)


async def move_to(db: Database, execute: Execute, conversation: Conversation, new: int) -> bool:
    """Move its channels to the new one; False, and nothing done, if one more came to share the old one meanwhile."""
    old = conversation.id
    sharing = "SELECT channel FROM channels WHERE conversation = :old ORDER BY channel"
    held = await execute(f"{sharing} {db.hold}", old=old)
    await db.lock_line(execute, old)
    if await execute(sharing, old=old) != held:
        return False
    values = {"old": old, "new": new}
    await execute("UPDATE channels SET conversation = :new WHERE conversation = :old", **values)
    # The turn that asked for this goes along, so that what was said after it still waits for it.
    await execute("UPDATE turns SET conversation = :new WHERE conversation = :old AND finished IS NULL", **values)
    return True


async def until_renewed(
    db: Database, conversation: Conversation, renew: Callable[[Execute, int], Awaitable[bool]]
) -> Conversation:
    """Run what moves everything to a new conversation until it could."""
    model, preferences = conversation.model, conversation.preferences
    # Apart, so that a move whose answer was lost is made again to the same one. An empty one that is left over is
    # deleted when it is old.
    new = await db.write(lambda execute: queue.begin(execute, model, preferences))
    while not await db.write(lambda execute: renew(execute, new)):
        pass
    return Conversation(new, model, None, preferences)
