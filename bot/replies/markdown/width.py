"""How much room text takes up where all letters have the same width."""

import re
import unicodedata

VARIATION = "\ufe0f"  # makes a colourful and wide emoji of the sign before it
JOINED = re.compile("\u200d.|[\U0001f3fb-\U0001f3ff]")  # what joins the emoji before it


def display_width(text: str) -> int:
    """Count the columns that a text takes up in a monospaced font."""
    return len(text) if text.isascii() else sum(map(_columns, JOINED.sub("", text)))


def _columns(character: str) -> int:
    if character != VARIATION and unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
