"""The journal of the page: every message, post and file, in one SQLite file."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar

from adapters.platforms.web.entries import Entry, SubmittedMessage, UnknownPost, UnknownUpload, Upload
from bot.messages import Button
from bot.operations.file_rights import close_to_others
from bot.replies.reply import CURSOR

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (  -- messages and posts, in the order in which they are read
    id       INTEGER PRIMARY KEY,
    channel  TEXT NOT NULL,
    ours     INTEGER NOT NULL,  -- 0: a message, 1: a post
    text     TEXT NOT NULL,
    reply_to TEXT,
    time     REAL NOT NULL,
    key      TEXT,              -- the same again is the same entry
    received INTEGER NOT NULL DEFAULT 0,  -- the bot has the message
    UNIQUE (channel, ours, key)
);
CREATE INDEX IF NOT EXISTS entries_by_channel ON entries (channel, id);
CREATE INDEX IF NOT EXISTS entries_to_receive ON entries (id) WHERE received = 0 AND ours = 0;
CREATE TABLE IF NOT EXISTS uploads (
    id      TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    name    TEXT NOT NULL,
    mime    TEXT NOT NULL,  -- as the browser claims
    picture TEXT NOT NULL,  -- what the bytes are, where a browser can show or play them; or empty
    size    INTEGER NOT NULL,
    time    REAL NOT NULL,
    data    BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS photos (  -- which uploads came with which message or post
    entry  INTEGER NOT NULL REFERENCES entries (id),
    place  INTEGER NOT NULL,
    upload TEXT NOT NULL REFERENCES uploads (id),
    PRIMARY KEY (entry, place)
);
CREATE INDEX IF NOT EXISTS photos_by_upload ON photos (upload);
CREATE INDEX IF NOT EXISTS entries_by_side ON entries (channel, ours, id);
CREATE TABLE IF NOT EXISTS conversations (  -- what people did with the list of conversations
    channel TEXT PRIMARY KEY,
    title   TEXT NOT NULL DEFAULT '',  -- empty: the first question
    hidden  INTEGER NOT NULL DEFAULT 0  -- 1: deleted, until something is said there again
);
"""

# Columns that older journals lack.
ADDED = {
    "entries": {
        "buttons": "TEXT NOT NULL DEFAULT '[]'",  # JSON: [label, command] of each, below a post
        "about": "TEXT",  # the post whose button said the message
        "label": "TEXT NOT NULL DEFAULT ''",  # what stood on that button
        "language": "TEXT NOT NULL DEFAULT ''",  # of the browser that sent the message
        "revised": "INTEGER NOT NULL DEFAULT 0",  # how often a message was edited after the bot had it
        "spoiler": "INTEGER NOT NULL DEFAULT 0",  # 1: a post that is shown only to those who choose to see it
    },
    "uploads": {
        "about": "TEXT NOT NULL DEFAULT ''",  # what a file of ours shows, for those who cannot see it
        "spoiler": "INTEGER NOT NULL DEFAULT 0",
        "preview": "INTEGER NOT NULL DEFAULT 0",  # 1: there may be a picture of it that every browser can show
    },
}

