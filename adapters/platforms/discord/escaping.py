"""Escaping of text for Discord: without pings, and without Markdown."""

import re

ZERO_WIDTH_SPACE = "\u200b"  # invisible; a ping with it inside does not ping
PING = re.compile(r"https?://[^\s<]+|(?P<sign>@(?=everyone|here)|<(?:@[!&]?|#)(?=\d))")
MARKUP = re.compile(r"[\\*_~`|<#]|^[-+>]", re.MULTILINE)
LITERAL = re.compile(  # signs that our parser took for text, and that Discord would not
    r"\\(?=[^\w\s])"
    r"|\*(?=\S)|(?<=\S)\*"
    r"|(?<![^\W_])_|_(?![^\W_])"  # not within a word
    r"|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||`"
    r"|\](?=\()"
    r"|^(?:#{1,3}(?=\s)|>{3}(?=\s)|>(?=\s))",
    re.MULTILINE,
)


def neutralize_pings(text: str) -> str:
    """Insert an invisible character into every ping of the text."""
    return PING.sub(lambda ping: ping.group() + (ZERO_WIDTH_SPACE if ping["sign"] else ""), text)


def escape_markdown(text: str) -> str:
    """Escape Markdown in the text, so that it is shown as it is."""
    return MARKUP.sub(r"\\\g<0>", text)


def escape_literal(text: str) -> str:
    """Escape what Discord would take for Markdown, and leave alone what it would not."""
    return LITERAL.sub(r"\\\g<0>", text)
