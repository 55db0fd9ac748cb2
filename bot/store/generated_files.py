"""What was made for a turn: pictures and sound, from the moment they were paid for."""

import time
from collections.abc import Sequence

from bot.errors import LeaseLost
from bot.messages import File, Turn
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute

OURS = "SELECT 1 FROM turns WHERE id = :turn AND holder = :me AND finished IS NULL"

KEEP = """
INSERT INTO made (turn, n, name, mime, about, data, at) VALUES (:turn, :n, :name, :mime, :about, :data, :now)
ON CONFLICT (turn, n) DO NOTHING
"""

# A question that is asked again was finished long ago.
TRANSCRIBED = """
UPDATE turns SET transcript = :transcript WHERE id = :turn AND (holder = :me OR finished IS NOT NULL) RETURNING id
"""


class GeneratedFileTable(Database):
    """Files by their turn, in the order they were made."""

    async def save_generated(self, turn: Turn, files: Sequence[File]) -> None:
        """Keep what was made for a turn that we hold; what it has already stays as it is."""

        async def unit(execute: Execute) -> None:
            if not await execute(OURS, turn=turn.id, me=self.me):
                raise LeaseLost
            for n, file in enumerate(files):
                values = {"name": file.name, "mime": file.mime, "about": file.about, "data": file.data}
                await execute(KEEP, turn=turn.id, n=n, now=time.time(), **values)

        await self.write(unit)

    async def list_generated(self, turn: int) -> Sequence[File]:
        """What was made for the turn with this number; nothing where it is too old."""
        found = await self.read("SELECT name, mime, about, data FROM made WHERE turn = :turn ORDER BY n", turn=turn)
        return [File(row["name"], row["mime"], bytes(row["data"]), row["about"]) for row in found]

    async def delete_generated(self, before: float) -> None:
        """Delete what was made before that moment."""
        await self._run("DELETE FROM made WHERE at < :before", before=before)

    async def set_transcript(self, turn: Turn, transcript: str) -> None:
        """Keep what is said in the turn's recordings. Raises LeaseLost where another process holds the turn."""
        await self._run_held(TRANSCRIBED, turn=turn.id, transcript=rows.storable(transcript))
