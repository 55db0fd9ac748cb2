"""The memory in portable SQL. What SQLite and PostgreSQL do differently stands in their own files."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from importlib.resources import files
from itertools import islice
from typing import Any, Protocol, Self, TypeVar
from uuid import uuid4

from bot.errors import LeaseLost
from bot.messages import (
    About,
    Answer,
    Attachment,
    Author,
    Channel,
    ChannelSettings,
    Conversation,
    Exchange,
    Message,
    Preferences,
    Turn,
)
from bot.store.recent import Recent

MOST_WAITS = 3  # times that an album waits for one more part
LEASE = 30.0  # seconds without renewal after which a process counts as dead
SETTINGS_SECONDS = 15.0  # until what another process chose for a channel is known
SETTINGS_KEPT = 10_000  # channels, those that were asked about last
MARKS_AT_ONCE = 200  # rows of one statement

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

# The turn of a message, or of the album it is a part of, while nobody has taken it up.
AMENDABLE = """
SELECT id, conversation, leads FROM turns
WHERE finished IS NULL AND claims = 0 AND id IN (
    SELECT id FROM turns WHERE channel = :channel AND message_id = :id
    UNION ALL SELECT turn FROM parts WHERE channel = :channel AND message_id = :id) {lock}
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

# Ids that are numbers in decimal: the longer one is the newer one.
HEARD = """
INSERT INTO heard (channel, message_id) VALUES {rows}
ON CONFLICT (channel) DO UPDATE SET message_id = excluded.message_id
WHERE (LENGTH(heard.message_id), heard.message_id) < (LENGTH(excluded.message_id), excluded.message_id)
"""


class SqlStore(ABC):
    """Everything the store remembers, in statements both databases understand."""

    lock = ""  # the clause that lets processes claim side by side
    identity = ""  # how a table numbers its rows

    def __init__(self, first_model: str) -> None:
        self.first_model = first_model
        self.me = uuid4().hex  # a process that starts again is somebody else
        self._awake = asyncio.Event()
        self._settings: Recent[Channel, ChannelSettings] = Recent(SETTINGS_KEPT, SETTINGS_SECONDS)

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

    async def withdraw(self, channel: Channel, id: str) -> None:
        """The message was deleted: forget its turn, if nobody has taken it up yet; an album goes on without it."""
        message = {"channel": str(channel), "id": id}

        async def unit(execute: Execute) -> None:
            await self._lock_line_of(execute, **message)
            for turn in await execute(AMENDABLE.format(lock=self.lock), **message):
                part = "UPDATE parts SET withdrawn = TRUE WHERE channel = :channel AND message_id = :id"
                await execute(part, **message)
                if not await self._gather(execute, turn["id"]):
                    await self._drop(execute, turn)

        if await self.read(AMENDABLE.format(lock=""), **message):  # most of what is deleted was not said to the bot
            await self.write(unit)
            self.wake()

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
        self.wake()  # whoever sleeps until something is due has to look again

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

    # channels

    async def channel_settings(self, channel: Channel) -> ChannelSettings:
        """What was chosen for the channel; what another process chose is known within seconds."""

        async def load() -> ChannelSettings:
            rows = await self.read(
                "SELECT settings FROM channel_settings WHERE channel = :channel", channel=str(channel)
            )
            return _settings(rows[0]["settings"]) if rows else ChannelSettings()

        return await self._settings.get(channel, load)

    async def set_channel(self, channel: Channel, settings: ChannelSettings) -> None:
        """Keep what was chosen for the channel."""
        await self._run(
            "INSERT INTO channel_settings (channel, settings) VALUES (:channel, :settings)"
            " ON CONFLICT (channel) DO UPDATE SET settings = excluded.settings",
            channel=str(channel),
            settings=json.dumps(asdict(settings)),
        )
        self._settings.forget(channel)

    async def heard(self, marks: Mapping[Channel, str]) -> None:
        """Keep the id of the last message that was heard in each of these channels; an older one changes nothing."""
        # All processes in the same order, so that no two wait for each other's rows.
        ordered = sorted((str(channel), id) for channel, id in marks.items())

        async def unit(execute: Execute) -> None:
            waiting = iter(ordered)
            while some := list(islice(waiting, MARKS_AT_ONCE)):
                rows = ", ".join(f"(:channel{n}, :id{n})" for n in range(len(some)))
                channels = {f"channel{n}": channel for n, (channel, _) in enumerate(some)}
                ids = {f"id{n}": id for n, (_, id) in enumerate(some)}
                await execute(HEARD.format(rows=rows), **channels, **ids)

        if ordered:
            await self.write(unit)

    async def last_heard(self, platform: str) -> Mapping[Channel, str]:
        """The last message that was heard in each channel of the platform."""
        prefix = f"{platform}:"
        rows = await self.read(
            "SELECT channel, message_id FROM heard WHERE SUBSTR(channel, 1, :length) = :prefix",
            length=len(prefix),
            prefix=prefix,
        )
        return {Channel.parse(row["channel"]): row["message_id"] for row in rows}

    # conversations

    async def moved(self, old: Channel, new: Channel) -> None:
        """The same people have another address now."""

        async def unit(execute: Execute) -> None:
            values = {"old": str(old), "new": str(new)}
            for table in ("channel_settings", "heard"):  # what there is at the new address counts
                await execute(
                    f"UPDATE {table} SET channel = :new WHERE channel = :old"  # noqa: S608 (ours)
                    f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE channel = :new)",
                    **values,
                )
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
        self._settings.forget(old, new)

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

    async def _gather(self, execute: Execute, turn: int) -> bool:
        """Make one message of the parts of an album; False if it has none, or none any more."""
        rows = await execute("SELECT message FROM parts WHERE turn = :turn AND NOT withdrawn", turn=turn)
        if rows:
            whole = Message.of_album([_message(row["message"]) for row in rows])
            await self._rewrite(execute, turn, _stored(whole))
        return bool(rows)

    async def _rewrite(self, execute: Execute, turn: int, text: str) -> None:
        await execute("UPDATE turns SET message = :text WHERE id = :id", id=turn, text=text)

    async def _lock_line_of(self, execute: Execute, **message: object) -> None:
        """Lock the line a message waits in, and look again: it may have gone to a fresh conversation meanwhile."""
        locked = None
        while (line := await execute(AMENDABLE.format(lock=""), **message)) and line[0]["conversation"] != locked:
            locked = line[0]["conversation"]
            await self.lock_line(execute, locked)

    async def _drop(self, execute: Execute, turn: Row) -> None:
        """Take a turn that nobody has taken up out of its line, which is locked."""
        await execute(
            "UPDATE turns SET finished = :now, error = :error WHERE id = :id",
            id=turn["id"],
            now=time.time(),
            error="withdrawn",
        )
        # Behind another one there is nothing to do; and whoever finishes that one may be waiting for our lock.
        if turn["leads"] and await self._come_forward(execute, turn["conversation"]):
            await self.announce(execute)

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


def _settings(text: str) -> ChannelSettings:
    """Read what an older or a newer version of the bot may have written."""
    values = json.loads(text)
    known = {field.name for field in fields(ChannelSettings)}
    return ChannelSettings(**{name: value for name, value in values.items() if name in known})


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
