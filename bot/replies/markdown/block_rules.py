"""CommonMark's block rules where models mean something else by the same signs."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.blockquote import blockquote
from markdown_it.rules_block.reference import reference
from markdown_it.rules_block.table import escapedSplit, getLine, table
from markdown_it.token import Token

DOUBLE_LINE = re.compile(r"={3,}[ \t]{0,100}$")
PROMPT = re.compile(r">>>[ \t]")  # Python's; a quote within two quotes is written otherwise


def add_block_rules(parser: MarkdownIt) -> None:
    """Add the rules to a parser. A line below words is a rule, not a sign that they are a heading."""
    parser.disable("lheading")
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("reference", _define)
    parser.block.ruler.before("hr", "double_line", _double_line, {"alt": ["paragraph", "reference", "blockquote"]})


def _define(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Accept the definition of a link, unless it is unused."""
    if start in state.env.get("unused", ()):
        return False
    return reference(state, start, end, silent)


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if PROMPT.match(state.src, state.bMarks[start] + state.tShift[start]):
        return False
    return blockquote(state, start, end, silent)


def _double_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    begin = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not DOUBLE_LINE.match(state.src[begin : state.eMarks[start]]):
        return False
    if not silent:
        state.push("hr", "hr", 0).map = [start, start + 1]
        state.line = start + 1
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table, and keep the cells that rows have beyond those of the header."""
    count = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    tokens = state.tokens[count:]
    columns = sum(token.type == "th_open" for token in tokens)
    del state.tokens[count:]
    line = start
    for token in tokens:
        if token.type == "tr_open" and token.map:
            line = token.map[0]
        elif token.type == "tr_close":
            state.tokens += _further_cells(state, line, columns)
        state.tokens.append(token)
    return True


def _further_cells(state: StateBlock, line: int, columns: int) -> list[Token]:
    cells = escapedSplit(getLine(state, line).strip())
    cells = cells[1:] if cells[:1] == [""] else cells
    cells = cells[:-1] if cells[-1:] == [""] else cells
    further: list[Token] = []
    for cell in cells[columns:]:
        words = Token("inline", "", 0, content=cell.strip(), map=[line, line + 1], children=[])
        further += [Token("td_open", "td", 1), words, Token("td_close", "td", -1)]
    return further
