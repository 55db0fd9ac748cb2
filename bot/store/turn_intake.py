"""Intake of messages as turns: albums, edits, and messages deleted before they are taken up."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from bot.errors import QueueFull
from bot.messages import POINTER_SECONDS, VOTE, Channel, Message, PhotoPointer, Turn
from bot.store import row_mapping as rows
from bot.store import turn_queue as queue
from bot.store.answers import OF_MESSAGE
from bot.store.database import Database, Execute, Row

MOST_WAITS = 3  # times that an album waits for one more part

ADD = """
INSERT INTO turns (id, conversation, channel, message_id, author, message, album, added, due, leads)
VALUES ({next_turn}, :conversation, :channel, :id, :author, :message, :album, :now, :due,
        NOT EXISTS (SELECT 1 FROM turns WHERE conversation = :conversation AND finished IS NULL))
ON CONFLICT (channel, message_id) DO NOTHING RETURNING id
"""

# As many as matter: nobody is counted for longer who floods.
UNFINISHED = """
SELECT COUNT(*) AS n FROM (SELECT 1 FROM turns WHERE author = :author AND finished IS NULL LIMIT :most) AS unfinished
"""

KNOWN = """
SELECT 1 FROM turns WHERE channel = :channel AND message_id = :id
UNION ALL SELECT 1 FROM parts WHERE channel = :channel AND message_id = :id
"""

# Locked, so that nobody takes the turn up while a part joins it.
ALBUM = """
SELECT id, message, added FROM turns
WHERE channel = :channel AND album = :album AND finished IS NULL AND claims = 0 ORDER BY id LIMIT 1 {lock}
"""

LATER = "UPDATE turns SET due = :due WHERE album IS NOT NULL AND finished IS NULL AND claims = 0 AND due < :due"

NOW = "UPDATE turns SET due = :now WHERE id = :id AND due > :now"

DOUBLE_TAP_SECONDS = 2.5  # between two presses of a button by the same person that are one, however fast the answer was

# What is under way, and what has just gone well: whatever failed may be tried again at once.
UNDER_WAY = """
SELECT message FROM (
    SELECT message, channel, author, added, finished, error FROM turns
    WHERE conversation = :conversation ORDER BY id DESC LIMIT :most
) AS recent
WHERE channel = :channel AND (finished IS NULL OR (added > :since AND error IS NULL AND author = :author))
"""

# The turn of a message, or of the album it is a part of, while nobody has taken it up.
AMENDABLE = """
SELECT id, conversation, leads FROM turns
WHERE finished IS NULL AND claims = 0 AND id IN (
    SELECT id FROM turns WHERE channel = :channel AND message_id = :id
    UNION ALL SELECT turn FROM parts WHERE channel = :channel AND message_id = :id) {lock}
"""

# A turn that shows the message, although it was deleted.
TAKEN_UP = """
SELECT 1 FROM turns WHERE channel = :channel AND message_id = :id AND COALESCE(error, '') <> 'withdrawn'
AND NOT EXISTS (SELECT 1 FROM parts WHERE channel = :channel AND message_id = :id AND withdrawn)
UNION ALL
SELECT 1 FROM parts JOIN turns ON turns.id = parts.turn
WHERE parts.channel = :channel AND parts.message_id = :id AND NOT withdrawn AND COALESCE(error, '') <> 'withdrawn'
"""


# Unripe, and taken up by nobody.
WAITING = """
SELECT id, message FROM turns
WHERE author = :author AND channel = :channel AND finished IS NULL AND claims = 0 AND due > :now
ORDER BY id DESC LIMIT 1
"""
JOINABLE = "SELECT message FROM turns WHERE id = :turn AND finished IS NULL AND claims = 0"

PART_KNOWN = "SELECT 1 FROM parts WHERE channel = :channel AND message_id = :id"

# The parts of a turn know its first message already, where it has been joined before.
PART = """
INSERT INTO parts (channel, message_id, turn, message)
SELECT :channel, :id, :turn, :message
WHERE NOT EXISTS (SELECT 1 FROM parts WHERE turn = :turn AND parts.message_id = :id)
ON CONFLICT (channel, message_id) DO NOTHING
"""

POINT = """
INSERT INTO pointers (channel, message_id, author, name, sent, kept, album, files)
VALUES (:channel, :id, :author, :name, :sent, :kept, :album, :files)
ON CONFLICT (channel, message_id) DO UPDATE SET files = excluded.files,
    kept = CASE WHEN pointers.files = excluded.files THEN pointers.kept ELSE excluded.kept END
