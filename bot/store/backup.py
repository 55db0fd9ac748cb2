"""A copy of the SQLite store while the bot goes on, and the way back.

Copied in small steps with pauses: at full speed, and so with VACUUM INTO, the disk is busy with the copy, and the bot
waits for its own flushes several times as long.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path
from stat import S_IMODE
from urllib.parse import quote

from bot.operations.file_rights import close_to_others
from bot.store.sqlite import lock_file

PAGES = 64  # of 4 KB each, in one step
PAUSE = 0.005  # seconds after each step while a bot may be running
STEPS = 16  # between two flushes: one at the end would hold up those of the bot
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file, and would apply to another one of that name
FIRST = "001_spine.sql"  # the migration that every store has


class NotDone(Exception):
    """Says why nothing was done; everything is as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The result of a backup: what was copied, and how long it took."""

    turns: int
    count_waiting: int  # of these, for an answer
    size: int  # bytes
    seconds: float
    kept: Path | None = None  # where the store is that this one took the place of


def store_file(url: str) -> Path:
    """The file of a store. NotDone where it is a server, which has tools of its own."""
    if not url.startswith("sqlite:///"):
        msg = "BOT_STORE is PostgreSQL, which brings its own tools: pg_dump and pg_restore, see docs/backup.md"
        raise NotDone(msg)
    return Path(url.removeprefix("sqlite:///"))


def backup(store: Path, file: Path, *, force: bool = False) -> Copy:
    """Copy the store as it is at this moment, whether a bot runs on it or not, into a whole and checked file.

    NotDone when the file is there already and `force` does not say that it may go, and for a store that is damaged.
    """
    begun = time.monotonic()
    _apart(store, file)
    if file.is_dir() or (file.exists() and not force):
        msg = f"{file} is a folder" if file.is_dir() else f"{file} is there already; --force writes over it"
        raise NotDone(msg)
    with closing(opened(store)) as source, _draft(file) as draft:
        turns, waiting, size = _copy(source, store, draft, PAUSE)
        for ending in BESIDE:
            _with(file, ending).unlink(missing_ok=True)
        _move(draft, file)
    return Copy(turns=turns, count_waiting=waiting, size=size, seconds=time.monotonic() - begun)


def restore(store: Path, file: Path) -> Copy:
    """Put a backup in the place of the store, which is kept beside it.

    AlreadyRunning while a bot runs on the store. NotDone when another program has it open, or the file is damaged, no
    store of ours, or one of a newer version.
    """
    begun = time.monotonic()
    _apart(store, file)
    with closing(_opened_as_it_is(file)) as source:
        store.parent.mkdir(parents=True, exist_ok=True)
        unlock = lock_file(store)
        store = store.resolve()  # beside which SQLite keeps what it keeps
        try:
            with _draft(store) as draft:
                turns, waiting, size = _copy(source, file, draft, 0)
                kept = _put_aside(store, draft)
                _move(draft, store)
                close_to_others(store)
        finally:
            unlock()
    return Copy(turns=turns, count_waiting=waiting, size=size, seconds=time.monotonic() - begun, kept=kept)


def opened(path: Path, how: str = "mode=rw") -> sqlite3.Connection:
    """A connection to a file that is there; NotDone if it is not."""
    if not path.is_file():
        msg = f"there is no file {path}"
        raise NotDone(msg)
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{how}", uri=True, isolation_level=None)


def must_be_known(database: sqlite3.Connection, path: Path) -> None:
    """NotDone unless it is a store of ours, and this version knows all that was done to its tables."""
    columns = {name for (name,) in database.execute("SELECT name FROM pragma_table_info('migrations')")}
    applied = {name for (name,) in database.execute("SELECT name FROM migrations")} if "name" in columns else set()
    newer = applied - {file.name for file in files("bot.store").joinpath("migrations").iterdir()}
    if FIRST not in applied:
        msg = f"{path} is no store of this bot"
        raise NotDone(msg)
    if newer:
        msg = f"{path} is from a newer version of the bot ({', '.join(sorted(newer))}): upgrade first"
        raise NotDone(msg)


def reason(error: sqlite3.DatabaseError, path: Path) -> str:
    """Describe what is wrong with a file."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{path} is damaged, or no SQLite file"
    return f"{path}: {error}"


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A file beside the one that it may become, for nobody else's eyes; what is not finished is deleted."""
    descriptor, name = tempfile.mkstemp(".part", f"{file.name}.", file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for ending in ("", *BESIDE):
            _with(Path(name), ending).unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, path: Path, draft: Path, pause: float) -> tuple[int, int, int]:
    """Copy all pages to the draft and look it over: turns, those that wait, and bytes. NotDone if it is no good."""
    try:
        _copy_pages(source, draft, pause)
        with closing(opened(draft)) as database:
            database.execute("PRAGMA journal_mode = DELETE")  # one file, which can be read from anywhere
            [fault] = database.execute("PRAGMA integrity_check(1)").fetchone()
            if fault != "ok":
                msg = f"{path} is damaged: {' '.join(fault.split())}"
                raise NotDone(msg)
            must_be_known(database, path)
            waiting = "SELECT COUNT(*), COUNT(*) FILTER (WHERE finished IS NULL) FROM turns"
            turns, unfinished = database.execute(waiting).fetchone()
    except sqlite3.DatabaseError as error:
        raise NotDone(reason(error, path)) from None
    _flush(draft)
    return turns, unfinished, draft.stat().st_size


