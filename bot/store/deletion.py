"""Deletion of conversations that people want forgotten, and of rows that are too old."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import Conversation
from bot.store import turn_queue as queue
from bot.store.conversations import move_to, until_renewed
from bot.store.database import Database, Execute

EXPIRED = """
SELECT id FROM turns WHERE finished IS NOT NULL AND finished < :before ORDER BY finished, id LIMIT :most {lock}
"""

# What was said in a conversation, and what its channels, which may have a new one by now, put aside before it began.
SAID = """
SELECT id, conversation FROM turns WHERE conversation = :old OR (
    finished IS NOT NULL
    AND channel IN (SELECT channel FROM channels WHERE conversation = :now)
    AND NOT EXISTS (SELECT 1 FROM channels WHERE channels.conversation = turns.conversation)
)
"""

SHOWN = f"""
SELECT DISTINCT sha256 FROM photos
WHERE conversation = :old OR conversation IN (SELECT conversation FROM ({SAID}) AS said)
"""  # noqa: S608 (ours)

# Conversations that nobody can come back to.
EMPTY = """
NOT EXISTS (SELECT 1 FROM channels WHERE channels.conversation = conversations.id)
AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.conversation = conversations.id)
"""


@dataclass(frozen=True, slots=True)
class SqlDeletion:
    """Deleted is deleted: no row keeps a word of it. What was spent stays booked."""

    db: Database

    async def list_file_hashes(self, conversation: Conversation) -> Sequence[str]:
        """The hashes of the photos and documents that go with what `forgotten` deletes."""
        found = await self.db.read(SHOWN, old=conversation.id, now=conversation.id)
        return [row["sha256"] for row in found]

    async def forget(self, conversation: Conversation) -> Conversation:
        """Renew the conversation, and delete the old one with everything that was said and answered in it."""

        async def unit(execute: Execute, new: int) -> bool:
            if not await move_to(self.db, execute, conversation, new):
                return False
            said = await execute(f"{SAID} ORDER BY id {self.db.hold}", old=conversation.id, now=new)
            await queue.delete_turns(self.db, execute, [row["id"] for row in said])
            for old in sorted({conversation.id, *(row["conversation"] for row in said)}):
                await execute("DELETE FROM photos WHERE conversation = :old", old=old)
                await execute(f"DELETE FROM conversations WHERE id = :old AND {EMPTY}", old=old)  # noqa: S608 (ours)
            here = "DELETE FROM pointers WHERE channel IN (SELECT channel FROM channels WHERE conversation = :new)"
            await execute(here, new=new)
            for table in ("imported", "imports"):
                here = f"DELETE FROM {table} WHERE channel IN (SELECT channel FROM channels WHERE conversation = :new)"  # noqa: S608 (ours)
                await execute(here, new=new)
            return True

        return await until_renewed(self.db, conversation, unit)

    async def delete_expired(self, before: float, most: int) -> int:
        """Delete up to `most` turns that were finished before that moment; how many.

        Conversations that nobody can come back to, because they have neither channels nor turns, go as well.
        """

        async def unit(execute: Execute) -> int:
            old = await execute(EXPIRED.format(lock=self.db.lock), before=before, most=most)
            await queue.delete_turns(self.db, execute, [row["id"] for row in old])
            return len(old)

        deleted = await self.db.write(unit)
        if deleted < most:  # the last batch; apart, because whoever locks a conversation may want its turns next
            await self.db.write(lambda execute: self._tidy(execute, before))
        return deleted

    async def delete_spending(self, before: float) -> None:
        """Delete what was booked before that moment: who spent how much is nobody's business for ever."""
        await self.db.write(
            lambda execute: execute("DELETE FROM spending WHERE at < :before", before=before), single=True
        )

    async def delete_generated(self, before: float) -> None:
        """Delete what was made before that moment."""
        await self.db.run("DELETE FROM made WHERE at < :before", before=before)

    async def delete_pointers(self, before: float) -> None:
        """Delete the pointers to photos that arrived before that moment."""
        await self.db.run("DELETE FROM pointers WHERE kept < :before", before=before)

    async def forget_assets_before(self, before: float) -> int:
        """Forget all keys that were kept before that moment; how many."""
        return len(await self.db.run("DELETE FROM assets WHERE kept < :before RETURNING provider", before=before))

    async def _tidy(self, execute: Execute, before: float) -> None:
        """Delete empty conversations; what was found empty is looked at again once it is held."""
        await execute("DELETE FROM imported WHERE kept < :before", before=before)
        found = f"SELECT id FROM conversations WHERE active < :before AND {EMPTY} {self.db.lock}"  # noqa: S608 (ours)
        ids = json.dumps([row["id"] for row in await execute(found, before=before)])
        empty = f"FROM conversations WHERE id IN ({self.db.each_id}) AND {EMPTY}"
        await execute(f"DELETE FROM photos WHERE conversation IN (SELECT id {empty})", ids=ids)  # noqa: S608 (ours)
        await execute(f"DELETE {empty}", ids=ids)
