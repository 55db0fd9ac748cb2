"""Text that is shown as it stands, whatever Markdown would make of it."""

import re

_MARKS = re.compile(r"([\\`*_~|<>\[\]#$!])")


def literal(text: str) -> str:
    """Return Markdown that shows the text itself."""
    return _MARKS.sub(r"\\\1", text)
