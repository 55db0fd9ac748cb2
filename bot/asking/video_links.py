"""Links to YouTube videos: find them in a text, and remove them from it."""

import re

from bot.errors import FailureCode, Refused

UNSEEN = "[video]"  # mark in place of a removed link

# Any address there; punctuation at the end of a sentence or a bracket is not part of it.
_ADDRESS = re.compile(
    r"(?<![\w@.-])(?:https?://)?(?:[a-z0-9-]+\.)*(?:youtube(?:-nocookie)?\.com|youtu\.be)(?::\d+)?/"
    r"[^\s<>\"'`|\\]*[^\s<>\"'`|\\.,;:!?)\]}*_~]",
    re.IGNORECASE,
)
_ID = re.compile(r"(?:youtu\.be/|/(?:watch/?\?(?:[^#]*&)?v=|shorts/|live/|embed/|v/))([\w-]+)(?![\w-])", re.IGNORECASE)
_MEANT = re.compile(r"youtu\.be/|/(?:watch|shorts/|live/|embed/|v/)", re.IGNORECASE)
_LENGTH = 11  # characters of an id


def links(text: str) -> tuple[str, ...]:
    """Return the videos that the text links to, each once and in one form, in the order of their first mention."""
    ids = [id for address in _ADDRESS.findall(text) if (id := _video(address))]
    return tuple(f"https://www.youtube.com/watch?v={id}" for id in dict.fromkeys(ids))


def without_videos(text: str) -> str:
    """Return the text with a mark in place of each link to a video."""
    return _ADDRESS.sub(UNSEEN, text)


def latest(text: str, most: int) -> str:
    """Return the text with links to the last `most` of its videos; a mark replaces the earlier ones."""
    latest_ids = {_video(link) for link in links(text)[-most:]}
    return _ADDRESS.sub(lambda match: UNSEEN if _video(match[0]) not in {None, *latest_ids} else match[0], text)


def check(text: str) -> None:
    """Raise Refused (video_link) if all links of the text to the site were meant as videos and none is one."""
    addresses = _ADDRESS.findall(text)
    wrong = [address for address in addresses if _video(address) is None and _MEANT.search(address)]
    if wrong and not links(text):
        raise Refused(FailureCode.VIDEO_LINK, link=wrong[0][:100])


def _video(address: str) -> str | None:
    match = _ID.search(address)
    return match[1] if match and len(match[1]) == _LENGTH else None
