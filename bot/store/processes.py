"""What the processes of a fleet know of each other, and carry for each other."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict

from bot.messages import WorkerProcess
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute

FAREWELL = 2.0  # seconds that signing off may take
GAP = 15.0  # seconds between two reports after which the database counts as having been away meanwhile

REPORT = """
INSERT INTO processes (id, seen, report) VALUES (:me, :now, :report)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, report = excluded.report
"""

CARRY = """
INSERT INTO carried (key, data, at) VALUES (:key, :data, :now)
ON CONFLICT (key) DO UPDATE SET data = excluded.data, at = excluded.at
"""

STOP = """
UPDATE turns SET stopping = TRUE
WHERE conversation = :conversation AND holder IS NOT NULL AND answer IS NULL AND finished IS NULL RETURNING id
"""


class ProcessTable(Database):
    """Reports, stops and things that are carried."""

    async def beat(self, process: WorkerProcess) -> None:
        """Tell the others how this process is."""
        now = time.time()
        await self._run(REPORT, me=self.me, now=now, report=json.dumps(asdict(process)))
        if now - self._told > GAP:
            self._telling_since = now
        self._told = now

    async def list_processes(self) -> Sequence[WorkerProcess]:
        """What every process told last, with the moment when it did; by name."""
        found = await self.read("SELECT seen, report FROM processes")
        return sorted((rows.process(row) for row in found), key=lambda process: process.name)

    async def unregister(self) -> None:
        """Take back what this process told: it ends."""
        async with asyncio.timeout(FAREWELL):  # when the database is away, it is forgotten for its silence
            await self._run("DELETE FROM processes WHERE id = :me", me=self.me)

    async def prune_stale(self, before: float) -> None:
        """Forget the processes that were not seen since that moment."""
        await self._run("DELETE FROM processes WHERE seen < :before", before=before)

    async def request_stop(self, conversation: int) -> bool:
        """Let whoever answers in the conversation end that; False if nobody does."""

        async def unit(execute: Execute) -> bool:
            held = await execute(STOP, conversation=conversation)
            if held:
                await self.tell_stop(execute, conversation)
            return bool(held)

        return await self.write(unit)

    async def put_blob(self, key: str, data: bytes) -> None:
        """Keep under this key what only this process was given."""
        await self._run(CARRY, key=key, data=data, now=time.time())

    async def get_blob(self, key: str) -> bytes | None:
        """What was kept under the key; None where it is unknown or too old."""
        found = await self.read("SELECT data FROM carried WHERE key = :key", key=key)
        return bytes(found[0]["data"]) if found else None

    async def delete_blobs(self, prefix: str, before: float) -> None:
        """Delete what was kept before that moment under keys that begin so."""
        # Not LIKE: SQLite would not tell upper from lower case.
        await self._run(
            "DELETE FROM carried WHERE at < :before AND SUBSTR(key, 1, :length) = :prefix",
            before=before, prefix=prefix, length=len(prefix),
        )  # fmt: skip
