"""Channels: what was chosen for each of them, how far each one was heard, and where people went."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.messages import INSIDE, Channel, ChannelSettings
from bot.store import conversation_queue as queue
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute
from bot.store.standings import Standings
from bot.util.ttl_cache import TtlCache

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
