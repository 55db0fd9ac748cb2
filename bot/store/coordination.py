"""Coordination of processes: heartbeats, stop requests, locks and rate limits."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.messages import RateLimit, WorkerProcess
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute

FAREWELL = 2.0  # seconds that signing off may take
GAP = 15.0  # seconds between two reports after which the database counts as having been away meanwhile

REPORT = """
INSERT INTO processes (id, seen, report) VALUES (:me, :now, :report)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, report = excluded.report
"""

STOP = """
UPDATE turns SET stopping = TRUE
WHERE conversation = :conversation AND holder IS NOT NULL AND answer IS NULL AND finished IS NULL RETURNING id
"""


@dataclass(slots=True)
class SqlCoordination:
    """Reports, stops and things that are carried."""

    db: Database

    async def beat(self, process: WorkerProcess) -> None:
        """Tell the others how this process is."""
        now = time.time()
        await self.db.run(REPORT, me=self.db.me, now=now, report=json.dumps(asdict(process)))
        if now - self.db.told > GAP:
            self.db.telling_since = now
        self.db.told = now

    async def list_processes(self) -> Sequence[WorkerProcess]:
        """Return the last heartbeat of each process and its time, by name."""
        found = await self.db.read("SELECT seen, report FROM processes")
        return sorted((rows.process(row) for row in found), key=lambda process: process.name)

    async def unregister(self) -> None:
        """Take back what this process told: it ends."""
        async with asyncio.timeout(FAREWELL):  # when the database is away, it is forgotten for its silence
            await self.db.run("DELETE FROM processes WHERE id = :me", me=self.db.me)

    async def prune_stale(self, before: float) -> None:
        """Forget the processes that were not seen since that moment."""
        await self.db.run("DELETE FROM processes WHERE seen < :before", before=before)

    @property
    def stopped(self) -> Callable[[int], object]:
        """The callback that gets a conversation when another process wants its answer to stop."""
        return self.db.stopped

    @stopped.setter
    def stopped(self, stopped: Callable[[int], object]) -> None:
        self.db.stopped = stopped

    async def run_exclusively(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run the work while no other process runs work of this name."""
        await self.db.run_exclusively(name, work)

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a slot of the rate limit, and return how many seconds from now it is good."""
        return await self.db.acquire(gate, patience)

    async def request_stop(self, conversation: int) -> bool:
        """Let whoever answers in the conversation end that; False if nobody does."""

        async def unit(execute: Execute) -> bool:
            held = await execute(STOP, conversation=conversation)
            if held:
                await self.db.tell_stop(execute, conversation)
            return bool(held)

        return await self.db.write(unit)
