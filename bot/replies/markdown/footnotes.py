"""Markdown rules for footnotes: their signs in the text, and the notes where they stand."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

NOTE = re.compile(r"\[\^([^\]\s]{1,40})\]:[ \t]{0,9}")
SIGN = re.compile(r"\[\^([^\]\s]{1,40})\](?![(:\[])")
NUMBER = re.compile(r"\d{1,3}")  # a sign with a number is one before its note has come


def add_footnotes(parser: MarkdownIt) -> None:
    """Add the rules to a parser: `footnote_open` and `footnote_ref`, with the label in `info`."""
    parser.inline.ruler.before("link", "footnote_ref", _sign)
    parser.block.ruler.before("reference", "footnote", _note, {"alt": ["paragraph", "reference"]})


def _sign(state: StateInline, silent: bool) -> bool:
    match = state.src.startswith("[^", state.pos) and SIGN.match(state.src, state.pos, state.posMax)
    if not match or not (NUMBER.fullmatch(match[1]) or match[1] in state.env.get("footnotes", ())):
        return False
    if not silent:
        state.push("footnote_ref", "sup", 0).info = match[1]
    state.pos = match.end()
    return True


def _note(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    begin = state.bMarks[start] + state.tShift[start]
    match = not state.is_code_block(start) and NOTE.match(state.src, begin, state.eMarks[start])
    if not match:
        return False
    if silent:
        return True
    last = _end_of_note(state, start, end)
    state.env.setdefault("footnotes", set()).add(match[1])
    note = state.push("footnote_open", "p", 1)
    note.info, note.map = match[1], [start, last]
    line = state.push("inline", "", 0)
    line.content = state.getLines(start, last, state.blkIndent, False).strip()[match.end() - begin :].strip()
    line.map, line.children = [start, last], []
    state.push("footnote_close", "p", -1)
    state.line = last
    return True


def _end_of_note(state: StateBlock, start: int, end: int) -> int:
    """Return the line behind a note: it is a paragraph."""
    ends = state.md.block.ruler.getRules("paragraph")
    line = start + 1
    while line < end and not state.isEmpty(line) and not any(rule(state, line, end, True) for rule in ends):
        line += 1
    return line
