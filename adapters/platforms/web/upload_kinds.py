"""The types of files that a browser may show or play, detected by their bytes, never by what a request claims."""

from bot.errors import Unreadable
from bot.files.isolation.client import WorkerFailed, run

PICTURES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
MAX_PIXELS = 64_000_000  # a browser would unpack more than 256 MB

# The first bytes of sounds: an offset, the bytes, and the type.
SOUNDS = (
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftypM4A", "audio/mp4"),
)


async def browser_type(data: bytes) -> str:
    """Return the MIME type of a picture or a sound that browsers know and that holds no script; else empty."""
    return _sound(data) or await _picture(data)


async def _picture(data: bytes) -> str:
    try:
        kind, _ = await run("inspect_picture", data, kinds=list(PICTURES), most_pixels=MAX_PIXELS)
    except (Unreadable, WorkerFailed):
        return ""
    return PICTURES.get(str(kind), "")


def _sound(data: bytes) -> str:
    matches = (kind for start, mark, kind in SOUNDS if data[start : start + len(mark)] == mark)
    return next(matches, _headerless_sound(data))


def _headerless_sound(data: bytes) -> str:
    """Detect MP3 and AAC without a header: a frame begins with eleven bits that are set, then version and layer."""
    if len(data) < 2 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0 or data[1] & 0x18 == 0x08:
        return ""
    return {0x02: "audio/mpeg", 0x00: "audio/aac"}.get(data[1] & 0x06, "")
