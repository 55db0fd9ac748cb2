"""Text to read aloud: the words, without elements that only make sense on a screen."""

from collections.abc import Iterator

from markdown_it.token import Token

from bot.replies.markdown.parse import LONGEST, parse
from bot.replies.markdown.tex import to_unicode

SIGNS = str.maketrans("", "", "*_`#>|~⚠⏹\ufe0f")  # delimiters of unclosed Markdown, and of notices


def spoken(markdown: str) -> str:
    """Return the words of a text in one line: without code blocks and link targets."""
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
