"""Which files a browser is given back to be shown or played, told by their bytes and never by what they claim."""

from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed, run

PICTURES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
MOST_PIXELS = 64_000_000  # a browser would unpack more than 256 MB

# How sound begins, from the byte of that number on.
SOUNDS = (
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftypM4A", "audio/mp4"),
)


async def kind_of(data: bytes) -> str:
    """The MIME type of a picture or a sound that browsers know and that holds no script; empty for anything else."""
    return _sound(data) or await _picture(data)


async def _picture(data: bytes) -> str:
    try:
        kind, _ = await run("inspect_picture", data, kinds=list(PICTURES), most_pixels=MOST_PIXELS)
    except (Unreadable, WorkerFailed):
        return ""
    return PICTURES.get(str(kind), "")


def _sound(data: bytes) -> str:
    begins = (kind for start, mark, kind in SOUNDS if data[start : start + len(mark)] == mark)
    return next(begins, _bare_sound(data))


def _bare_sound(data: bytes) -> str:
    """MP3 and AAC without a head: each piece begins with eleven bits that are set, then its version and its layer."""
    if len(data) < 2 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0 or data[1] & 0x18 == 0x08:
        return ""
    return {0x02: "audio/mpeg", 0x00: "audio/aac"}.get(data[1] & 0x06, "")
