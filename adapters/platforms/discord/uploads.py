"""Files that come along with a post of ours."""

from collections.abc import Sequence
from io import BytesIO

import discord

from bot.errors import Refused
from bot.messages import File

MOST = 10  # megabytes of a file; servers that people pay for take more, and others none the larger
MEGABYTE = 1024 * 1024


def weigh(files: Sequence[File]) -> None:
    """Refused when one of them is more than Discord takes."""
    for file in files:
        if len(file.data) > MOST * MEGABYTE:
            raise Refused("file_too_large", name=file.name, limit=MOST)


def uploads(files: Sequence[File]) -> list[discord.File]:
    """The files as discord.py wants them: for one call, which reads them to their ends."""
    return [discord.File(BytesIO(file.data), file.name) for file in files]
