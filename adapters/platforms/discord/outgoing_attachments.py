"""Files that come along with a post of ours."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import PurePath

import discord
import structlog

from bot.errors import Refused, Unreadable
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import File

log = structlog.get_logger(__name__)

MOST = 10  # megabytes of a file; servers that people pay for take more, and others none the larger
MEGABYTE = 1024 * 1024
LONGEST_ABOUT = 1024  # characters of what is said of a file to those who cannot see it
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")  # of pictures that can be packed
QUALITY = 90  # of a picture that is packed again, from 1 to 100


async def fit(files: Sequence[File]) -> Sequence[File]:
    """The same files; a picture that is more than Discord takes is packed tighter. Refused when that is not enough."""
    fitting = [await _packed(file) if _is_too_large(file) else file for file in files]
    for file in fitting:
        if _is_too_large(file):
            raise Refused("file_too_large", name=file.name, limit=MOST)
    return fitting


def uploads(files: Sequence[File]) -> list[discord.File]:
    """The files as discord.py wants them: for one call, which reads them to their ends."""
    return [discord.File(BytesIO(each.data), each.name, description=_about(each)) for each in files]


def _about(file: File) -> str | None:
    return file.about[:LONGEST_ABOUT] or None


def _is_too_large(file: File) -> bool:
    return len(file.data) > MOST * MEGABYTE


async def _packed(file: File) -> File:
    """A picture as WebP where something shines through it, or else as JPEG; anything else as it is."""
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
