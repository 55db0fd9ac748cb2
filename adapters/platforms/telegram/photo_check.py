"""The check whether a picture survives Telegram's conversion to JPEG."""

from adapters.platforms.budgets import TelegramBudgets
from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed, run

KINDS = ("JPEG", "PNG", "WEBP")


async def is_plain(data: bytes) -> bool:
    """Tell whether the picture is opaque and small enough for Telegram to show it.

    A file that can't be decoded is for Telegram to judge.
    """
    try:
        is_opaque, _ = await run("is_opaque", data, kinds=KINDS, most_around=TelegramBudgets.PHOTO_WIDTH_PLUS_HEIGHT)
    except (Unreadable, WorkerFailed):
        return True
    return bool(is_opaque)
