"""Text that says what it says on Discord, and does no more: it calls nobody, and nothing in it is markup."""

import re

APART = "\u200b"  # invisible; what it divides does not ping
PING = re.compile(r"https?://[^\s<]+|(?P<sign>@(?=everyone|here)|<(?:@[!&]?|#)(?=\d))")
MARKUP = re.compile(r"[\\*_~`|<#]|^[-+>]", re.MULTILINE)


def neutralized(text: str) -> str:
    """The text, with nobody called by it."""
    return PING.sub(lambda ping: ping.group() + (APART if ping["sign"] else ""), text)


def escaped(text: str) -> str:
    """The text, shown as it is where Markdown is expected."""
    return MARKUP.sub(r"\\\g<0>", text)
