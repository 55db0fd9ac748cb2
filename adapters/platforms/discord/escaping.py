"""Escaping of text for Discord: without pings, and without Markdown."""

import re

ZERO_WIDTH_SPACE = "\u200b"  # invisible; a ping with it inside does not ping
PING = re.compile(r"https?://[^\s<]+|(?P<sign>@(?=everyone|here)|<(?:@[!&]?|#)(?=\d))")
MARKUP = re.compile(r"[\\*_~`|<#]|^[-+>]", re.MULTILINE)


def neutralize_pings(text: str) -> str:
    """Insert an invisible character into every ping of the text."""
    return PING.sub(lambda ping: ping.group() + (ZERO_WIDTH_SPACE if ping["sign"] else ""), text)


def escape_markdown(text: str) -> str:
    """Escape Markdown in the text, so that it is shown as it is."""
    return MARKUP.sub(r"\\\g<0>", text)
