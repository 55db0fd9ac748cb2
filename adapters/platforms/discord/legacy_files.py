"""The folder in which files of interactions lay in earlier versions: what is left there moves to where they lie now."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from adapters.platforms.discord.attachment_store import WEEK, AttachmentStore

log = structlog.get_logger(__name__)

PART = ".part"  # a file that was being written


async def empty(folder: Path, keep: AttachmentStore) -> None:
    """Move files of ours into `keep`, and remove those that are too old. Whatever else lies there stays."""
    try:
        for path in await asyncio.to_thread(_ours, folder):
            with suppress(FileNotFoundError):  # another process was faster
                if data := await asyncio.to_thread(_worth_keeping, path):
                    await keep.put(path.name, data)
                await asyncio.to_thread(path.unlink)
    except OSError as error:
        log.warning("old files of Discord's could not be moved", reason=type(error).__name__)


def _ours(folder: Path) -> Sequence[Path]:
    """Oldest first, as they were kept."""
    found = [path for path in folder.glob("[0-9]*") if _is_number(path.name.removesuffix(PART))]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def _worth_keeping(path: Path) -> bytes | None:
    is_young = path.stat().st_mtime > time.time() - WEEK
    return path.read_bytes() if is_young and path.suffix != PART else None


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
