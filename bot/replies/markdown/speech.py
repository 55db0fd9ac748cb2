"""What is said aloud of a text: its words, without what only eyes can read."""

from collections.abc import Iterator

from markdown_it.token import Token

from bot.replies.markdown.parse import LONGEST, parse
from bot.replies.markdown.tex import to_unicode

SIGNS = str.maketrans("", "", "*_`#>|~⚠⏹\ufe0f")  # those of Markdown that was left open, and of notices


def spoken(markdown: str) -> str:
    """Return the words of a text in one line: without blocks of code, and where links lead."""
    words = "".join(_words(parse(markdown[:LONGEST])))
    return " ".join(words.translate(SIGNS).split())


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in {"formula", "formula_block"}:
            yield to_unicode(token.content)
        elif token.children:
            yield from _words(token.children)
        elif token.type in {"text", "code_inline"}:
            yield token.content
        elif token.type == "list_item_open":
            yield f" {token.info}. " if token.info else " - "
        elif token.block or token.type in {"softbreak", "hardbreak"}:
            yield " "
