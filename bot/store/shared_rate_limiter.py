"""Gates that all processes share: each pass is booked with one statement, and no flush to the disk."""

import asyncio
import json
import time
from math import inf
from secrets import token_hex
from weakref import WeakValueDictionary

from bot.messages import RateLimit
from bot.store.coordination import pass_through
from bot.store.database import Database

# Books if the gate is still as it was known to be; tells how it is. What has been booked by the same statement, whose
# answer was lost, is told as booked. A crash of the server may cost the passes of the last moment, which is not worth
# a flush for each of them.
BOOK = """
INSERT INTO gates (name, passed, last)
SELECT :name, :passed, :last FROM set_config('synchronous_commit', 'off', TRUE)
ON CONFLICT (name) DO UPDATE SET
    passed = CASE WHEN gates.passed = :known THEN excluded.passed ELSE gates.passed END,
    last = CASE WHEN gates.passed = :known THEN excluded.last ELSE gates.last END
RETURNING passed
"""

MOST_KNOWN = 10_000  # gates
FORGOTTEN = 600.0  # seconds after its last pass until a gate is deleted
TIDYING = 300.0  # seconds between two looks for those


class SharedRateLimiter:
    """Remembers how each gate was; only when another process came between, that has to be asked for."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._known: dict[str, str] = {}
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tidied = -inf

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        """Book a pass, and return how many seconds from now it is good; later than in `patience` it is not booked."""
        await self._tidy()
        async with self._lines.setdefault(gate.name, asyncio.Lock()):  # ours do not come between each other
            known, certain = self._known.get(gate.name, ""), False
            while True:
                pause, at, booked = _booked(gate, known, patience)
                if booked:
                    known = await self._book(gate, known, at, booked)
                    if known == booked:
                        return max(0.0, at - time.time())
                elif certain:
                    return pause
                else:
                    known = await self._look(gate)
                certain = True

    async def _look(self, gate: RateLimit) -> str:
        """Return the stored state of the gate; empty if nobody has passed."""
        found = await self._store.read("SELECT passed FROM gates WHERE name = :name", name=gate.name)
        return self._keep(gate, found[0]["passed"] if found else "")

    async def _book(self, gate: RateLimit, known: str, at: float, booked: str) -> str:
        """Return the new state of the gate: ours, or the one that others stored meanwhile."""
        values = {"name": gate.name, "passed": booked, "last": at, "known": known}
        [row] = await self._store.write(lambda execute: execute(BOOK, **values), single=True)
        return self._keep(gate, row["passed"])

    def _keep(self, gate: RateLimit, passed: str) -> str:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[gate.name] = passed
        return passed

    async def _tidy(self) -> None:
        if time.monotonic() < self._tidied + TIDYING:
            return
        self._tidied = time.monotonic()
        sql, before = "DELETE FROM gates WHERE last < :before", time.time() - FORGOTTEN
        await self._store.write(lambda execute: execute(sql, before=before), single=True)


def _booked(gate: RateLimit, known: str, patience: float) -> tuple[float, float, str]:
    """Return the seconds until the next pass, its time, and the gate's state then; empty if it is too late to book."""
    passed, now = json.loads(known)["passed"] if known else [], time.time()
    pause, counting = pass_through(gate, passed, now, patience)
    if len(counting) == len(pass_through(gate, passed, now, -inf)[1]):
        return pause, now + pause, ""
    # Others may book the very same moment from the same state: that it was us, only our name on it tells.
    return pause, counting[-1], json.dumps({"passed": counting, "by": token_hex(6)})
