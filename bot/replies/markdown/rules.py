"""Markdown rules for formulas and task boxes.

The rules for formulas look ahead by a fixed length only, so that unclosed delimiters cost no more than others.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.replies.markdown.tex import is_display_formula, is_formula

LONGEST_FORMULA = 1_000  # characters
MOST_LINES = 50  # of a formula on lines of its own
BRACKETS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}  # the longer ones first
DISPLAYED = ("$$", "\\[")
TASK = re.compile(r"\[([ xX])\](?=\s)")


def add_rules(parser: MarkdownIt) -> None:
    """Add rules to a parser for formulas (`formula`, `formula_block`) and tasks (`task`)."""
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.block.ruler.before(
        "fence", "formula_block", _formula_block, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    parser.core.ruler.push("task", _tasks)


# formulas


def _formula(state: StateInline, silent: bool) -> bool:
    opening = next((opening for opening in BRACKETS if state.src.startswith(opening, state.pos)), None)
    if not opening:
        return False
    begin, closing = state.pos + len(opening), BRACKETS[opening]
    end = state.src.find(closing, begin, min(state.posMax, begin + LONGEST_FORMULA))
    if end < 0 or not _is_meant(
        state.src[max(0, state.pos - 1) : state.pos], opening, state.src[begin:end], state.src[end : end + 2]
    ):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content, token.markup = state.src[begin:end].strip(), opening
    state.pos = end + len(closing)
    return True


def _is_meant(before: str, opening: str, tex: str, after: str) -> bool:
    """Tell formulas from prices, paths and escaped brackets."""
    if not tex.strip():
        return False
    if opening == "$":
        is_price = after.isdigit() or (before.isalnum() and tex[0] not in "_^\\")
        return not is_price and tex == tex.strip() and is_formula(tex)
    if opening == "$$":
        return is_display_formula(tex)
    is_plural = opening == "\\(" and before.isalnum()  # a\(s\)
    return not is_plural and is_formula(tex, in_brackets=opening)


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Parse a formula on lines of its own, from $$ or \[ at the beginning of a line to their end at the end of one."""
    begin = state.bMarks[start] + state.tShift[start]
    opening = state.src[begin : begin + 2]
    if state.is_code_block(start) or opening not in DISPLAYED:
        return False
    lines: list[str] = []
    for number in range(start, min(end, start + MOST_LINES)):
        line = state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].strip()
        if not line or state.sCount[number] < state.blkIndent:
            return False
        line = line[2:] if number == start else line
        if BRACKETS[opening] in line:
            tex = "\n".join([*lines, line.removesuffix(BRACKETS[opening])]).strip()
            is_whole = line.endswith(BRACKETS[opening]) and BRACKETS[opening] not in tex
            return is_whole and _take_formula(state, opening, tex, (start, number + 1), silent)
        lines.append(line)
    return False


def _take_formula(state: StateBlock, opening: str, tex: str, lines: tuple[int, int], silent: bool) -> bool:
    if not (is_display_formula(tex) if opening == "$$" else is_formula(tex, in_brackets=opening)):
        return False
    if not silent:
        token = state.push("formula_block", "math", 0)
        token.content, token.markup, token.map, token.block = tex, opening, list(lines), True
        state.line = lines[1]
    return True


# tasks


def _tasks(state: StateCore) -> None:
    """Create a token for the box at the beginning of a list item."""
    for item, paragraph, line in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        children = line.children or []
        if (item.type, paragraph.type) != ("list_item_open", "paragraph_open") or not children:
            continue
        if children[0].type == "text" and (box := TASK.match(children[0].content)):
            children[0].content = children[0].content[box.end() :].lstrip()
            children.insert(0, Token("task", "", 0, meta={"is_done": box[1] != " "}))