def _copy_pages(source: sqlite3.Connection, draft: Path, pause: float) -> None:
    # One snapshot for all steps: else whatever the bot writes in between would begin the copy anew.
    source.execute("BEGIN")
    source.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    steps = count(1)
    # Closing a file takes SQLite's locks on it away, so this one is closed after SQLite's.
    with draft.open("rb") as file, closing(sqlite3.connect(draft, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous = OFF")

        def rest(status: int, remaining: int, total: int) -> None:
            if next(steps) % STEPS == 0:
                os.fdatasync(file.fileno())
            time.sleep(pause)

        source.backup(target, pages=PAGES, progress=rest)


def _opened_as_it_is(file: Path) -> sqlite3.Connection:
    """A backup, be it on a disk that cannot be written to. One with a WAL beside it is read together with that."""
    alone = not any(_with(file, ending).exists() for ending in ("-wal", "-journal"))
    return opened(file, "mode=ro&immutable=1" if alone else "mode=ro")


def _put_aside(store: Path, draft: Path) -> Path | None:
    """Keep the store under another name, and leave nothing that would be applied to the draft in its place."""
    while (kept := _with(store, time.strftime(".before-restore-%Y%m%d-%H%M%S"))).exists():
        time.sleep(0.1)
    was_there = store.exists()
    if was_there:
        _settle(store)
        seen = store.stat()
        draft.chmod(S_IMODE(seen.st_mode))
        if os.geteuid() == 0:  # the bot may run as somebody else
            os.chown(draft, seen.st_uid, seen.st_gid)
    for ending in ("", "-wal", "-journal"):  # a second name: there is a store at every moment
        if _with(store, ending).exists():
            os.link(_with(store, ending), _with(kept, ending))
    _flush(store.parent)
    for ending in BESIDE:
        _with(store, ending).unlink(missing_ok=True)
    return kept if was_there else None


def _settle(store: Path) -> None:
    """Bring what is in the WAL into the file. NotDone if anybody else has it open; what is damaged stays as it is."""
    try:
        with closing(opened(store)) as database:
            database.execute("PRAGMA journal_mode = DELETE")  # only who is alone can leave the WAL
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            msg = f"another program has {store} open: a backup, or sqlite3"
            raise NotDone(msg) from None


def _apart(store: Path, file: Path) -> None:
    parts = {_with(store, ending).resolve() for ending in ("", ".lock", *BESIDE)}
    if file.resolve() in parts or (file.exists() and store.exists() and file.samefile(store)):
        msg = f"{file} belongs to the store itself"
        raise NotDone(msg)


def _move(draft: Path, place: Path) -> None:
    draft.replace(place)
    _flush(place.parent)


def _flush(path: Path) -> None:
    """Wait until a file, or what a folder holds, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _with(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
