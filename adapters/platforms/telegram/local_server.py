"""Files of a Bot API server of one's own that runs with --local: it hands out where they lie on its disk.

Bot and server then have to see the same folder at the same path, with the right to read it. Where the bot doesn't, it
asks the server for the file over HTTP, which works if something in front of it serves that folder.
"""

import asyncio
from pathlib import Path, PurePosixPath, PureWindowsPath

import structlog

from bot.util.http import check_size

log = structlog.get_logger(__name__)


def is_absolute(path: str) -> bool:
    """Tell whether a file's path is one on the disk of the server."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


async def read_local_file(path: str, limit: int) -> bytes | None:
    """Read a file from the disk; None where the bot can't. Raises Unreadable when it has more than `limit` bytes."""
    try:
        return await asyncio.to_thread(_read, path, limit)
    except OSError as error:
        log.warning("a file of the Bot API server cannot be read here", reason=type(error).__name__)
        return None


def path_below_token(path: str, token: str) -> str:
    """Return the part of a path that stands below the folder of the bot: photos/file_1.jpg."""
    for folder in (f"/{token}/", f"/{token.replace(':', '~')}/"):  # Windows has no colons in names
        if folder in path:
            return path.rpartition(folder)[2]
    return path.lstrip("/")


def _read(path: str, limit: int) -> bytes:
    file_path = Path(path)
    if not file_path.is_file():  # a pipe would never end
        raise FileNotFoundError
    check_size(file_path.stat().st_size, limit)
    with file_path.open("rb") as file:
        data = file.read(limit + 1)
    check_size(len(data), limit)
    return data