DAY = 24 * 3600.0
MAX_ID = 2**63 - 1
ENTRY = "id, channel, ours, text, reply_to, time, buttons, about, label, language, spoiler, revised"
# Ids go on rising when the file was lost: a reused id would look to the bot like a message that it already has.
INSERT = """
INSERT INTO entries (id, channel, ours, text, reply_to, key, time, buttons, about, label, language, spoiler)
SELECT max(coalesce(max(id), 0) + 1, CAST(:time * 1000 AS INTEGER)), :channel, :ours, :text, :reply_to, :key, :time,
       :buttons, :about, :label, :language, :spoiler
FROM entries WHERE true
ON CONFLICT (channel, ours, key) DO NOTHING RETURNING id
"""
WHOLE_SINCE = """
SELECT 1 FROM entries WHERE channel = :channel AND ours = 1 AND id > :entry AND text NOT LIKE :growing LIMIT 1
"""
REVISE = """
UPDATE entries SET text = ?, revised = revised + received, received = 0 WHERE id = ? AND channel = ? AND NOT ours
"""
RECEIVED = """
UPDATE entries SET received = text = ? AND revised = ?,
revised = CASE WHEN text = ? AND revised = ? THEN revised ELSE max(revised, 1) END WHERE id = ?
"""
UPLOAD = """
INSERT INTO uploads (id, channel, name, mime, picture, size, about, spoiler, preview, time, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


UPLOAD_FIELDS = ("id", "name", "mime", "kind", "size", "about", "is_spoiler", "has_preview")  # as `_uploads` has them


class Journal:
    """The journal, open while entered. Each call is one transaction in its own thread, complete even when cancelled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, "web-journal")

    async def __aenter__(self) -> Self:
        try:
            await self._run(self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._run(lambda: self._database.close())
        self._thread.shutdown()

    async def add_upload(self, upload: Upload, channel: str, data: bytes) -> None:
        """Store a file durably."""
        await self.write(UPLOAD, _row(upload, channel, data), durable=True)

    async def add_message(self, channel: str, message: SubmittedMessage) -> tuple[Entry, bool]:
        """Store a message, and return whether it is new: the same key again is the same message."""

        def add() -> tuple[Entry, bool]:
            with self._transaction(durable=True):
                label = self._label(channel, message.about, message.text) if message.about else ""
                fields = {"about": message.about, "label": label, "language": message.language}
                id, is_new = self._insert(channel, message.text, ours=False, key=message.key, **fields)
                if is_new:
                    self._attach(id, channel, message.uploads)
                    self._database.execute("UPDATE conversations SET hidden = 0 WHERE channel = ?", (channel,))
                return self._entries("WHERE id = ?", (id,))[0], is_new

        return await self._run(add)

    async def add_post(
        self,
        channel: str,
        text: str,
        reply_to: str | None,
        key: str | None,
        buttons: Sequence[Button] = (),
        files: Sequence[tuple[Upload, bytes]] = (),
        *,
        is_spoiler: bool = False,
    ) -> Entry:
        """Store a post of ours: the same key again is the same post, with its files and the new text."""

        def add() -> Entry:
            with self._transaction(durable=True):
                fields = {"reply_to": reply_to, "buttons": _json(buttons), "spoiler": is_spoiler}
                id, is_new = self._insert(channel, text, ours=True, key=key, **fields)
                if is_new:
                    self._database.executemany(UPLOAD, [_row(upload, channel, data) for upload, data in files])
                    self._attach(id, channel, [upload.id for upload, _ in files])
                else:
                    row = (text, _json(buttons), is_spoiler, id)
                    self._database.execute("UPDATE entries SET text = ?, buttons = ?, spoiler = ? WHERE id = ?", row)
                return self._entries("WHERE id = ?", (id,))[0]

        return await self._run(add)

    async def edit_post(
        self, channel: str, post: str, text: str, buttons: Sequence[Button] = (), *, is_spoiler: bool = False
    ) -> Entry:
        """Replace the text and buttons of a post; where the file was lost, the post is added again."""

        def edit() -> Entry:
            with self._transaction(durable=False):
                self._database.execute(
                    "INSERT INTO entries (id, channel, ours, text, time, buttons, spoiler) "
                    "VALUES (?, ?, 1, ?, ?, ?, ?) "
                    "ON CONFLICT (id) DO UPDATE SET text = excluded.text, buttons = excluded.buttons, "
                    "spoiler = excluded.spoiler WHERE ours AND channel = excluded.channel",
                    (int(post), channel, text, time.time(), _json(buttons), is_spoiler),
                )
                return self._entries("WHERE id = ?", (int(post),))[0]

        return await self._run(edit)

    async def list_unreceived(self) -> list[Entry]:
        """List the messages that the bot does not have yet, oldest first."""
        return await self._run(lambda: self._entries("WHERE received = 0 AND ours = 0 ORDER BY id LIMIT 100"))

    async def mark_received(self, message: Entry) -> None:
        """Record that the bot has the message. What was edited meanwhile is an edit that it still has to get."""
        await self.write(RECEIVED, (message.text, message.revised, message.text, message.revised, int(message.id)))

    async def revise_message(self, channel: str, message: str, text: str) -> Entry | None:
        """Change the words of a message, which the bot then gets again; None where there is no such message."""

        def revise() -> Entry | None:
            with self._transaction(durable=True):
                self._database.execute(REVISE, (text, int(message), channel))
                return next(iter(self._entries("WHERE id = ? AND channel = ? AND NOT ours", (message, channel))), None)

        return await self._run(revise)

    async def list_last_entries(self, channel: str, limit: int, before: int = MAX_ID) -> list[Entry]:
        """List the newest entries of a channel with ids below `before`, oldest first."""
        where, values = "WHERE channel = ? AND id < ? ORDER BY id DESC LIMIT ?", (channel, before, limit)
        newest = await self._run(lambda: self._entries(where, values))
        return newest[::-1]

    async def has_answer_since(self, channel: str, entry: int) -> bool:
        """Tell whether a post of ours that no longer grows is newer than an entry."""
        return bool(await self.read(WHOLE_SINCE, {"channel": channel, "entry": entry, "growing": f"%{CURSOR}"}))

    async def read(self, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Return the rows of a query. In SQL, `has_words(text, words)` finds casefolded words."""
        return await self._run(lambda: self._database.execute(sql, values).fetchall())

    async def write(self, sql: str, row: Sequence[object], *, durable: bool = False) -> None:
        """Change something in a transaction of its own."""

        def write() -> None:
            with self._transaction(durable=durable):
                self._database.execute(sql, row)

        await self._run(write)

    async def get_upload(self, id: str) -> Upload | None:
        """Return the description of a file."""
        return await self._run(lambda: next(iter(self._uploads("WHERE id = ?", (id,))), None))

    async def get_data(self, id: str) -> bytes | None:
        """Return the bytes of a file."""

        def read() -> bytes | None:
            row = self._database.execute("SELECT data FROM uploads WHERE id = ?", (id,)).fetchone()
            return bytes(row[0]) if row else None

        return await self._run(read)

    async def forget(self, channel: str) -> None:
        """Delete the entries and files of a channel, but for messages that the bot does not have yet."""

        def delete() -> None:
            entries = "SELECT id FROM entries WHERE channel = ? AND (ours OR received)"
            with self._transaction(durable=True):
                self._database.execute(f"DELETE FROM photos WHERE entry IN ({entries})", (channel,))  # noqa: S608 (ours)
                self._database.execute("DELETE FROM entries WHERE channel = ? AND (ours OR received)", (channel,))
                self._database.execute("DELETE FROM conversations WHERE channel = ?", (channel,))
                unused = "channel = ? AND NOT EXISTS (SELECT 1 FROM photos WHERE upload = uploads.id)"
                self._database.execute(f"DELETE FROM uploads WHERE {unused}", (channel,))  # noqa: S608 (ours)

        await self._run(delete)

    async def expire(self, before: float, photos_before: float) -> None:
        """Delete entries from before then, and files from before that other moment.

        What the bot has not received yet stays whole, or it would be asked about photos that it cannot see.
        """

        def delete() -> None:
            old = "SELECT id FROM entries WHERE time < ? AND (ours OR received)"
            waiting = "SELECT upload FROM photos JOIN entries ON id = entry WHERE NOT (ours OR received)"
            files = f"SELECT id FROM uploads WHERE time < ? AND id NOT IN ({waiting})"  # noqa: S608 (ours)
            with self._transaction(durable=False):
                self._database.execute(f"DELETE FROM photos WHERE entry IN ({old})", (before,))  # noqa: S608 (ours)
                self._database.execute(f"DELETE FROM entries WHERE id IN ({old})", (before,))  # noqa: S608 (ours)
                self._database.execute(f"DELETE FROM photos WHERE upload IN ({files})", (photos_before,))  # noqa: S608
                self._database.execute(f"DELETE FROM uploads WHERE id IN ({files})", (photos_before,))  # noqa: S608
                self._database.execute("DELETE FROM conversations WHERE channel NOT IN (SELECT channel FROM entries)")

        await self._run(delete)

    # in the thread

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=0o600)  # photos of people; SQLite's files beside it take over the mode
        close_to_others(self.path)
        self._database = sqlite3.connect(self.path, isolation_level=None)
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA secure_delete = ON")
            self._database.execute("PRAGMA busy_timeout = 5000")
            self._database.execute("PRAGMA foreign_keys = ON")
            self._database.create_function("has_words", 2, lambda text, words: words in text.casefold())
            self._database.executescript(SCHEMA)
            self._add_columns()
            self._forget_unsent_uploads()
        except BaseException:
            self._database.close()
            raise

    def _add_columns(self) -> None:
        for table, columns in ADDED.items():
            existing = {row[1] for row in self._database.execute(f"PRAGMA table_info({table})")}
            for name in columns.keys() - existing:
                self._database.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")

    def _forget_unsent_uploads(self) -> None:
        self._database.execute(
            "DELETE FROM uploads WHERE time < ? AND id NOT IN (SELECT upload FROM photos)", (time.time() - DAY,)
        )

    def _transaction(self, *, durable: bool) -> sqlite3.Connection:
        """Begin a transaction; leaving the connection ends it. Only a durable one waits for the disk."""
        self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._database.execute("BEGIN IMMEDIATE")
        return self._database

    def _insert(self, channel: str, text: str, *, ours: bool, key: str | None, **fields: Any) -> tuple[int, bool]:
        defaults = {"reply_to": None, "buttons": "[]", "about": None, "label": "", "language": "", "spoiler": False}
        row = {"channel": channel, "ours": ours, "text": text, "key": key, "time": time.time(), **defaults, **fields}
        new_row = self._database.execute(INSERT, row).fetchone()
        if new_row:
            return new_row[0], True
        select_id = "SELECT id FROM entries WHERE channel = :channel AND ours = :ours AND key = :key"
        return self._database.execute(select_id, row).fetchone()[0], False

    def _label(self, channel: str, post: str, command: str) -> str:
        """Return the label of the post's button for the command; empty where the button has gone."""
        row = self._database.execute(
            "SELECT buttons FROM entries WHERE id = ? AND channel = ? AND ours", (int(post), channel)
        ).fetchone()
        if row is None:
            raise UnknownPost(post)
        return next((button.label for button in _buttons(row[0]) if button.command == command), "")

    def _attach(self, id: int, channel: str, uploads: Sequence[str]) -> None:
        for place, upload in enumerate(uploads):
            cursor = self._database.execute(
                "INSERT INTO photos SELECT ?, ?, id FROM uploads WHERE id = ? AND channel = ?",
                (id, place, upload, channel),
            )
            if not cursor.rowcount:
                raise UnknownUpload(upload)

    def _entries(self, where: str, values: Sequence[object] = ()) -> list[Entry]:
        rows = self._database.execute(f"SELECT {ENTRY} FROM entries {where}", values).fetchall()  # noqa: S608
        return [_entry(row, self._photos(row[0])) for row in rows]

    def _photos(self, entry: int) -> tuple[Upload, ...]:
        return self._uploads("JOIN photos ON upload = id WHERE entry = ? ORDER BY place", (entry,))

    def _uploads(self, where: str, values: Sequence[object]) -> tuple[Upload, ...]:
        columns = "id, name, mime, picture, size, about, uploads.spoiler <> 0, preview <> 0"
        sql = f"SELECT {columns} FROM uploads {where}"  # noqa: S608
        with closing(self._database.execute(sql, values)) as rows:
            return tuple(Upload(**dict(zip(UPLOAD_FIELDS, row, strict=True))) for row in rows)


def _row(upload: Upload, channel: str, data: bytes) -> tuple[object, ...]:
    fields = upload.name, upload.mime, upload.kind, upload.size, upload.about, upload.is_spoiler, upload.has_preview
    return upload.id, channel, *fields, time.time(), data


def _entry(row: Sequence[Any], photos: tuple[Upload, ...]) -> Entry:
    id, channel, ours, text, reply_to, sent, buttons, about, label, language, is_spoiler, revised = row
    entry_buttons = _buttons(buttons)
    return Entry(
        id=str(id),
        channel=channel,
        ours=bool(ours),
        text=text,
        reply_to=reply_to,
        time=sent,
        buttons=entry_buttons,
        about=about,
        label=label,
        language=language,
        is_spoiler=bool(is_spoiler),
        revised=revised,
        photos=photos,
    )


def _json(buttons: Sequence[Button]) -> str:
    return json.dumps([[button.label, button.command] for button in buttons], ensure_ascii=False)


def _buttons(text: str) -> tuple[Button, ...]:
    return tuple(Button(label, command) for label, command in json.loads(text))
