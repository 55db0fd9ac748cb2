"""A Markdown rule for bare addresses, which stay whole with all their underscores and brackets."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from bot.replies.markdown.delimiters import is_cjk

ADDRESS = re.compile(r"[^\s<>\"`“”„«»\\]{1,2000}")
BEGINNING = re.compile(r"(?:^|[^A-Za-z0-9])(https?|ftp)$", re.IGNORECASE)
BRACKETS = {")": "(", "]": "[", "}": "{"}
NEVER_LAST = "?!.,:;*_~'"


def add_addresses(parser: MarkdownIt) -> None:
    """Add the rule to a parser: a token `address` for each bare address."""
    parser.inline.ruler.before("escape", "address", _address)


def _address(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("://", state.pos):
        return False
    scheme = BEGINNING.search(state.src[max(0, state.pos - 6) : state.pos])
    match = scheme and ADDRESS.match(state.src, state.pos + 3, state.posMax)
    if not scheme or not match:
        return False
    rest = _whole(match.group())
    if not rest or not (rest[0].isalnum() or rest[0] == "["):
        return False
    if not silent:
        state.pending = state.pending.removesuffix(scheme[1])
        state.push("address", "", 0).content = f"{scheme[1]}://{rest}"
    state.pos += 3 + len(rest)
    return True


def _whole(text: str) -> str:
    """Return the address that a text begins with: up to a bracket that it did not open, and without punctuation."""
    open_brackets: list[str] = []
    for place, character in enumerate(text):
        if character in BRACKETS.values():
            open_brackets.append(character)
        is_foreign = character in BRACKETS and (not open_brackets or open_brackets.pop() != BRACKETS[character])
        if is_foreign or (is_cjk(character) and not character.isalnum()) or text.startswith("||", place):
            return text[:place].rstrip(NEVER_LAST)
    return text.rstrip(NEVER_LAST)
