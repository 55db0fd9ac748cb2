"""The memory in portable SQL. What SQLite and PostgreSQL do differently stands in their own files."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any, Protocol, Self, TypeVar
from uuid import uuid4

from bot.errors import LeaseLost
from bot.messages import About, Answer, Attachment, Author, Channel, Conversation, Exchange, Message, Preferences, Turn

MOST_WAITS = 3  # times that an album waits for one more part
LEASE = 30.0  # seconds without renewal after which a process counts as dead

Row = dict[str, Any]
Result = TypeVar("Result")


class Execute(Protocol):
    """Runs one statement with `:named` values inside the transaction at hand, and returns its rows."""

    async def __call__(self, sql: str, /, **values: object) -> list[Row]: ...


Unit = Callable[[Execute], Awaitable[Result]]
"""Statements that happen together or not at all. May be run again from the start, so it keeps no state of its own."""

CLAIM = """
WITH ripe AS MATERIALIZED (
    SELECT id FROM turns WHERE leads AND finished IS NULL AND due <= :now ORDER BY due, id LIMIT :most {lock}
)
UPDATE turns SET holder = :me, due = :until, claims = claims + 1 WHERE id IN (SELECT id FROM ripe)
RETURNING id, message, answer, claims, tries, conversation,
    (SELECT model FROM conversations WHERE conversations.id = turns.conversation) AS model,
    (SELECT remote_id FROM conversations WHERE conversations.id = turns.conversation) AS remote_id,
    (SELECT preferences FROM conversations WHERE conversations.id = turns.conversation) AS preferences
"""

ADD = """
INSERT INTO turns (conversation, channel, message_id, message, album, added, due, leads)
VALUES (:conversation, :channel, :id, :message, :album, :now, :due,
        NOT EXISTS (SELECT 1 FROM turns WHERE conversation = :conversation AND finished IS NULL))
ON CONFLICT (channel, message_id) DO NOTHING RETURNING id
"""

# Locked, so that nobody takes the turn up while a part joins it.
ALBUM = """
SELECT id, message, added FROM turns
WHERE channel = :channel AND album = :album AND finished IS NULL AND claims = 0 ORDER BY id LIMIT 1 {lock}
"""

AMENDABLE = """
SELECT id, message FROM turns
WHERE finished IS NULL AND claims = 0 AND (
    (channel = :channel AND message_id = :id)
    OR id IN (SELECT turn FROM parts WHERE parts.channel = :channel AND parts.message_id = :id)) {lock}
"""

ANSWERED = """
UPDATE turns SET answer = :text, model = :model, credits = :credits, input_tokens = :input_tokens,
    output_tokens = :output_tokens, first_words = :first_words, took = :took
