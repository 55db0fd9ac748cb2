"""Find links to YouTube videos. Nothing is fetched, so only their ids are known."""

import re

MOST = 3  # of one question; links beyond these are not looked at

_LINK = re.compile(
    r"(?:https?://)?(?:(?:www|m|music)\.)?"
    r"(?:youtu\.be/|youtube(?:-nocookie)?\.com/(?:watch\?(?:[\w%=.-]+&)*v=|shorts/|live/|embed/))"
    r"([\w-]{11})(?![\w-])",
    re.IGNORECASE,
)


def linked(text: str) -> tuple[str, ...]:
    """Return the ids of the YouTube videos in a text, each once."""
    return tuple(dict.fromkeys(_LINK.findall(text)))
