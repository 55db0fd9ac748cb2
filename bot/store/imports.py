"""Pointers to photos that were posted before the bot listened, by channel: which were read, and what they say."""

import json
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

from bot.messages import (
    Attachment,
    Author,
    Channel,
    Conversation,
    ImportedPhoto,
    ImportOrder,
    ImportProgress,
    SearchQuery,
)
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute, Row
from bot.store.search import HAS_WORD, bounds_of, pattern_of, period_of
from bot.words.folding import fold

MOST_WORDS = 2_000  # characters that are kept of a message

ORDER = """
INSERT INTO imports (channel, told, ordered) VALUES (:channel, :told, :ordered)
ON CONFLICT (channel) DO UPDATE SET told = excluded.told, ordered = excluded.ordered, read_to = '', messages = 0,
    finished = FALSE
"""
NEXT = "SELECT channel, told, ordered, read_to, messages FROM imports WHERE NOT finished ORDER BY ordered, channel"
SAVE = """
INSERT INTO imported (channel, message_id, n, server, author, name, sent, kept, file, words, folded)
VALUES (:channel, :message, :n, :server, :author, :name, :sent, :kept, :file, :words, :folded)
ON CONFLICT (channel, message_id, n) DO UPDATE SET file = excluded.file, words = excluded.words,
    folded = excluded.folded, kept = excluded.kept
"""
ADVANCE = """
UPDATE imports SET read_to = :read_to, messages = messages + :messages, finished = :finished
WHERE channel = :channel AND ordered = :ordered AND read_to = :before AND NOT finished RETURNING channel
"""
STOP = "UPDATE imports SET finished = TRUE WHERE told = :told AND NOT finished RETURNING channel"
PROGRESS = """
SELECT COUNT(*) AS channels, SUM(CASE WHEN finished THEN 0 ELSE 1 END) AS remaining, SUM(messages) AS messages,
    (SELECT COUNT(*) FROM imported WHERE channel IN (SELECT channel FROM imports WHERE told = :told)) AS photos
FROM imports WHERE told = :told
"""

# What somebody has asked about since is found as a turn.
FIND = """
SELECT * FROM (
    SELECT channel, message_id, n, server, author, name, sent, file, words, folded, {matches} AS matches FROM imported
    WHERE channel IN (SELECT channel FROM channels WHERE conversation = :conversation) {period}
        AND NOT EXISTS (
            SELECT 1 FROM turns WHERE turns.channel = imported.channel AND turns.message_id = imported.message_id)
) AS compared WHERE matches > 0 ORDER BY matches DESC, sent DESC, n LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class SqlImports:
    """The channels that are read back, their progress, and the photos that were found there."""

    db: Database

    async def order_import(self, channels: Sequence[Channel], told: Channel) -> None:
        """Have channels read back, from their newest message on; `told` is where that was asked for."""
        ordered = time.time()

        async def unit(execute: Execute) -> None:
            for channel in channels:
                await execute(ORDER, channel=str(channel), told=str(told), ordered=ordered)

        await self.db.write(unit)

    async def next_import(self, platforms: Collection[str]) -> ImportOrder | None:
        """The channel of these platforms that is to be read next."""
        for row in await self.db.read(NEXT):
            channel = Channel.parse(row["channel"])
            if channel.platform in platforms:
                told = Channel.parse(row["told"])
                return ImportOrder(
                    channel=channel,
                    told=told,
                    ordered=row["ordered"],
                    read_to=row["read_to"],
                    messages=row["messages"],
                )
        return None

    async def save_import(
        self, order: ImportOrder, photos: Sequence[ImportedPhoto], *, read_to: str | None, messages: int
    ) -> bool:
        """Keep what was found in so many messages; `read_to` None: there are no older ones.

        False: it was stopped, ordered anew or done by another process meanwhile, and nothing is kept.
        """
        kept = time.time()

        async def unit(execute: Execute) -> bool:
            values = {"channel": str(order.channel), "ordered": order.ordered, "before": order.read_to}
            advanced = await execute(
                ADVANCE, read_to=read_to or order.read_to, messages=messages, finished=read_to is None, **values
            )
            if not advanced:
                return False
            for values in _values(photos, kept):
                await execute(SAVE, **values)
            return True

        return await self.db.write(unit)

    async def stop_import(self, told: Channel) -> int:
        """End what was ordered there; how many channels were not done. What was found stays."""
        return len(await self.db.run(STOP, told=str(told)))

    async def get_import_progress(self, told: Channel) -> ImportProgress | None:
        """Return the progress of what was ordered there; None where nothing was."""
        [row] = await self.db.read(PROGRESS, told=str(told))
        if not row["channels"]:
            return None
        return ImportProgress(
            channels=row["channels"], left=row["remaining"], messages=row["messages"], photos=row["photos"]
        )

    async def find_imported(
        self, conversation: Conversation, query: SearchQuery, most: int
    ) -> Sequence[tuple[ImportedPhoto, str]]:
        """The photos of the conversation's channels that hold most of the words, newest first.

        Each comes with its words, folded.
        """
        matches = " + ".join(HAS_WORD.replace("text", "folded").format(n=n) for n in range(len(query.words)))
        found = await self.db.read(
            FIND.format(matches=matches or "1", period=period_of(query)),
            conversation=conversation.id,
            most=most,
            **bounds_of(query),
            **{f"word{n}": pattern_of(word) for n, word in enumerate(query.words)},
        )
        return [(_photo(row), row["folded"]) for row in found]


def _values(photos: Sequence[ImportedPhoto], kept: float) -> Iterator[Row]:
    for n, photo in enumerate(photos):
        words = rows.storable(photo.words[:MOST_WORDS])
        folded = fold("\n".join((photo.attachment.name, photo.attachment.alt, photo.words, photo.author.name)))
        yield {
            "channel": str(photo.channel),
            "message": photo.message,
            "n": n,
            "server": photo.server,
            "author": photo.author.id,
            "name": rows.storable(photo.author.name),
            "sent": photo.sent,
            "kept": kept,
            "file": rows.storable(json.dumps(asdict(photo.attachment))),
            "words": words,
            "folded": rows.storable(folded[: 2 * MOST_WORDS]),
        }


def _photo(row: Row) -> ImportedPhoto:
    return ImportedPhoto(
        channel=Channel.parse(row["channel"]),
        message=row["message_id"],
        author=Author(row["author"], row["name"]),
        sent=row["sent"],
        attachment=Attachment(**json.loads(row["file"])),
        words=row["words"],
        server=row["server"],
    )
