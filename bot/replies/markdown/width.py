"""The width of text in a monospaced font."""

import re
import unicodedata

VARIATION = "\ufe0f"  # turns the preceding character into a colourful and wide emoji
JOINED = re.compile("\u200d.|[\U0001f3fb-\U0001f3ff]")  # joiners and modifiers of the preceding emoji


def display_width(text: str) -> int:
    """Count the columns that a text takes up in a monospaced font."""
    return len(text) if text.isascii() else sum(map(_columns, JOINED.sub("", text)))


def _columns(character: str) -> int:
    if character != VARIATION and unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
