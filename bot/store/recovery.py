"""Recovery of turns whose process ended without giving them back, and of turns that processes keep ending over.

A turn that is in work at an unclean end for the second time is a suspect. An end is charged only to the turn that was
unambiguous: the only one in work, or the only suspect among them. So that ends become unambiguous, a process has at
most one suspect in work; suspects that were charged least come first, then the oldest. A stall names its turn, and
suspects nobody else.
"""

import time
from collections.abc import Collection, Sequence

from bot.messages import Stall
from bot.store.database import Database, Execute, Row

ALIVE = 15.0  # seconds in which a living process has told of itself, which it does every five
REST = 3.0  # seconds for each stall and crash of its own that a turn rests, so that others are answered meanwhile

BOOK_STALL = """
UPDATE turns SET stalls = stalls + 1, stalled_in = :process
WHERE id = :turn AND finished IS NULL AND (stalled_in IS NULL OR stalled_in <> :process) RETURNING id
"""

# A turn that stalled a process, or over which two ended, rests; one unclean end may be anything, and delays nobody.
TAKE_BACK = """
UPDATE turns SET holder = NULL,
    due = CASE WHEN stalls > 0 OR crashes > 1 THEN :now + :rest * (stalls + crashes) ELSE added END
WHERE holder = :holder AND finished IS NULL {besides}
"""

HELD = """
SELECT id, suspect, progress, (SELECT COUNT(*) FROM posts WHERE posts.turn = turns.id)
    + CASE WHEN answer IS NULL THEN 0 ELSE 1 END AS progress_now
FROM turns WHERE holder = :holder AND finished IS NULL ORDER BY id {hold}
"""

GETS_ON = "UPDATE turns SET progress = :progress WHERE id = :id"
# Only from the second time on: after one power cut, all that was in work is answered as fast as ever.
SUSPECT = "UPDATE turns SET suspect = claims > tries + 1, crashes = crashes + :charge WHERE id = :id"

HOLDERS = "SELECT DISTINCT holder FROM turns WHERE holder IS NOT NULL AND finished IS NULL AND holder <> :me"
NEXT_EXPIRY = """
SELECT MIN(due) AS due FROM turns WHERE holder IS NOT NULL AND finished IS NULL AND holder <> :me
"""


async def recover(db: Database, stalls: Collection[Stall]) -> None:
    """Book what watchdogs recorded, and give back what their processes held: nobody else is to blame."""

    async def unit(execute: Execute) -> None:
        for stall in stalls:
            await execute(BOOK_STALL, turn=stall.turn, process=stall.process)
            await _take_back(db, execute, stall.process)
        await db.announce(execute)

    if stalls:
        await db.write(unit)


async def take_over(db: Database, holder: str) -> None:
    """Take back what another process holds for longer than its leases; if it died, book that."""

    async def unit(execute: Execute) -> None:
        now = time.time()
        if await _is_dead(db, execute, holder, now):
            await book_unclean_end(db, execute, holder)
        else:
            await _take_back(db, execute, holder, "AND due <= :now")
        await db.announce(execute)

    await db.write(unit)


async def _is_dead(db: Database, execute: Execute, holder: str, now: float) -> bool:
    """Tell whether the process fell silent. False after an outage of the database, when nobody could report."""
    if now - db.telling_since < ALIVE:
        return False
    return not await execute("SELECT 1 FROM processes WHERE id = :id AND seen > :then", id=holder, then=now - ALIVE)


async def book_unclean_end(db: Database, execute: Execute, holder: str) -> None:
    """Suspect the turns that were in work when their process died, charge the one to blame, and take all back."""
    held = await execute(HELD.format(hold=db.hold), holder=holder)
    for row in held:
        if row["progress_now"] > row["progress"]:  # it is slow or unlucky, but it gets on
            await execute(GETS_ON, id=row["id"], progress=row["progress_now"])
        else:
            await execute(SUSPECT, id=row["id"], charge=int(_is_to_blame(row, held)))
    await _take_back(db, execute, holder)


async def _take_back(db: Database, execute: Execute, holder: str, besides: str = "") -> None:
    await execute(TAKE_BACK.format(besides=besides), holder=holder, now=time.time(), rest=REST)


def _is_to_blame(row: Row, held: Sequence[Row]) -> bool:
    """Tell whether no other turn can have ended the process: it was the only one in work, or the only suspect."""
    return len(held) == 1 or (bool(row["suspect"]) and sum(bool(each["suspect"]) for each in held) == 1)
