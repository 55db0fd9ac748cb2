"""Coordination of processes: heartbeats, stop requests, locks, rate limits, and bytes that one has and others need."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.messages import RateLimit, WorkerProcess
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute

MOST, REST = 10_000, 120.0  # gates remembered before those are forgotten that nobody passed for so many seconds
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
CARRY = """
INSERT INTO carried (key, data, at) VALUES (:key, :data, :now)
ON CONFLICT (key) DO UPDATE SET data = excluded.data, at = excluded.at
"""


def pass_through(gate: RateLimit, passed: Sequence[float], now: float, patience: float) -> tuple[float, list[float]]:
    """Return the seconds from `now` to the next pass, and all passes that still count, oldest first.

    The next one is among them unless it would be later than in `patience` seconds: then it is not booked.
    """
    counting = [at for at in passed if at > now - gate.seconds]
    at = max(now, counting[-gate.most] + gate.seconds) if len(counting) >= gate.most else now
    if at <= now + patience:
        counting.append(at)
    return at - now, counting


class LocalRateLimiter:
    """Gates of one process, in memory; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._passed: dict[str, list[float]] = {}

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a pass, and return how many seconds from now it is good; later than in `patience` it is not booked."""
        passed, now = self._passed.get(gate.name, ()), self._clock()
        pause, self._passed[gate.name] = pass_through(gate, passed, now, patience)
        if len(self._passed) > MOST:
            self._passed = {name: passes for name, passes in self._passed.items() if passes and passes[-1] > now - REST}
        return pause


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


@dataclass(frozen=True, slots=True)
class SqlBlobs:
    """Blobs by key; the keys of uploaded files by provider, account and hash."""

    db: Database

    async def put_blob(self, key: str, data: bytes) -> None:
        """Keep under this key what only this process was given."""
        await self.db.run(CARRY, key=key, data=data, now=time.time())

    async def get_blob(self, key: str) -> bytes | None:
        """Return the blob of the key; None if it is unknown or too old."""
        found = await self.db.read("SELECT data FROM carried WHERE key = :key", key=key)
        return bytes(found[0]["data"]) if found else None

    async def delete_blobs(self, prefix: str, before: float) -> None:
        """Delete what was kept before that moment under keys that begin so."""
        # Not LIKE: SQLite would not tell upper from lower case.
        await self.db.run(
            "DELETE FROM carried WHERE at < :before AND SUBSTR(key, 1, :length) = :prefix",
            before=before, prefix=prefix, length=len(prefix),
        )  # fmt: skip

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""
        found = await self.db.read(
            "SELECT asset FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )
        return found[0]["asset"] if found else None

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""
        await self.db.run(
            "INSERT INTO assets (provider, account, sha256, asset, kept)"
            " VALUES (:provider, :account, :sha256, :key, :now)"
            " ON CONFLICT (provider, account, sha256) DO UPDATE SET asset = excluded.asset, kept = excluded.kept",
            provider=provider,
            account=account,
            sha256=sha256,
            key=key,
            now=time.time(),
        )

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        """The provider no longer holds it."""
        await self.db.run(
            "DELETE FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )
