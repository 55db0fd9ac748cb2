"""Photos and documents: what was shown in a conversation, by number."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from bot.errors import LeaseLost
from bot.messages import Attachment, Channel, Conversation, File, RememberedFile, StoredFile, Turn
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute
from bot.store.search import SEARCH_AGAIN

COLUMNS = ("place", "ref", "name", "mime", "size", "sha256", "is_spoiler")

# The turn stands in this line and is ours. New photos come first, so that what is known leaves no gap in the numbers;
# the number that it is given here collides with none, and is not kept. Of a photo that is shown again the post counts
# that it was fetched from just now: an older one is the likelier to be gone.
REMEMBER = """
WITH shown ({columns}) AS (VALUES {rows})
INSERT INTO photos (conversation, number, turn, channel, ref, name, mime, size, sha256, is_spoiler, shown)
SELECT conversation,
    COALESCE((SELECT MAX(number) FROM photos WHERE conversation = :line), 0) + ROW_NUMBER() OVER (ORDER BY
        EXISTS (SELECT 1 FROM photos AS known WHERE known.conversation = :line AND known.sha256 = shown.sha256), place),
    id, :channel, ref, name, mime, size, sha256, is_spoiler, id
FROM turns CROSS JOIN shown WHERE id = :turn AND conversation = :line AND holder = :me AND finished IS NULL
ON CONFLICT (conversation, sha256) DO UPDATE SET channel = excluded.channel, ref = excluded.ref, name = excluded.name,
    mime = excluded.mime, size = excluded.size, is_spoiler = excluded.is_spoiler,
    shown = excluded.shown RETURNING number
"""

# Where a turn stands that we hold, and whether the conversation it was taken up in is still there.
GONE_TO = """
SELECT conversation, EXISTS (SELECT 1 FROM conversations WHERE id = :old) AS remains FROM turns
WHERE id = :turn AND holder = :me AND finished IS NULL
"""

SAID = 500  # characters of an answer that are told along with a photo

KNOWN = """
SELECT number, turn, photos.channel, ref, name, mime, size, sha256, description, words, refused_by, is_spoiler, shown,
    CASE WHEN turns.model IS NOT NULL AND error IS NULL THEN COALESCE(SUBSTR(answer, 1, :said), '') ELSE '' END AS said
