"""A Markdown parser whose work grows no faster than the text.

CommonMark with tables, strikethrough, spoilers and formulas. HTML is text: no chat shows it as anything else.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.reference import reference
from markdown_it.token import Token

from bot.replies.markdown.rules import add_rules

LONGEST = 8_192  # characters that are parsed; anything longer is plain text
DEEPEST = 24  # nested blocks or brackets; a list counts twice. Each level costs time for all that is in it


def parse(markdown: str) -> list[Token]:
    """Parse a text. One that is too long, or nested too deep, is one paragraph as it was written."""
    if len(markdown) > LONGEST:
        return _plain(markdown)
    environment: MutableMapping[str, Any] = {}
    tokens = _PARSER.parse(markdown, environment)
    if unused := _unused_definitions(environment, tokens):
        tokens = _PARSER.parse(markdown, {"unused": unused})
    # The parser drops deeper levels.
    return tokens if all(token.level < DEEPEST - 1 for token in tokens) else _plain(markdown)


def inline_tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield all inline tokens."""
    for token in tokens:
        yield from token.children or ()


def _plain(text: str) -> list[Token]:
    line = Token("inline", "", 0, children=[Token("text", "", 0, content=text)], content=text, level=1, map=[0, 1])
    return [Token("paragraph_open", "p", 1, map=[0, 1]), line, Token("paragraph_close", "p", -1)]


def _unused_definitions(environment: MutableMapping[str, Any], tokens: Sequence[Token]) -> frozenset[int]:
    """Return the lines with unused link definitions: the parser would make these words vanish."""
    definitions = environment.get("references", {})
    if not definitions:
        return frozenset()
    used = {token.meta.get("label") for token in inline_tokens(tokens)}
    unused = [definition for label, definition in definitions.items() if label not in used]
    return frozenset(definition["map"][0] for definition in unused + environment.get("duplicate_refs", []))


def _define(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Accept the definition of a link, unless it is a footnote, or unused."""
    begin = state.bMarks[start] + state.tShift[start]
    if state.src.startswith("[^", begin) or start in state.env.get("unused", ()):
        return False
    return reference(state, start, end, silent)


def _parser() -> MarkdownIt:
    options = {"maxNesting": DEEPEST, "html": False, "store_labels": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.block.ruler.at("reference", _define)
    add_rules(parser)
    return parser


_PARSER = _parser()
