"""Files that come along with a post of ours."""

import asyncio
import warnings
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import PurePath

import discord
import structlog
from PIL import Image

from bot.errors import Refused
from bot.messages import File

log = structlog.get_logger(__name__)

MOST = 10  # megabytes of a file; servers that people pay for take more, and others none the larger
MEGABYTE = 1024 * 1024
LONGEST_ABOUT = 1024  # characters of what is said of a file to those who cannot see it
QUALITY = 90  # of a picture that is packed again, from 1 to 100


async def fit(files: Sequence[File]) -> Sequence[File]:
    """The same files; a picture that is more than Discord takes is packed tighter. Refused when that is not enough."""
    fitting = [await asyncio.to_thread(_packed, file) if _is_too_large(file) else file for file in files]
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


def _packed(file: File) -> File:
    """A picture as WebP where something shines through it, or else as JPEG; anything else as it is."""
    if not file.mime.startswith("image/"):
        return file
    buffer = BytesIO()
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(file.data)) as picture:
            kind, mode = ("webp", "RGBA") if picture.has_transparency_data else ("jpeg", "RGB")
            picture.convert(mode).save(buffer, kind, quality=QUALITY)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # all that Pillow raises for bad bytes
        return file
    log.info("a picture was packed tighter for Discord", before=len(file.data), now=buffer.tell())
    name = PurePath(file.name).with_suffix(f".{kind}".replace("jpeg", "jpg")).name
    return replace(file, name=name, mime=f"image/{kind}", data=buffer.getvalue())
