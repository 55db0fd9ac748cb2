"""The width of text in a monospaced font."""

import wcwidth


def display_width(text: str) -> int:
    """Count the columns that a text takes up in a monospaced font."""
    return len(text) if text.isascii() and text.isprintable() else wcwidth.width(text)