WHERE id = :id AND holder = :me RETURNING id
"""

HISTORY = """
SELECT message, answer FROM turns
WHERE conversation = :conversation AND id < :id AND answer IS NOT NULL AND error IS NULL AND model IS NOT NULL
ORDER BY id DESC LIMIT :limit
"""


class SqlStore(ABC):
    """Everything the store remembers, in statements both databases understand."""

    lock = ""  # the clause that lets processes claim side by side
    identity = ""  # how a table numbers its rows

    def __init__(self, first_model: str) -> None:
        self.first_model = first_model
        self.me = uuid4().hex  # a process that starts again is somebody else
        self._awake = asyncio.Event()

    @abstractmethod
    async def read(self, sql: str, **values: object) -> list[Row]:
        """Run a query on what has been committed."""

    @abstractmethod
    async def write(self, unit: Unit[Result], *, single: bool = False) -> Result:
        """Run the unit in a transaction; it is durable once this returns, even if the caller is cancelled meanwhile.

        `single` says that it is one statement, which needs no transaction around it.
        """

    async def lock_line(self, execute: Execute, conversation: int) -> None:  # noqa: B027  (one writer needs no lock)
        """Keep others from adding to the conversation's line until the transaction ends.

        Whoever adds to a line writes the conversation's row first; whoever lets the next one come forward takes this
        lock before. Without it, two processes could miss each other and leave a line that nobody leads.
        """

    async def announce(self, execute: Execute) -> None:  # noqa: B027  (one process has nobody to tell)
        """Tell other processes, on commit, that there is something to claim."""

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(self, *exc: object) -> None: ...

    async def _run(self, sql: str, **values: object) -> list[Row]:
        return await self.write(lambda execute: execute(sql, **values), single=True)

    async def _run_held(self, sql: str, **values: object) -> None:
        """Run a statement of a turn we hold. LeaseLost when it touched nothing: somebody else holds it now."""
        if not await self._run(sql, me=self.me, **values):
            raise LeaseLost

    # the queue

    async def add(self, message: Message, ripens: float = 0) -> bool:
        """Keep the message as a new turn, to be taken up in `ripens` seconds; False if it was kept before."""

        async def unit(execute: Execute) -> bool:
            conversation = await self._conversation_of(execute, message.channel)
            add = self._add_part if message.album else self._add_turn
            added = await add(execute, conversation, message, ripens)
            await self.announce(execute)
            return bool(added)

        added = await self.write(unit)
        self.wake()
        return added

    async def amend(self, message: Message) -> None:
        """The message was edited: keep its new words, if nobody has taken the turn up yet."""

        async def unit(execute: Execute) -> None:
            values = {"channel": str(message.channel), "id": message.id}
            for turn in await execute(AMENDABLE.format(lock=self.lock), **values):
                text = _stored(replace(message, edited=False))
                part = "UPDATE parts SET message = :text WHERE channel = :channel AND message_id = :id RETURNING turn"
                if await execute(part, text=text, **values):
                    await self._gather(execute, turn["id"])
                else:
                    await self._rewrite(execute, turn["id"], text)

        await self.write(unit)

    async def claim(self, most: int) -> Sequence[Turn]:
        """Lease the oldest ripe turns: always the first in the line of its conversation."""
        now = time.time()
        rows = await self._run(CLAIM.format(lock=self.lock), now=now, until=now + LEASE, me=self.me, most=most)
        return sorted(map(_turn, rows), key=lambda turn: turn.id)

    async def renew_leases(self) -> None:
        """Push back the end of every lease this process holds."""
        await self._run(
            "UPDATE turns SET due = :until WHERE holder = :me AND finished IS NULL",
            until=time.time() + LEASE,
            me=self.me,
        )

    async def release_leases(self) -> None:
        """Give back every turn this process holds."""

        async def unit(execute: Execute) -> None:
            await execute(
                "UPDATE turns SET holder = NULL, due = :now WHERE holder = :me AND finished IS NULL",
                now=time.time(),
                me=self.me,
            )
            await self.announce(execute)

        await self.write(unit)

    async def wait(self, seconds: float) -> None:
        """Sleep until there may be something to claim, `seconds` at most."""
        ripe = (await self.read("SELECT MIN(due) AS due FROM turns WHERE leads AND finished IS NULL"))[0]["due"]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds if ripe is None else min(seconds, max(0.0, ripe - time.time()))):
                await self._awake.wait()
        self._awake.clear()

    def wake(self) -> None:
        """End this process's `wait`."""
        self._awake.set()

    async def postponed(self, turn: Turn, seconds: float) -> None:
        """Put the turn back for that long; its conversation waits behind it."""
        await self._run_held(
            "UPDATE turns SET holder = NULL, due = :due, tries = tries + 1"
            " WHERE id = :id AND holder = :me RETURNING id",
            id=turn.id,
            due=time.time() + seconds,
        )

    async def answered(self, turn: Turn, answer: Answer) -> None:
        """Keep the whole answer; only delivery is left."""
        figures = {"first_words": answer.first_words, "took": answer.took, **asdict(answer.usage)}
        await self._run_held(ANSWERED, id=turn.id, text=answer.text, model=answer.model, **figures)

    async def finished(self, turn: Turn, error: str | None = None) -> None:
        """Take the turn off the queue, and let the next of its conversation come forward."""

        async def unit(execute: Execute) -> bool:
            held = await execute(
                "UPDATE turns SET finished = :now, error = :error, holder = NULL"
                " WHERE id = :id AND holder = :me AND finished IS NULL RETURNING conversation",
                id=turn.id,
                me=self.me,
                now=time.time(),
                error=error,
            )
            if not held:
                return False
            conversation = held[0]["conversation"]
            await self.lock_line(execute, conversation)
            if await self._come_forward(execute, conversation):
                await self.announce(execute)
            return True

        if not await self.write(unit):
            raise LeaseLost
        self.wake()

    # posts

    async def posts(self, turn: Turn, channel: Channel) -> list[str]:
        """The ids of what was posted for this turn, first post first."""
        rows = await self.read(
            "SELECT post FROM posts WHERE turn = :turn AND channel = :channel ORDER BY n",
            turn=turn.id,
            channel=str(channel),
        )
        return [row["post"] for row in rows]

    async def posted(self, turn: Turn, channel: Channel, n: int, post: str) -> None:
        """Keep the id of the n-th post (from 0)."""
        await self._run(
            "INSERT INTO posts (turn, channel, n, post) VALUES (:turn, :channel, :n, :post)"
            " ON CONFLICT (turn, channel, n) DO UPDATE SET post = excluded.post",
            turn=turn.id,
            channel=str(channel),
            n=n,
            post=post,
        )

    async def photos_behind(self, channel: Channel, post: str) -> Sequence[Attachment]:
        """The photos of the turn that a post of ours answers."""
        rows = await self.read(
            "SELECT message FROM posts JOIN turns ON turns.id = posts.turn"
            " WHERE posts.channel = :channel AND post = :post",
            channel=str(channel),
            post=post,
        )
        said = [_message(row["message"]) for row in rows]
        return said[0].photos if said else ()

    # conversations

    async def moved(self, old: Channel, new: Channel) -> None:
        """The same people have another address now."""

        async def unit(execute: Execute) -> None:
            values = {"old": str(old), "new": str(new)}
            if await execute("SELECT 1 FROM channels WHERE channel = :new", **values):
                return  # they have talked there already
            for table in ("channels", "parts", "posts"):
                await execute(f"UPDATE {table} SET channel = :new WHERE channel = :old", **values)  # noqa: S608 (ours)
            for row in await execute(
                "SELECT id, message FROM turns WHERE channel = :old AND finished IS NULL", **values
            ):
                await self._rewrite(execute, row["id"], _stored(replace(_message(row["message"]), channel=new)))
            await execute("UPDATE turns SET channel = :new WHERE channel = :old", **values)

        await self.write(unit)

    async def history(self, turn: Turn, limit: int) -> Sequence[Exchange]:
        """The turns answered before this one in its conversation, oldest first, commands left out."""
        rows = await self.read(HISTORY, conversation=turn.conversation.id, id=turn.id, limit=limit)
        said = [(_message(row["message"]), row["answer"]) for row in reversed(rows)]
        return [Exchange(message.author.name, message.text, answer) for message, answer in said]

    async def began(self, conversation: Conversation, remote_id: str | None) -> None:
        """Keep the provider's id of the conversation."""
        await self._run(
            "UPDATE conversations SET remote_id = :remote_id WHERE id = :id", id=conversation.id, remote_id=remote_id
        )

    async def renewed(self, conversation: Conversation) -> Conversation:
        """Give its channels, with all that waits there, a fresh conversation with the same model and preferences."""

        async def unit(execute: Execute) -> int:
            await self.lock_line(execute, conversation.id)
            new = await self._begin(execute, conversation.model, conversation.preferences)
            values = {"new": new, "old": conversation.id}
            await execute("UPDATE channels SET conversation = :new WHERE conversation = :old", **values)
            # The turn that asked for this goes along, so that what was said after it still waits for it.
            await execute(
                "UPDATE turns SET conversation = :new WHERE conversation = :old AND finished IS NULL", **values
            )
            return new

        return Conversation(await self.write(unit), conversation.model, None, conversation.preferences)

    async def switched(self, conversation: Conversation, model: str) -> None:
        """Keep the choice of a model. Another provider means another remote conversation."""
        same = model.partition("/")[0] == conversation.provider
        await self._run(
            "UPDATE conversations SET model = :model, remote_id = :remote_id WHERE id = :id",
            id=conversation.id,
            model=model,
            remote_id=conversation.remote_id if same else None,
        )

    # assets that providers keep for us

    async def asset(self, provider: str, account: str, sha256: str) -> str | None:
        """The key under which this account of the provider holds the photo."""
        rows = await self.read(
            "SELECT asset FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )
        return rows[0]["asset"] if rows else None

    async def kept_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        """The provider holds the photo under this key."""
        await self._run(
            "INSERT INTO assets (provider, account, sha256, asset, kept)"
            " VALUES (:provider, :account, :sha256, :key, :now)"
            " ON CONFLICT (provider, account, sha256) DO UPDATE SET asset = excluded.asset, kept = excluded.kept",
            provider=provider,
            account=account,
            sha256=sha256,
            key=key,
            now=time.time(),
        )

    async def lost_asset(self, provider: str, account: str, sha256: str) -> None:
        """The provider no longer holds it."""
        await self._run(
            "DELETE FROM assets WHERE provider = :provider AND account = :account AND sha256 = :sha256",
            provider=provider,
            account=account,
            sha256=sha256,
        )

    # figures

    async def waiting(self) -> int:
        """How many turns are on the queue, those in work included."""
        return int((await self.read("SELECT COUNT(*) AS n FROM turns WHERE finished IS NULL"))[0]["n"])

    # inside transactions

    async def _add_turn(self, execute: Execute, conversation: int, message: Message, ripens: float) -> Sequence[Row]:
        now = time.time()
        return await execute(
            ADD,
            conversation=conversation,
            channel=str(message.channel),
            id=message.id,
            message=_stored(message),
            album=message.album,
            now=now,
            due=now + ripens,
        )

    async def _add_part(self, execute: Execute, conversation: int, message: Message, ripens: float) -> Sequence[Row]:
        """Join the other parts, or be the first one. A part that comes too late for them is a turn of its own."""
        part = {"channel": str(message.channel), "id": message.id, "message": _stored(message)}
        if await execute("SELECT 1 FROM parts WHERE channel = :channel AND message_id = :id", **part):
            return ()
        waiting = await execute(ALBUM.format(lock=self.lock), channel=part["channel"], album=message.album)
        turns = waiting or await self._add_turn(execute, conversation, message, ripens)
        for turn in turns:
            await execute(
                "INSERT INTO parts (channel, message_id, turn, message) VALUES (:channel, :id, :turn, :message)",
                turn=turn["id"],
                **part,
            )
        for turn in waiting:
            await self._gather(execute, turn["id"])
            due = min(time.time() + ripens, turn["added"] + MOST_WAITS * ripens)
            await execute("UPDATE turns SET due = :due WHERE id = :turn", due=due, turn=turn["id"])
        return turns

    async def _gather(self, execute: Execute, turn: int) -> None:
        """Make one message of the parts of an album."""
        rows = await execute("SELECT message FROM parts WHERE turn = :turn", turn=turn)
        whole = Message.of_album([_message(row["message"]) for row in rows])
        await self._rewrite(execute, turn, _stored(whole))

    async def _rewrite(self, execute: Execute, turn: int, text: str) -> None:
        await execute("UPDATE turns SET message = :text WHERE id = :id", id=turn, text=text)

    async def _conversation_of(self, execute: Execute, channel: Channel) -> int:
        """Find and lock the conversation of a channel; a channel we have not heard from gets one of its own."""
        known = await execute(
            "UPDATE conversations SET active = :now"
            " WHERE id = (SELECT conversation FROM channels WHERE channel = :channel) RETURNING id",
            channel=str(channel),
            now=time.time(),
        )
        if known:
            return int(known[0]["id"])
        new = await self._begin(execute, self.first_model, Preferences())
        met = await execute(
            "INSERT INTO channels (channel, conversation) VALUES (:channel, :new)"
            " ON CONFLICT (channel) DO NOTHING RETURNING conversation",
            channel=str(channel),
            new=new,
        )
        # Another process met the channel at the same moment: its conversation counts.
        return new if met else await self._conversation_of(execute, channel)

    async def _begin(self, execute: Execute, model: str, preferences: Preferences) -> int:
        rows = await execute(
            "INSERT INTO conversations (model, preferences, active) VALUES (:model, :preferences, :now) RETURNING id",
            model=model,
            preferences=json.dumps(asdict(preferences)),
            now=time.time(),
        )
        return int(rows[0]["id"])

    async def _come_forward(self, execute: Execute, conversation: int) -> bool:
        return bool(
            await execute(
                "UPDATE turns SET leads = TRUE WHERE id = ("
                "SELECT MIN(id) FROM turns WHERE conversation = :id AND finished IS NULL) RETURNING id",
                id=conversation,
            )
        )

    # migrations

    async def _migrate(self, execute: Execute) -> None:
        """Apply the numbered files that have not been applied."""
        await execute(
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied DOUBLE PRECISION NOT NULL)"
        )
        done = {row["name"] for row in await execute("SELECT name FROM migrations")}
        for name, statements in _migrations():
            if name in done:
                continue
            for statement in statements:
                await execute(statement.format(id=self.identity))
            await execute("INSERT INTO migrations (name, applied) VALUES (:name, :now)", name=name, now=time.time())


def _migrations() -> Iterator[tuple[str, list[str]]]:
    folder = files("bot.store").joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            lines = [line.partition("--")[0].rstrip() for line in file.read_text("utf-8").splitlines()]
            yield file.name, [part for part in "\n".join(lines).split(";") if part.strip()]


def _stored(message: Message) -> str:
    return json.dumps(asdict(message))


def _message(text: str) -> Message:
    values = json.loads(text)
    about = values.get("about")
    return Message(
        **values
        | {
            "channel": Channel(**values["channel"]),
            "author": Author(**values["author"]),
            "attachments": _attachments(values),
            "about": about and About(**about | {"attachments": _attachments(about)}),
        }
    )


def _attachments(values: Row) -> tuple[Attachment, ...]:
    return tuple(Attachment(**attachment) for attachment in values["attachments"])


def _turn(row: Row) -> Turn:
    preferences = Preferences(**json.loads(row["preferences"]))
    conversation = Conversation(row["conversation"], row["model"], row["remote_id"], preferences)
    return Turn(row["id"], conversation, _message(row["message"]), row["answer"], row["claims"], row["tries"])
