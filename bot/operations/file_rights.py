"""Permissions of the bot's files: only the account it runs as has access, unless the operator decides otherwise."""

import os
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from stat import S_IMODE

import structlog

log = structlog.get_logger(__name__)

OWNER_ONLY = 0o077  # the umask: permissions that no new file gets
OTHERS = 0o007
BESIDE = ("", "-wal", "-shm", "-journal", ".lock")  # file names of a database and of the files beside it
COPIES = ".before-restore-*"


def write_for_owner_only() -> None:
    """Set the umask so that no new file of this process and its children is readable by other accounts."""
    os.umask(OWNER_ONLY)


def close_to_others(database: Path) -> None:
    """Remove other accounts' permissions from a database and the files beside it, if every account has some.

    Earlier versions wrote such files with the usual permissions. A file that only a group may read was set up so, for
    backups perhaps, and stays as it is.
    """
    for path in _files_of(database):
        try:
            mode = S_IMODE(path.stat().st_mode)
            if mode & OTHERS:
                path.chmod(mode & ~OWNER_ONLY)
        except FileNotFoundError:  # SQLite deletes some of them by itself
            continue
        except PermissionError:  # it belongs to another account
            log.warning("other accounts can read a file of the bot", file=str(path))


def readable_by_others(path: Path) -> bool:
    """Tell whether another account may read, write or execute the file; False if it does not exist."""
    try:
        return bool(path.stat().st_mode & OWNER_ONLY)
    except OSError:
        return False


def _files_of(database: Path) -> Iterator[Path]:
    file = database.resolve()  # SQLite keeps its temporary files beside the real one
    for ending in BESIDE:
        yield file.with_name(file.name + ending)
    yield from file.parent.glob(f"{escape(file.name)}{COPIES}")
    yield database.with_name(f"{database.name}.lock")
