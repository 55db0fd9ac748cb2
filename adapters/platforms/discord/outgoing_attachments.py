"""Files of our posts."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import PurePath

import discord
import structlog

from adapters.platforms.budgets import MEGABYTE, DiscordBudgets
from bot.errors import FailureCode, Refused, Unreadable
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import File

log = structlog.get_logger(__name__)

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")  # of pictures that can be shrunk
QUALITY = 90  # of a picture that is encoded again, from 1 to 100


async def shrink_large_pictures(files: Sequence[File]) -> Sequence[File]:
    """Return the files; a picture above Discord's limit is compressed. Raises Refused when that is not enough."""
    shrunk_files = [await _shrink(file) if _is_too_large(file) else file for file in files]
    for file in shrunk_files:
        if _is_too_large(file):
            raise Refused(FailureCode.FILE_TOO_LARGE, name=file.name, limit=DiscordBudgets.FILE_BYTES // MEGABYTE)
    return shrunk_files


def split_by_request(files: Sequence[File]) -> list[Sequence[File]]:
    """Split files into those that one request may carry, in their order; none are one empty part."""
    parts: list[list[File]] = [[]]
    size = 0
    for file in files:
        if parts[-1] and (
            size + len(file.data) > DiscordBudgets.REQUEST_BYTES - DiscordBudgets.REQUEST_MARGIN
            or len(parts[-1]) == DiscordBudgets.MESSAGE_FILES
        ):
            parts.append([])
            size = 0
        parts[-1].append(file)
        size += len(file.data)
    return list(parts)


def to_discord_files(files: Sequence[File]) -> list[discord.File]:
    """Return the files as discord.py needs them, for a single call, which reads them to their ends."""
    return [
        discord.File(BytesIO(file.data), file.name, spoiler=file.is_spoiler, description=_description(file))
        for file in files
    ]


def _description(file: File) -> str | None:
    return file.about[: DiscordBudgets.FILE_DESCRIPTION] or None


def _is_too_large(file: File) -> bool:
    return len(file.data) > DiscordBudgets.FILE_BYTES


async def _shrink(file: File) -> File:
    """Compress a picture, as WebP where it is transparent, else as JPEG; return anything else as it is."""
    if not file.mime.startswith("image/"):
        return file
    try:
        kind, data = await run("shrink_picture", file.data, kinds=KINDS, quality=QUALITY)
    except (Unreadable, WorkerFailed):
        return file
    if kind not in ("webp", "jpeg"):
        return file
    log.info("a picture was packed tighter for Discord", before=len(file.data), now=len(data))
    name = PurePath(file.name).with_suffix(f".{kind}".replace("jpeg", "jpg")).name
    return replace(file, name=name, mime=f"image/{kind}", data=data)
