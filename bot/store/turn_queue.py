"""The queue: leases, answers, whose turn is next, and the lock that changes of a conversation's line need.

Locks are taken in one order, so that on PostgreSQL two processes neither miss each other, which would leave a line
that nobody leads, nor wait for each other: channels, then conversations by their number, then turns. Whoever adds to
a line, takes from it or moves it holds the row of the conversation; the row of a channel tells where its line is.
"""

import asyncio
import json
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict

from bot.errors import LeaseLost
from bot.messages import Channel, JobResult, Message, Preferences, Turn
from bot.store import recovery
from bot.store import row_mapping as rows
from bot.store.database import Database, Execute, Row
from bot.store.ledger import RELEASE, book

MEET = """
UPDATE conversations SET active = :now
WHERE id = (SELECT conversation FROM channels WHERE channel = :channel {hold}) RETURNING id
"""

# Beside one that leads nobody comes forward. Two lines that became one may have two turns in work: the one that does
# not lead goes on, and leads as soon as it can, so that nobody else is taken up meanwhile.
COME_FORWARD = """
UPDATE turns SET leads = TRUE
WHERE NOT EXISTS (SELECT 1 FROM turns WHERE conversation = :line AND leads AND finished IS NULL)
AND id = COALESCE(
    (SELECT MIN(id) FROM turns WHERE conversation = :line AND holder IS NOT NULL AND finished IS NULL),
    (SELECT MIN(id) FROM turns WHERE conversation = :line AND finished IS NULL)) RETURNING id
"""
LEASE = 30.0  # seconds without renewal after which a process counts as dead
ANY = 1_000_000  # more turns than any process holds
FAREWELL = 2.0  # seconds that giving back leases may take when a process ends

# Not what is held: that is somebody's until it is taken back (`recovery`). And not what is said by somebody of whom
# we hold `each` turns, so that one person's flood leaves workers for others.
CLAIMABLE = """
leads AND finished IS NULL AND holder IS NULL
AND NOT EXISTS (SELECT 1 FROM held WHERE held.author = turns.author AND n >= :each)
"""

HELD = """
held AS MATERIALIZED (
    SELECT author, COUNT(*) AS n FROM turns WHERE holder = :me AND finished IS NULL GROUP BY author
)
"""

# One suspect at a time is enough.
MINE = "EXISTS (SELECT 1 FROM turns AS mine WHERE mine.suspect AND mine.holder = :me AND mine.finished IS NULL)"

# Shares are counted among so few rows as are to be claimed, so that it costs the same under any backlog.
CLAIM = f"""
WITH {HELD}, suspects AS MATERIALIZED (
    SELECT id, author, due FROM turns WHERE suspect AND {CLAIMABLE} AND NOT {MINE} AND due <= :now {{where}}
    ORDER BY crashes, id LIMIT 1 {{lock}}
), ripe AS MATERIALIZED (
    SELECT id, author, due FROM turns WHERE NOT suspect AND {CLAIMABLE} AND due <= :now {{where}}
    ORDER BY due, id LIMIT :most {{lock}}
), shared AS (
    SELECT id, due, COALESCE(n, 0) + ROW_NUMBER() OVER (PARTITION BY found.author ORDER BY due, id) AS nth
    FROM (SELECT id, author, due FROM suspects UNION ALL SELECT id, author, due FROM ripe) AS found
    LEFT JOIN held ON held.author = found.author
)
UPDATE turns SET holder = :me, due = :until, claims = claims + 1
WHERE id IN (SELECT id FROM shared WHERE nth <= :each ORDER BY due, id LIMIT :most)
RETURNING id, message, transcript, places, answer, result, claims, tries, stalls, crashes, conversation,
    (SELECT model FROM conversations WHERE conversations.id = turns.conversation) AS model,
    (SELECT remote_id FROM conversations WHERE conversations.id = turns.conversation) AS remote_id,
    (SELECT preferences FROM conversations WHERE conversations.id = turns.conversation) AS preferences
"""  # noqa: S608 (ours)

