"""Who may read the bot's files: the account it runs as, and nobody else unless somebody chose so."""

import os
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from stat import S_IMODE

import structlog

log = structlog.get_logger(__name__)

OWNER_ONLY = 0o077  # the umask: rights that no new file gets
OTHERS = 0o007
BESIDE = ("", "-wal", "-shm", "-journal", ".lock")  # the names of a database, and of what lies beside it
COPIES = ".before-restore-*"


def write_for_owner_only() -> None:
    """Let no file that this process writes from now on be read by another account; its children do the same."""
    os.umask(OWNER_ONLY)


def close_to_others(database: Path) -> None:
    """Take everybody else's rights to a database, and to what lies beside it, where all accounts have some.

    Earlier versions wrote such files with the usual rights. A file that only a group may read is somebody's choice, for
    backups perhaps, and stays as it is.
    """
    for path in _files_of(database):
        try:
            mode = S_IMODE(path.stat().st_mode)
            if mode & OTHERS:
                path.chmod(mode & ~OWNER_ONLY)
        except FileNotFoundError:  # SQLite deletes some of them by itself
            continue
        except PermissionError:  # it belongs to somebody else
            log.warning("other accounts can read a file of the bot", file=str(path))


def readable_by_others(path: Path) -> bool:
    """Whether another account than the owner may read, write or run the file; False where there is none."""
    try:
        return bool(path.stat().st_mode & OWNER_ONLY)
    except OSError:
        return False


def _files_of(database: Path) -> Iterator[Path]:
    file = database.resolve()  # beside which SQLite keeps what it keeps
    for ending in BESIDE:
        yield file.with_name(file.name + ending)
    yield from file.parent.glob(f"{escape(file.name)}{COPIES}")
    yield database.with_name(f"{database.name}.lock")
