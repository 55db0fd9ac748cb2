"""A look at a picture: whether it stays the same when Telegram turns it into a JPEG that it can show."""

from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed, run

AROUND = 10_000  # pixels of width and height together; Telegram shows no larger ones
KINDS = ("JPEG", "PNG", "WEBP")


async def is_plain(data: bytes) -> bool:
    """Whether nothing in the picture can be seen through, and Telegram can show it.

    What is no picture is for Telegram to judge.
    """
    try:
        is_opaque, _ = await run("is_opaque", data, kinds=KINDS, most_around=AROUND)
    except (Unreadable, WorkerFailed):
        return True
    return bool(is_opaque)
