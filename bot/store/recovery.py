"""What becomes of turns whose process ended without giving them back, and of those that processes keep ending over.

An unclean end makes suspects of the turns that were in work. It is charged only to the one that was unambiguous: the
only turn in work, or the only suspect among them. So that ends become unambiguous, a process has at most one suspect
in work; suspects that were charged least come first, then the oldest. A stall names its turn, and suspects nobody else.
"""

import time
from collections.abc import Collection, Sequence

from bot.messages import Channel, PutAside, Stall
from bot.store.conversation_queue import ConversationQueue
from bot.store.database import Execute, Row

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
SUSPECT = "UPDATE turns SET suspect = TRUE, crashes = crashes + :charge WHERE id = :id"

HOLDERS = "SELECT DISTINCT holder FROM turns WHERE holder IS NOT NULL AND finished IS NULL AND holder <> :me"
NEXT_EXPIRY = """
SELECT MIN(due) AS due FROM turns WHERE holder IS NOT NULL AND finished IS NULL AND holder <> :me
"""

PUT_ASIDE_TURNS = """
SELECT id, channel, finished, stalls, crashes FROM turns WHERE error = 'put_aside' ORDER BY finished DESC LIMIT :most
"""

# The answer stays, if there was one. The number of claims tells that there are posts, and is small again.
RELEASE_TURN = """
UPDATE turns SET finished = NULL, error = NULL, leads = FALSE, conversation = :line, due = :now, claims = 1, tries = 0,
    stalls = 0, crashes = 0, suspect = FALSE, progress = 0
WHERE id = :turn AND error = 'put_aside' RETURNING id
"""


class Recovery(ConversationQueue):
    """Books how processes ended, and keeps what was put aside."""

    async def list_put_aside(self, most: int) -> Sequence[PutAside]:
        """Return the turns that were put aside, latest first, `most` at most."""
        return [_put_aside(row) for row in await self.read(PUT_ASIDE_TURNS, most=most)]

    async def count_put_aside(self) -> int:
        """Count the turns that were put aside."""
        return int((await self.read("SELECT COUNT(*) AS n FROM turns WHERE error = 'put_aside'"))[0]["n"])

    async def release_put_aside(self, turn: int) -> bool:
        """Put the turn back into the line of its channel, with a clean slate; False if it was not put aside."""

        async def unit(execute: Execute) -> bool:
            known = await execute("SELECT channel FROM turns WHERE id = :turn AND error = 'put_aside'", turn=turn)
            for row in known:
                line = await self._meet(execute, Channel.parse(row["channel"]))
                await self.lock_line(execute, line)
                if await execute(RELEASE_TURN, turn=turn, line=line, now=time.time()):
                    await self._come_forward(execute, line)
                    return True
            return False

        released = await self.write(unit)
        self.wake()
        return released

    async def _recover(self, stalls: Collection[Stall]) -> None:
        """Book what watchdogs recorded, and give back what their processes held: nobody else is to blame."""

        async def unit(execute: Execute) -> None:
            for stall in stalls:
                await execute(BOOK_STALL, turn=stall.turn, process=stall.process)
                await self._take_back(execute, stall.process)
            await self.announce(execute)

        if stalls:
            await self.write(unit)

    async def _take_back_expired(self, lease: float) -> None:
        """Take back what others held for longer than their leases. Asks the database only when there may be something.

        A holder that told of itself a moment ago lives: it could not renew its leases, and nothing is to be blamed.
        """
        now = time.time()
        if now < self._next_expiry:
            return
        for row in await self.read(f"{HOLDERS} AND due <= :now", me=self.me, now=now):
            await self._take_over(row["holder"])
        [row] = await self.read(NEXT_EXPIRY, me=self.me)
        self._next_expiry = now + lease if row["due"] is None else min(row["due"], now + lease)

    async def _take_over(self, holder: str) -> None:
        async def unit(execute: Execute) -> None:
            now = time.time()
            if await self._is_dead(execute, holder, now):
                await self._book_unclean_end(execute, holder)
            else:
                await self._take_back(execute, holder, "AND due <= :now")
            await self.announce(execute)

        await self.write(unit)

    async def _is_dead(self, execute: Execute, holder: str, now: float) -> bool:
        """Whether the process fell silent. Who could not tell of itself either does not know: the database was away."""
        if now - self._telling_since < ALIVE:
            return False
        return not await execute("SELECT 1 FROM processes WHERE id = :id AND seen > :then", id=holder, then=now - ALIVE)

    async def _book_unclean_end(self, execute: Execute, holder: str) -> None:
        """Suspect the turns that were in work when their process died, charge the one to blame, and take all back."""
        held = await execute(HELD.format(hold=self.hold), holder=holder)
        for row in held:
            if row["progress_now"] > row["progress"]:  # it is slow or unlucky, but it gets on
                await execute(GETS_ON, id=row["id"], progress=row["progress_now"])
            else:
                await execute(SUSPECT, id=row["id"], charge=int(_is_to_blame(row, held)))
        await self._take_back(execute, holder)

    async def _take_back(self, execute: Execute, holder: str, besides: str = "") -> None:
        await execute(TAKE_BACK.format(besides=besides), holder=holder, now=time.time(), rest=REST)


def _is_to_blame(row: Row, held: Sequence[Row]) -> bool:
    """Whether nobody else can have brought the process down: the only turn in work, or the only suspect."""
    return len(held) == 1 or (bool(row["suspect"]) and sum(bool(each["suspect"]) for each in held) == 1)


def _put_aside(row: Row) -> PutAside:
    return PutAside(
        turn=row["id"],
        platform=Channel.parse(row["channel"]).platform,
        at=row["finished"],
        stalls=row["stalls"],
        crashes=row["crashes"],
    )