"""

IMPORTED = "SELECT 1 FROM imported WHERE channel = :channel AND message_id = :id"
POINTED_AT = "SELECT 1 FROM pointers WHERE channel = :channel AND message_id = :id"

# In all channels that share the conversation; one that was never part of any counts for itself.
POINTERS = """
SELECT channel, message_id, author, name, sent, kept, album, files FROM pointers
WHERE sent >= :since AND (channel = :channel OR channel IN (SELECT channel FROM channels
    WHERE conversation = (SELECT conversation FROM channels WHERE channel = :channel)))
"""

RECENT_TURNS = """
SELECT message, added FROM turns WHERE conversation = (SELECT conversation FROM channels WHERE channel = :channel)
ORDER BY id DESC LIMIT :most
"""
MOST_RECENT = 30  # turns among which the last photos are looked for


@dataclass(frozen=True, slots=True)
class SqlTurnIntake:
    """The end of the line."""

    db: Database

    async def add(self, message: Message, ripens: float = 0, most: int | None = None) -> bool:
        """Keep the message as a new turn, to be taken up in `ripens` seconds; False if it was kept before.

        A button that is pressed again while its turn is under way, or a moment after it, was kept before as well.

        QueueFull, and nothing is kept, where its author has `most` unfinished turns already.
        """

        async def unit(execute: Execute) -> bool | None:
            if most is not None and await self._is_crowded(execute, message, most):
                return None
            conversation = await queue.meet(self.db, execute, message.channel)
            if await self._is_double_tap(execute, conversation, message):
                return False
            add = self._add_part if message.album else self._add_turn
            added = await add(execute, conversation, message, ripens)
            await self.db.announce(execute)
            return bool(added)

        added = await self.db.write(unit)
        if added is None:  # raised here, because a unit that fails spoils the batch for everybody
            raise QueueFull
        self.db.wake()
        return added

    async def find_waiting(self, channel: Channel, author: str) -> tuple[int, Message] | None:
        """The last turn of the author in the channel that waits for more, with its number."""
        found = await self.db.read(WAITING, channel=str(channel), author=author, now=time.time())
        return (found[0]["id"], rows.message(found[0]["message"])) if found else None

    async def join_turn(self, turn: int, message: Message, ripens: float = 0) -> bool:
        """Let the message be a part of a turn; False if that was taken up meanwhile, or is about to be.

        The turn is due in `ripens` seconds, at once where that is 0.
        """

        async def unit(execute: Execute) -> bool:
            for row in await execute("SELECT conversation FROM turns WHERE id = :turn", turn=turn):
                await self.db.lock_line(execute, row["conversation"])
            found = await execute(f"{JOINABLE} {self.db.lock}", turn=turn)
            if not found:
                return False
            for part in (rows.message(found[0]["message"]), message):
                await execute(PART, channel=str(part.channel), id=part.id, turn=turn, message=rows.stored(part))
            await self._gather(execute, turn)
            await execute("UPDATE turns SET due = :due WHERE id = :turn", turn=turn, due=time.time() + ripens)
            await self.db.announce(execute)
            return True

        joined = await self.db.write(unit)
        self.db.wake()
        return joined

    async def is_known(self, channel: Channel, id: str) -> bool:
        """Tell whether the message is a turn, or a part of one."""
        return bool(await self.db.read(KNOWN, channel=str(channel), id=id))

    async def revise(self, turn: int, message: Message) -> None:
        """Keep what the message of a turn says now, though it was answered as it was."""
        await self.db.write(lambda execute: queue.rewrite(execute, turn, replace(message, edited=False)))

    async def forget_words(self, turn: int) -> None:
        """Keep no word of what nobody said to the bot: of an album only the handles of its files stay."""

        async def unit(execute: Execute) -> None:
            for row in await execute("SELECT message FROM turns WHERE id = :turn", turn=turn):
                await queue.rewrite(execute, turn, _wordless(rows.message(row["message"])))
            for row in await execute("SELECT channel, message_id, message FROM parts WHERE turn = :turn", turn=turn):
                text = rows.stored(_wordless(rows.message(row["message"])))
                part = "UPDATE parts SET message = :text WHERE channel = :channel AND message_id = :id"
                await execute(part, text=text, channel=row["channel"], id=row["message_id"])

        await self.db.write(unit)

    async def amend(self, message: Message) -> Turn | None:
        """Keep the new words of an edited message, if nobody has taken its turn up yet; its turn, as it was before."""
        new = replace(message, edited=False)

        async def unit(execute: Execute) -> Turn | None:
            known = await execute(f"{rows.TURN} WHERE turns.id = ({OF_MESSAGE})", **values)
            if not known or known[0]["claims"]:
                return rows.turn(known[0]) if known else None
            await self._lock_line_of(execute, **values)
            for turn in await execute(AMENDABLE.format(lock=self.db.lock), **values):
                part = "UPDATE parts SET message = :text WHERE channel = :channel AND message_id = :id RETURNING turn"
                if await execute(part, text=rows.stored(new), **values):
                    await self._gather(execute, turn["id"])
                else:
                    await queue.rewrite(execute, turn["id"], new)
                    if not (new.album or new.awaits_preview):
                        await execute(NOW, id=turn["id"], now=time.time())
            await self.db.announce(execute)
            return rows.turn(known[0])

        values = {"channel": str(message.channel), "id": message.id}
        turn = await self.db.write(unit)
        self.db.wake()
        return turn

    async def hold_albums(self, seconds: float) -> None:
        """Take up no album for so long that nobody has taken up yet: there may be more of it to come."""
        await self.db.run(LATER, due=time.time() + seconds)

    async def cancel_queued(self, channel: Channel, id: str) -> bool:
        """Drop the turn of a deleted message, if nobody has taken it up yet; an album goes on without it.

        Return False if somebody has.
        """
        message = {"channel": str(channel), "id": id}

        async def unit(execute: Execute) -> None:
            await self._lock_line_of(execute, **message)
            for turn in await execute(AMENDABLE.format(lock=self.db.lock), **message):
                part = "UPDATE parts SET withdrawn = TRUE WHERE channel = :channel AND message_id = :id"
                await execute(part, **message)
                if not await self._gather(execute, turn["id"]):
                    await self._drop(execute, turn)

        await self._delete_pointer(channel, id)
        if await self.db.read(AMENDABLE.format(lock=""), **message):  # most of what is deleted was not said to the bot
            await self.db.write(unit)
            self.db.wake()
        return not await self.db.read(TAKEN_UP, **message)

    async def save_pointer(self, pointer: PhotoPointer) -> None:
        """Remember where a photo was posted that nobody has asked about yet; what is too old is deleted."""
        if not pointer.attachments:
            await self._delete_pointer(pointer.channel, pointer.message)
            return
        files = [asdict(replace(each, alt="", name=rows.storable(each.name))) for each in pointer.attachments]

        async def unit(execute: Execute) -> None:
            await execute("DELETE FROM pointers WHERE kept < :before", before=time.time() - POINTER_SECONDS)
            await execute(
                POINT,
                channel=str(pointer.channel),
                id=pointer.message,
                author=pointer.author.id,
                name=rows.storable(pointer.author.name),
                sent=pointer.sent,
                kept=time.time(),
                album=pointer.album,
                files=json.dumps(files),
            )

        await self.db.write(unit)

    async def _delete_pointer(self, channel: Channel, id: str) -> None:
        message = {"channel": str(channel), "id": id}
        if await self.db.read(IMPORTED, **message):
            await self.db.run("DELETE FROM imported WHERE channel = :channel AND message_id = :id", **message)
        if await self.db.read(POINTED_AT, **message):  # most messages show no photo, and a write costs more
            await self.db.run("DELETE FROM pointers WHERE channel = :channel AND message_id = :id", **message)

    async def list_pointers(self, channel: Channel, since: float) -> Sequence[PhotoPointer]:
        """Return the recent photos and questions of the channel, and of those it is linked to, by arrival."""
        place = {"channel": str(channel)}
        pointers = [rows.pointer(row) for row in await self.db.read(POINTERS, since=since, **place)]
        if not pointers:  # then no turn can be in their way
            return []
        turns = await self.db.read(RECENT_TURNS, most=MOST_RECENT, **place)
        heard = [pointer for row in turns if (pointer := rows.heard_pointer(row))]
        return sorted([*pointers, *heard], key=lambda each: each.kept)

    # inside transactions

    async def _is_double_tap(self, execute: Execute, conversation: int, message: Message) -> bool:
        """Tell whether a press of the same button is still being answered, or by the same person just was.

        Votes are none: each person has one, and may change it as often and as quickly as they like.
        """
        if message.about is None or message.about.kind != "button" or message.text.startswith(f"/{VOTE} "):
            return False
        values = {
            "conversation": conversation,
            "channel": str(message.channel),
            "author": rows.author(message),
            "since": time.time() - DOUBLE_TAP_SECONDS,
            "most": MOST_RECENT,
        }
        under_way = [rows.message(row["message"]) for row in await execute(UNDER_WAY, **values)]
        return any(_is_same_button(each, message) for each in under_way)

    async def _is_crowded(self, execute: Execute, message: Message, most: int) -> bool:
        """Tell whether one more turn would be too many. A known message, or a part of an album, makes none."""
        [unfinished] = await execute(UNFINISHED, author=rows.author(message), most=most)
        if unfinished["n"] < most:
            return False
        values = {"channel": str(message.channel), "id": message.id}
        return not (
            await execute(KNOWN, **values)
            or (message.album and await execute(ALBUM.format(lock=""), album=message.album, **values))
        )

    async def _add_turn(self, execute: Execute, conversation: int, message: Message, ripens: float) -> Sequence[Row]:
        now, id = time.time(), {"channel": str(message.channel), "id": message.id}
        if message.awaits and await execute(PART_KNOWN, **id):  # it comes again, and has joined another one
            return ()
        return await execute(
            ADD.format(next_turn=self.db.next_turn),
            conversation=conversation,
            channel=str(message.channel),
            id=message.id,
            author=rows.author(message),
            message=rows.stored(message),
            album=message.album,
            now=now,
            due=now + ripens,
        )

    async def _add_part(self, execute: Execute, conversation: int, message: Message, ripens: float) -> Sequence[Row]:
        """Join the other parts, or be the first one. A part that comes too late for them is a turn of its own."""
        part = {"channel": str(message.channel), "id": message.id, "message": rows.stored(message)}
        if await execute(PART_KNOWN, channel=part["channel"], id=part["id"]):
            return ()
        waiting = await execute(ALBUM.format(lock=self.db.lock), channel=part["channel"], album=message.album)
        turns = waiting or await self._add_turn(execute, conversation, message, ripens)
        for turn in turns:
            await execute(
                "INSERT INTO parts (channel, message_id, turn, message) VALUES (:channel, :id, :turn, :message)",
                turn=turn["id"],
                **part,
            )
        for turn in waiting:
            await self._gather(execute, turn["id"])
            due = min(time.time() + ripens, turn["added"] + MOST_WAITS * ripens)
            await execute("UPDATE turns SET due = :due WHERE id = :turn AND due < :due", due=due, turn=turn["id"])
        return turns

    async def _gather(self, execute: Execute, turn: int) -> bool:
        """Make one message of the parts of an album; False if it has none, or none any more."""
        parts = await execute("SELECT message FROM parts WHERE turn = :turn AND NOT withdrawn", turn=turn)
        if parts:
            whole = Message.of_album([rows.message(part["message"]) for part in parts])
            await queue.rewrite(execute, turn, whole)
        return bool(parts)

    async def _lock_line_of(self, execute: Execute, **message: object) -> None:
        """Lock the line a message waits in, and look again: it may have gone to another conversation meanwhile."""
        locked = None
        while (line := await execute(AMENDABLE.format(lock=""), **message)) and line[0]["conversation"] != locked:
            locked = line[0]["conversation"]
            await self.db.lock_line(execute, locked)

    async def _drop(self, execute: Execute, turn: Row) -> None:
        """Take a turn that nobody has taken up out of its line, which is locked."""
        await execute(
            "UPDATE turns SET finished = :now, error = :error WHERE id = :id",
            id=turn["id"],
            now=time.time(),
            error="withdrawn",
        )
        await queue.come_forward(self.db, execute, turn["conversation"])


def _wordless(message: Message) -> Message:
    attachments = tuple(replace(each, alt="") for each in message.attachments)
    return replace(message, text="", attachments=attachments, about=None, more=())


def _is_same_button(one: Message, other: Message) -> bool:
    """Tell whether two messages are presses of the same button."""
    if one.about is None or other.about is None:
        return False
    return (one.about.kind, one.about.id, one.text) == (other.about.kind, other.about.id, other.text)
