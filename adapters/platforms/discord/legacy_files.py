"""The folder in which earlier versions kept files of interactions: its files move to the store."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from adapters.platforms.discord.attachment_store import WEEK, AttachmentStore

log = structlog.get_logger(__name__)

PARTIAL_SUFFIX = ".part"  # of a file that was being written


async def migrate_legacy_files(folder: Path, attachment_store: AttachmentStore) -> None:
    """Move our files into the store, and delete those that are too old. Other files stay."""
    try:
        for path in await asyncio.to_thread(_list_files, folder):
            with suppress(FileNotFoundError):  # another process was faster
                if data := await asyncio.to_thread(_read_recent, path):
                    await attachment_store.put(path.name, data)
                await asyncio.to_thread(path.unlink)
    except OSError as error:
        log.warning("old files of Discord's could not be moved", reason=type(error).__name__)


def _list_files(folder: Path) -> Sequence[Path]:
    """List our files, oldest first."""
    paths = [path for path in folder.glob("[0-9]*") if _is_number(path.name.removesuffix(PARTIAL_SUFFIX))]
    return sorted(paths, key=lambda path: path.stat().st_mtime)


def _read_recent(path: Path) -> bytes | None:
    is_young = path.stat().st_mtime > time.time() - WEEK
    return path.read_bytes() if is_young and path.suffix != PARTIAL_SUFFIX else None


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
