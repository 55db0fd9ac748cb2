"""A Markdown parser whose work grows no faster than the text.

CommonMark with tables, strikethrough, spoilers, formulas, footnotes and bare addresses. HTML is text, but for the few
tags that models use for what Markdown lacks (`tags`).
"""

from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from bot.replies.markdown.bare_addresses import add_addresses
from bot.replies.markdown.block_rules import add_block_rules
from bot.replies.markdown.delimiters import add_delimiters
from bot.replies.markdown.footnotes import add_footnotes
from bot.replies.markdown.rules import add_rules
from bot.replies.markdown.tags import add_tags

Environment = MutableMapping[str, Any]
"""The notes of the rules about a text that they parse."""

LONGEST = 8_192  # characters that are parsed; anything longer is plain text
DEEPEST = 24  # nested blocks or brackets; a list counts twice. Each level costs time for all that is in it


def parse(markdown: str) -> list[Token]:
    """Parse a text. One that is too long, or nested too deep, is one paragraph as it was written."""
    return _parse(markdown)[0]


def open_signs(markdown: str) -> list[str]:
    """Return the signs that opened something in the last line of a text and found no partner."""
    tokens, environment = _parse(markdown)
    blocks = [token.type for token in tokens if token.nesting >= 0]
    is_in_line = blocks[-2:] in (["paragraph_open", "inline"], ["heading_open", "inline"])
    return list(environment.get("open", ())) if is_in_line else []


def unfinished_table(markdown: str) -> str:
    """Return the first two lines of the table that a text ends with; empty if it ends with something else."""
    lines = markdown.rstrip("\n").split("\n")
    if "|" not in lines[-1]:
        return ""
    maps = [token.map for token in _parse(markdown)[0] if token.type == "table_open" and token.map]
    if not maps or maps[-1][1] < len(lines):
        return ""
    first = maps[-1][0]
    return "".join(f"{line.lstrip(' ')}\n" for line in lines[first : first + 2])


@lru_cache(maxsize=64)
def _parse(markdown: str) -> tuple[list[Token], Environment]:
    if len(markdown) > LONGEST:
        return _plain(markdown), {}
    environment: Environment = {}
    tokens = _PARSER.parse(markdown, environment)
    if unused := _unused_definitions(environment, tokens):
        environment = {"unused": unused}
        tokens = _PARSER.parse(markdown, environment)
    # The parser drops deeper levels.
    return (tokens, environment) if all(token.level < DEEPEST - 1 for token in tokens) else (_plain(markdown), {})


def inline_tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield all inline tokens."""
    for token in tokens:
        yield from token.children or ()


def _plain(text: str) -> list[Token]:
    line = Token("inline", "", 0, children=[Token("text", "", 0, content=text)], content=text, level=1, map=[0, 1])
    return [Token("paragraph_open", "p", 1, map=[0, 1]), line, Token("paragraph_close", "p", -1)]


def _unused_definitions(environment: Environment, tokens: Sequence[Token]) -> frozenset[int]:
    """Return the lines with unused link definitions: the parser would make these words vanish."""
    definitions = environment.get("references", {})
    if not definitions:
        return frozenset()
    used = {token.meta.get("label") for token in inline_tokens(tokens)}
    unused = [definition for label, definition in definitions.items() if label not in used]
    return frozenset(definition["map"][0] for definition in unused + environment.get("duplicate_refs", []))


def _keep_escapes(state: StateCore) -> None:
    """Make texts of signs that were escaped, apart from others: some chats need them escaped again."""
    for token in inline_tokens(state.tokens):
        if token.type == "text_special":
            token.type = "text"


def _parser() -> MarkdownIt:
    options = {"maxNesting": DEEPEST, "html": False, "store_labels": True}
    parser = MarkdownIt("commonmark", options).enable("table")
    parser.core.ruler.at("text_join", _keep_escapes)
    for add in (add_block_rules, add_addresses, add_delimiters, add_tags, add_footnotes, add_rules):
        add(parser)
    return parser


_PARSER = _parser()
