"""Conversations and their channels: what was chosen for them, which channels share one, and how far each was heard."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.messages import INSIDE, Channel, ChannelSettings, Conversation, Preferences
from bot.store import row_mapping as rows
from bot.store import turn_queue as queue
from bot.store.database import Database, Execute
from bot.store.people import Standings
from bot.util.ttl_cache import TtlCache

CONVERSATION = """
SELECT id AS conversation, model, remote_id, preferences FROM conversations
WHERE id = (SELECT conversation FROM channels WHERE channel = :channel)
"""

LINKED = """
SELECT mine.channel, other.channel AS other FROM channels mine
JOIN channels other ON other.conversation = mine.conversation AND other.channel <> mine.channel
WHERE mine.channel LIKE :platform ORDER BY mine.channel, other.channel
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
SETTINGS_SECONDS = 15.0  # until what another process chose for a channel is known
SETTINGS_KEPT = 10_000  # channels, those that were asked about last
MARKS_AT_ONCE = 200  # rows of one statement

# Ids that are numbers in decimal: the longer one is the newer one.
HEARD = """
INSERT INTO heard (channel, message_id) VALUES {rows}
ON CONFLICT (channel) DO UPDATE SET message_id = excluded.message_id
WHERE (LENGTH(heard.message_id), heard.message_id) < (LENGTH(excluded.message_id), excluded.message_id)
"""

# Where a channel is named once: what there is at the new address counts.
RENAME = """
UPDATE {table} SET {column} = :new
WHERE {column} = :old AND NOT EXISTS (SELECT 1 FROM {table} AS there WHERE there.{column} = :new{beside})
"""
NAMED_ONCE = (
    ("channel_settings", "channel", ""),
    ("heard", "channel", ""),
    ("pointers", "channel", " AND there.message_id = pointers.message_id"),
    ("access", "subject", ""),
    ("codes", "subject", " AND there.purpose = codes.purpose"),
)


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

    async def list_linked(self, platform: str) -> Mapping[Channel, Sequence[Channel]]:
        """The channels of a platform that share their conversation, each with the others that do."""
        linked: defaultdict[Channel, list[Channel]] = defaultdict(list)
        for row in await self.db.read(LINKED, platform=f"{platform}:%"):
            linked[Channel.parse(row["channel"])].append(Channel.parse(row["other"]))
        return linked

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


@dataclass(frozen=True, slots=True)
class SqlChannels:
    """Stores the settings and state of a channel, even if several channels share its conversation."""

    db: Database
    standings: Standings
    _settings: TtlCache[Channel, ChannelSettings] = field(
        default_factory=lambda: TtlCache(SETTINGS_KEPT, SETTINGS_SECONDS)
    )

    async def get_channel_settings(self, channel: Channel) -> ChannelSettings:
        """Return the settings of the channel; a change by another process shows within seconds."""

        async def load() -> ChannelSettings:
            found = await self.db.read(
                "SELECT settings FROM channel_settings WHERE channel = :channel", channel=str(channel)
            )
            return rows.chosen(ChannelSettings, found[0]["settings"]) if found else ChannelSettings()

        return await self._settings.get(channel, load)

    async def save_channel_settings(self, channel: Channel, settings: ChannelSettings) -> None:
        """Keep what was chosen for the channel."""
        await self.db.run(
            "INSERT INTO channel_settings (channel, settings) VALUES (:channel, :settings)"
            " ON CONFLICT (channel) DO UPDATE SET settings = excluded.settings",
            channel=str(channel),
            settings=rows.stored(settings),
        )
        self._settings.forget(channel)

    async def save_read_marks(self, marks: Mapping[Channel, str]) -> None:
        """Keep the id of the last message that was heard in each of these channels; an older one changes nothing."""
        # All processes in the same order, so that no two wait for each other's rows.
        ordered = sorted((str(channel), id) for channel, id in marks.items())

        async def unit(execute: Execute) -> None:
            waiting = iter(ordered)
            while some := list(islice(waiting, MARKS_AT_ONCE)):
                rows = ", ".join(f"(:channel{n}, :id{n})" for n in range(len(some)))
                channels = {f"channel{n}": channel for n, (channel, _) in enumerate(some)}
                ids = {f"id{n}": id for n, (_, id) in enumerate(some)}
                await execute(HEARD.format(rows=rows), **channels, **ids)

        if ordered:
            await self.db.write(unit)

    async def list_read_marks(self, platform: str) -> Mapping[Channel, str]:
        """The last message that was heard in each channel of the platform."""
        prefix = f"{platform}:"
        marks = await self.db.read(
            "SELECT channel, message_id FROM heard WHERE SUBSTR(channel, 1, :length) = :prefix",
            length=len(prefix),
            prefix=prefix,
        )
        return {Channel.parse(row["channel"]): row["message_id"] for row in marks}

    async def migrate_channel(self, old: Channel, new: Channel) -> None:
        """The same people have another address now."""

        async def unit(execute: Execute) -> None:
            values = {"old": str(old), "new": str(new)}
            for table, column, beside in NAMED_ONCE:
                await execute(RENAME.format(table=table, column=column, beside=beside), **values)
            for table in ("spending", "reservations"):
                await execute(f"UPDATE {table} SET channel = :new WHERE channel = :old", **values)  # noqa: S608 (ours)
            if await execute("SELECT 1 FROM channels WHERE channel = :new", **values):
                return  # they have talked there already
            for table in ("channels", "parts", "posts", "photos"):
                await execute(f"UPDATE {table} SET channel = :new WHERE channel = :old", **values)  # noqa: S608 (ours)
            inside = {"old": f"{INSIDE}:{old}", "new": f"{INSIDE}:{new}"}
            await execute("UPDATE photos SET channel = :new WHERE channel = :old", **inside)
            for row in await execute(
                "SELECT id, message FROM turns WHERE channel = :old AND finished IS NULL", **values
            ):
                await queue.rewrite(execute, row["id"], replace(rows.message(row["message"]), channel=new))
            await execute("UPDATE turns SET channel = :new WHERE channel = :old", **values)

        await self.db.write(unit)
        self._settings.forget(old, new)
        self.standings.forget(str(old), str(new))
