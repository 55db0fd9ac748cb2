"""Markdown rules for the few HTML tags that models use for what Markdown lacks. All other HTML is text."""

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

BREAK = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)
TAG = re.compile(r"<(/?)(sub|sup|kbd|u|ins|del|mark)>", re.IGNORECASE)
KINDS = {"ins": "u", "del": "s"}  # tags that mean the same as others
DETAILS = re.compile(r"<details(?:\s[^<>\n]{0,100})?>\s{0,20}", re.IGNORECASE)
SUMMARY = re.compile(r"<summary>([^\n]{1,500}?)</summary>", re.IGNORECASE)
END = "</details>"


def add_tags(parser: MarkdownIt) -> None:
    """Add the rules to a parser: `hardbreak`, `sub_open`, `details_open`, `summary_open` and so on."""
    parser.inline.ruler.before("autolink", "tag", _tag)
    parser.inline.ruler2.after("balance_pairs", "tags", _pair_tags)
    alternatives: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}
    parser.block.ruler.before("fence", "details", _details, alternatives)
    parser.block.ruler.before("fence", "details_end", _end_of_details, alternatives)


# inside of a line


def _tag(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<":
        return False
    match = BREAK.match(state.src, state.pos, state.posMax) or TAG.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent and match.re is BREAK:
        state.pending = state.pending.rstrip(" \t")
        state.push("hardbreak", "br", 0)
    elif not silent:
        token = state.push("text", "", 0)
        token.content, token.meta = match.group(), {"tag": match[2].lower(), "is_end": bool(match[1])}
    state.pos = match.end()
    if match.re is BREAK:
        while state.pos < state.posMax and state.src[state.pos] in " \t\n":  # nor a second line break
            state.pos += 1
    return True


def _pair_tags(state: StateInline) -> None:
    """Make pairs of the tags; one without a partner stays text."""
    open_tags: dict[str, list[int]] = {}
    for place, token in enumerate(state.tokens):
        tag = token.meta.get("tag")
        if tag and not token.meta["is_end"]:
            open_tags.setdefault(tag, []).append(place)
        elif tag and open_tags.get(tag):
            opening, kind = state.tokens[open_tags[tag].pop()], KINDS.get(tag, tag)
            opening.type, opening.nesting, opening.content = f"{kind}_open", 1, ""
            token.type, token.nesting, token.content = f"{kind}_close", -1, ""


# sections that open


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a section with a summary, up to its end or that of the text."""
    begin, limit = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    opening = not state.is_code_block(start) and DETAILS.match(state.src, begin)
    if not opening:
        return False
    if silent:
        return True
    summary = SUMMARY.match(state.src, opening.end())
    position = summary.end() if summary else min(opening.end(), max(limit, begin))
    last, is_closed = _last_line(state, start, end)
    state.push("details_open", "details", 1).map = [start, last]
    if summary:
        _push_summary(state, summary[1].strip(), start)
    _tokenize(state, position, start, last, is_closed)
    state.push("details_close", "details", -1)
    state.line = min(end, last + 1) if is_closed else end
    return True


def _push_summary(state: StateBlock, words: str, line: int) -> None:
    state.push("summary_open", "summary", 1)
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = words, [line, line + 1], []
    state.push("summary_close", "summary", -1)


def _last_line(state: StateBlock, start: int, end: int) -> tuple[int, bool]:
    """Return the line with the end of a section, and whether there is one."""
    depth = 0
    for number in range(start, end):
        line = state.src[state.bMarks[number] : state.eMarks[number]].strip().lower()
        depth += line.count("<details") - line.count(END)
        if depth <= 0 and line.endswith(END):
            return number, True
    return end, False


def _tokenize(state: StateBlock, position: int, start: int, last: int, is_closed: bool) -> None:
    """Parse what stands between this position and the last line's end tag."""
    first = next((line for line in range(start, state.lineMax) if state.eMarks[line] >= position), last)
    bounds = state.bMarks[first], state.tShift[first], state.sCount[first]
    if position > state.bMarks[first] + state.tShift[first]:
        state.bMarks[first], state.tShift[first], state.sCount[first] = position, 0, state.blkIndent
    cut = state.eMarks[last] if is_closed else 0
    if is_closed:
        state.eMarks[last] = state.src.lower().rfind(END, 0, cut)
    end_line, line_max = min(last + 1, state.lineMax) if is_closed else last, state.lineMax
    state.lineMax = end_line
    _skip_space(state, first)
    state.md.block.tokenize(state, first, end_line)
    state.lineMax = line_max
    if is_closed:
        state.eMarks[last] = cut
    state.bMarks[first], state.tShift[first], state.sCount[first] = bounds


def _skip_space(state: StateBlock, line: int) -> None:
    position = state.bMarks[line] + state.tShift[line]
    while position < state.eMarks[line] and state.src[position] in " \t":
        position += 1
    state.tShift[line] = position - state.bMarks[line]


def _end_of_details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Skip an end without a beginning, which is on an earlier page."""
    line = state.src[state.bMarks[start] : state.eMarks[start]].strip().lower()
    if line != END:
        return False
    if not silent:
        state.line = start + 1
    return True