FROM photos JOIN turns ON turns.id = photos.turn WHERE photos.conversation = :conversation
"""
REMEMBERED = f"{KNOWN} ORDER BY number DESC LIMIT :most"

DESCRIBE = """
UPDATE photos SET description = :description WHERE conversation = :id AND sha256 = :sha256 RETURNING turn
"""

SAVE_WORDS = "UPDATE photos SET words = :words WHERE conversation = :id AND sha256 = :sha256 RETURNING turn"

REFUSALS = "SELECT refused_by FROM photos WHERE conversation = :id AND sha256 = :sha256"
SAVE_REFUSALS = "UPDATE photos SET refused_by = :refusals WHERE conversation = :id AND sha256 = :sha256"

OURS = "SELECT 1 FROM turns WHERE id = :turn AND holder = :me AND finished IS NULL"

KEEP = """
INSERT INTO made (turn, n, name, mime, about, data, at) VALUES (:turn, :n, :name, :mime, :about, :data, :now)
ON CONFLICT (turn, n) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class SqlFiles:
    """Known by conversation and number, and by conversation and hash."""

    db: Database

    async def save_files(self, turn: Turn, files: Mapping[Attachment, StoredFile], channel: Channel) -> None:
        """Number the photos and documents that the turn shows, in this order, after those its conversation knows.

        `channel` is where they were posted. One that the conversation knows by its hash keeps its number and the turn
        that showed it first. A conversation that was forgotten meanwhile keeps nothing.
        """
        old = line = turn.conversation.id
        while files and not await self._remember_in(line, turn, files, channel):
            found = await self.db.read(GONE_TO, turn=turn.id, old=old, me=self.db.me)
            if not found:
                raise LeaseLost
            if not found[0]["remains"]:
                return
            line = found[0]["conversation"]

    async def list_files(self, conversation: Conversation, most: int, model: str = "") -> Sequence[RememberedFile]:
        """The photos and documents of the conversation that were shown last, `most` at most, by number.

        With what was said of each: the beginning of the answer to its turn, where a model gave one. Those that `model`
        refused within the last day are marked.
        """
        found = await self.db.read(REMEMBERED, conversation=conversation.id, most=most, said=SAID)
        return [rows.remembered(row, model) for row in reversed(found)]

    async def find_files(self, conversation: Conversation, numbers: Collection[int]) -> Sequence[RememberedFile]:
        """Return the photos and documents of the conversation that have these numbers, by number."""
        found = await self.db.read(
            f"{KNOWN} AND number IN ({self.db.each_id}) ORDER BY number",
            conversation=conversation.id,
            ids=json.dumps(sorted(numbers)),
            said=SAID,
        )
        return [rows.remembered(row, "") for row in found]

    async def save_description(self, conversation: Conversation, sha256: str, description: str) -> None:
        """Keep in a few words what the photo shows."""
        photo = {"id": conversation.id, "sha256": sha256}

        async def unit(execute: Execute) -> None:
            for row in await execute(DESCRIBE, description=rows.storable(description), **photo):
                await execute(SEARCH_AGAIN, turn=row["turn"])

        await self.db.write(unit)

    async def save_words(self, conversation: Conversation, sha256: str, words: str) -> None:
        """Keep the words that were read in the photo."""
        photo = {"id": conversation.id, "sha256": sha256}

        async def unit(execute: Execute) -> None:
            for row in await execute(SAVE_WORDS, words=rows.storable(words), **photo):
                await execute(SEARCH_AGAIN, turn=row["turn"])

        await self.db.write(unit)

    async def mark_unusable(self, conversation: Conversation, sha256: str, model: str) -> None:
        """Keep that the model refused the photo just now, while it took others."""
        await self._update_refusals(conversation, sha256, model, refused=time.time())

    async def mark_usable(self, conversation: Conversation, sha256: str, model: str) -> None:
        """Forget that the model refused the photo: it has taken it."""
        await self._update_refusals(conversation, sha256, model, refused=None)

    async def _update_refusals(
        self, conversation: Conversation, sha256: str, model: str, *, refused: float | None
    ) -> None:
        photo = {"id": conversation.id, "sha256": sha256}

        async def unit(execute: Execute) -> None:
            await self.db.lock_line(execute, conversation.id)
            for row in await execute(REFUSALS, **photo):
                refusals = rows.refusals(row) | ({model: refused} if refused else {})
                if refused is None:
                    refusals.pop(model, None)
                await execute(SAVE_REFUSALS, refusals=json.dumps(refusals), **photo)

        await self.db.write(unit)

    async def save_generated(self, turn: Turn, files: Sequence[File]) -> None:
        """Keep what was made for a turn that we hold; what it has already stays as it is."""

        async def unit(execute: Execute) -> None:
            if not await execute(OURS, turn=turn.id, me=self.db.me):
                raise LeaseLost
            for n, file in enumerate(files):
                values = {"name": file.name, "mime": file.mime, "about": file.about, "data": file.data}
                await execute(KEEP, turn=turn.id, n=n, now=time.time(), **values)

        await self.db.write(unit)

    async def list_generated(self, turn: int) -> Sequence[File]:
        """Return the files generated for the turn with this number; empty if they are too old."""
        found = await self.db.read("SELECT name, mime, about, data FROM made WHERE turn = :turn ORDER BY n", turn=turn)
        return [File(name=row["name"], mime=row["mime"], data=bytes(row["data"]), about=row["about"]) for row in found]

    async def _remember_in(
        self, line: int, turn: Turn, files: Mapping[Attachment, StoredFile], channel: Channel
    ) -> bool:
        """Number them if the turn stands in this line and we hold it."""
        sql, values = _shown(files)

        async def unit(execute: Execute) -> bool:
            # Of two that number files the second one goes on where the first ends.
            await self.db.lock_line(execute, line)
            kept = await execute(sql, line=line, turn=turn.id, me=self.db.me, channel=str(channel), **values)
            return bool(kept)

        return await self.db.write(unit)


def _shown(files: Mapping[Attachment, StoredFile]) -> tuple[str, dict[str, object]]:
    """The statement for so many photos, and its values. What is shown twice at once counts where it comes first."""
    once: dict[str, Attachment] = {}
    for attachment, kept in files.items():
        once.setdefault(kept.sha256, attachment)
    shown = [
        asdict(attachment)
        | {
            "place": place,
            "sha256": sha256,
            "name": rows.storable(attachment.name),
            "mime": rows.storable(attachment.mime),
        }
        for place, (sha256, attachment) in enumerate(once.items())
    ]
    each = ", ".join("(" + ", ".join(f":{name}{n}" for name in COLUMNS) + ")" for n in range(len(shown)))
    values = {f"{name}{n}": file[name] for n, file in enumerate(shown) for name in COLUMNS}
    return REMEMBER.format(columns=", ".join(COLUMNS), rows=each), values