FIRST_DUE = f"""
WITH {HELD} SELECT due FROM turns WHERE {CLAIMABLE} AND (NOT suspect OR NOT {MINE}) {{where}} ORDER BY due LIMIT 1
"""  # noqa: S608 (ours)

RENEW = """
UPDATE turns SET due = :until WHERE holder = :me AND finished IS NULL RETURNING conversation, stopping
"""

GIVE_BACK = """
UPDATE turns SET holder = NULL, due = :now WHERE holder = :me AND finished IS NULL {besides} RETURNING id
"""

# The answer stays, if there was one. The number of claims tells that there are posts, and is small again.
RELEASE_TURN = """
UPDATE turns SET finished = NULL, error = NULL, leads = FALSE, conversation = :line, due = :now, claims = 1, tries = 0,
    stalls = 0, crashes = 0, suspect = FALSE, progress = 0
WHERE id = :turn AND error = 'put_aside' RETURNING id
"""

ANSWERED = """
UPDATE turns SET answer = :text, result = :result, model = :model, credits = :credits, input_tokens = :input_tokens,
    output_tokens = :output_tokens, first_words = :first_words, took = :took
WHERE id = :id AND holder = :me RETURNING id
"""

SOMEBODY_WAITS = "SELECT 1 FROM turns WHERE leads AND finished IS NULL AND holder IS NULL LIMIT 1"

FINISHED = """
UPDATE turns SET finished = :now, error = :error, holder = NULL
WHERE id = :id AND conversation = :line AND holder = :me AND finished IS NULL RETURNING id
"""


async def lock_lines(db: Database, execute: Execute, lines: Iterable[int]) -> None:
    """Lock the lines of several conversations, in the one order."""
    for line in sorted(set(lines)):
        await db.lock_line(execute, line)


async def come_forward(db: Database, execute: Execute, *lines: int) -> None:
    """Let the next in each of these lines, which are locked, lead if nobody does."""
    if any([await execute(COME_FORWARD, line=line) for line in lines]):
        await db.announce(execute)


async def meet(db: Database, execute: Execute, channel: Channel) -> int:
    """Find and lock the conversation of a channel; a channel we have not heard from gets one of its own."""
    values = {"channel": str(channel)}
    known = await execute(MEET.format(hold=db.hold), now=time.time(), **values)
    if known:
        return int(known[0]["id"])
    if not await execute("SELECT 1 FROM channels WHERE channel = :channel", **values):
        new = await begin(execute, db.first_model, Preferences())
        if await settle(execute, channel, new):
            return new
    # Another process met the channel or moved it at the same moment: look again.
    return await meet(db, execute, channel)


async def settle(execute: Execute, channel: Channel, conversation: int) -> bool:
    """Let a new channel take part in the conversation; return False if it is known already."""
    return bool(
        await execute(
            "INSERT INTO channels (channel, conversation) VALUES (:channel, :conversation)"
            " ON CONFLICT (channel) DO NOTHING RETURNING conversation",
            channel=str(channel),
            conversation=conversation,
        )
    )


async def begin(execute: Execute, model: str, preferences: Preferences) -> int:
    """Insert a new conversation, and return its number."""
    begun = await execute(
        "INSERT INTO conversations (model, preferences, active) VALUES (:model, :preferences, :now) RETURNING id",
        model=model,
        preferences=rows.stored(preferences),
        now=time.time(),
    )
    return int(begun[0]["id"])


async def rewrite(execute: Execute, turn: int, message: Message) -> None:
    """Replace the message of a turn."""
    await execute("UPDATE turns SET message = :text WHERE id = :id", id=turn, text=rows.stored(message))


async def delete_turns(db: Database, execute: Execute, turns: list[int]) -> None:
    """Delete finished turns, which are locked, with what belongs to them."""
    await db.keep_numbers(execute)
    ids = json.dumps(turns)
    for table in ("versions", "parts", "posts", "searchable", "photos", "made", "reservations", "steps", "votes"):
        await execute(f"DELETE FROM {table} WHERE turn IN ({db.each_id})", ids=ids)  # noqa: S608 (ours)
    await execute(f"DELETE FROM turns WHERE id IN ({db.each_id})", ids=ids)  # noqa: S608 (ours)


class SqlTurnQueue:
    """The unfinished turns."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._next_expiry = 0.0  # no lease of another process ends before this moment

    async def claim(
        self, most: int, platforms: Collection[str] | None = None, each: int | None = None
    ) -> Sequence[Turn]:
        """Lease the oldest ripe turns: always the first in the line of its conversation.

        Of one author this process holds `each` turns at most; None: any number.
        """
        await self._take_back_expired()
        claim = CLAIM.format(lock=self.db.lock, where=_said_on(platforms))

        async def unit(execute: Execute) -> list[Row]:
            now = time.time()  # here, because a unit may wait for its database; so too below
            share = min(most, self.db.share)
            return await execute(claim, now=now, until=now + LEASE, me=self.db.me, most=share, each=each or ANY)

        # When the answer is lost, what was leased is not worked on, and `renew_leases` gives it back.
        leased = await self.db.write(unit, single=True)
        return sorted([rows.turn(await self._whole(row)) for row in leased], key=lambda turn: turn.id)

    async def renew_leases(self, working: Collection[int]) -> Collection[int]:
        """Push back the end of the leases of these turns, and give back what this process holds besides."""
        ids = json.dumps(list(working))

        async def unit(execute: Execute) -> Collection[int]:
            now = time.time()
            lost = GIVE_BACK.format(besides=f"AND id NOT IN ({self.db.each_id})")
            if await execute(lost, now=now, me=self.db.me, ids=ids):
                await self.db.announce(execute)
            held = await execute(RENEW, until=now + LEASE, me=self.db.me)
            return {row["conversation"] for row in held if row["stopping"]}

        return await self.db.write(unit)

    async def release_leases(self) -> None:
        """Give back every turn this process holds."""

        async def unit(execute: Execute) -> None:
            await execute(GIVE_BACK.format(besides=""), now=time.time(), me=self.db.me)
            await self.db.announce(execute)

        with suppress(TimeoutError):  # the database is away: the leases end by themselves
            async with asyncio.timeout(FAREWELL):
                await self.db.write(unit)

    async def wait(self, seconds: float, platforms: Collection[str] | None = None, each: int | None = None) -> None:
        """Sleep until there may be something to claim on these platforms, `seconds` at most."""
        first = await self.db.read(FIRST_DUE.format(where=_said_on(platforms)), me=self.db.me, each=each or ANY)
        moments = [row["due"] for row in first] + [self._next_expiry] * bool(self._next_expiry)
        pause = max(0.0, min(moments) - time.time()) if moments else seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, pause)):
                await self.db.awake.wait()
        self.db.awake.clear()

    async def reschedule(self, turn: Turn, seconds: float) -> None:
        """Put the turn back for that long; its conversation waits behind it.

        When the answer of the database is lost, this is run again, and raises LeaseLost: the turn is not ours any more.
        """
        # By its claim, because it may be in our hands once more by then.
        await self.db.run_held(
            "UPDATE turns SET holder = NULL, due = :due, tries = tries + 1"
            " WHERE id = :id AND holder = :me AND claims = :claims RETURNING id",
            id=turn.id,
            claims=turn.deliveries,
            due=time.time() + seconds,
        )
        self.db.wake()  # whoever sleeps until something is due has to look again

    async def save_result(self, turn: Turn, result: JobResult) -> None:
        """Keep what came of the turn, book what it took, and release what else was reserved; only showing is left."""
        values = {"text": result.text, "result": rows.stored_result(result), "model": result.model}
        figures = {"first_words": result.first_words, "took": result.took, **asdict(result.usage)}

        async def unit(execute: Execute) -> bool:
            held = await execute(ANSWERED, id=turn.id, me=self.db.me, **values, **figures)
            worker = result.answered_by or result.model
            if held and worker and result.booked:
                await book(execute, turn, lane=0, model=worker, usage=result.usage)
            if held:
                await execute(RELEASE, turn=turn.id)
            return bool(held)

        if not await self.db.write(unit):
            raise LeaseLost

    async def finish(self, turn: Turn, error: str | None = None) -> None:
        """Take the turn off the queue, and let the next of its conversation come forward.

        When the answer of the database is lost, this is run again, and raises LeaseLost: the turn is not ours any more,
        and nothing is left to be done for it, whoever finished it.
        """
        line: int | None = turn.conversation.id
        while line is not None and (somebody_waits := await self._finished_in(line, turn, error)) is None:
            line = await self._line_of(turn)  # it has gone to another conversation meanwhile
        if line is None:
            raise LeaseLost
        if somebody_waits:
            self.db.wake()

    def wake(self) -> None:
        """End this process's `wait`."""
        self.db.wake()

    async def count_waiting(self) -> int:
        """Return the number of turns on the queue, including those in work."""
        return int((await self.db.read("SELECT COUNT(*) AS n FROM turns WHERE finished IS NULL"))[0]["n"])

    async def release_put_aside(self, turn: int) -> bool:
        """Put the turn back into the line of its channel, with a clean slate; False if it was not put aside."""

        async def unit(execute: Execute) -> bool:
            known = await execute("SELECT channel FROM turns WHERE id = :turn AND error = 'put_aside'", turn=turn)
            for row in known:
                line = await meet(self.db, execute, Channel.parse(row["channel"]))
                await self.db.lock_line(execute, line)
                if await execute(RELEASE_TURN, turn=turn, line=line, now=time.time()):
                    await come_forward(self.db, execute, line)
                    return True
            return False

        released = await self.db.write(unit)
        self.db.wake()
        return released

    async def _finished_in(self, line: int, turn: Turn, error: str | None) -> bool | None:
        """Finish the turn if it stands in this line and we hold it; None if not. Tell whether any other one waits.

        Of another conversation, too: the number of turns of one author that are in flight may hold it back.
        """

        async def unit(execute: Execute) -> bool | None:
            await self.db.lock_line(execute, line)
            held = await execute(FINISHED, id=turn.id, line=line, me=self.db.me, now=time.time(), error=error)
            if not held:
                return None
            await come_forward(self.db, execute, line)
            return bool(await execute(SOMEBODY_WAITS))

        return await self.db.write(unit)

    async def _line_of(self, turn: Turn) -> int | None:
        """Return the queue position of a turn that this process holds."""
        sql = "SELECT conversation FROM turns WHERE id = :id AND holder = :me AND finished IS NULL"
        held = await self.db.read(sql, id=turn.id, me=self.db.me)
        return int(held[0]["conversation"]) if held else None

    async def _take_back_expired(self) -> None:
        """Take back what others held for longer than their leases. Asks the database only when there may be something.

        A holder that told of itself a moment ago lives: it could not renew its leases, and nothing is to be blamed.
        """
        now = time.time()
        if now < self._next_expiry:
            return
        for row in await self.db.read(f"{recovery.HOLDERS} AND due <= :now", me=self.db.me, now=now):
            await recovery.take_over(self.db, row["holder"])
        [row] = await self.db.read(recovery.NEXT_EXPIRY, me=self.db.me)
        self._next_expiry = now + LEASE if row["due"] is None else min(row["due"], now + LEASE)

    async def _whole(self, row: Row) -> Row:
        """The row of a turn; its conversation is looked up again if it began while the turn was being claimed."""
        if row["model"] is not None:
            return row
        return (await self.db.read(f"{rows.TURN} WHERE turns.id = :id", id=row["id"]))[0]


def _said_on(platforms: Collection[str] | None) -> str:
    """The condition that a turn was said on one of these platforms, whose names are ours."""
    if platforms is None:
        return ""
    said = [f"channel LIKE '{name}:%'" for name in platforms]
    return f"AND ({' OR '.join(said) or 'FALSE'})"
