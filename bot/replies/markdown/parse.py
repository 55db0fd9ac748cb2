"""A Markdown parser whose work grows no faster than the text.

CommonMark with tables, strikethrough, spoilers, formulas, footnotes and bare addresses. HTML is text, but for the few
tags that models use for what Markdown lacks.
"""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.blockquote import blockquote
from markdown_it.rules_block.fence import fence
from markdown_it.rules_block.reference import reference
from markdown_it.rules_block.table import escapedSplit, getLine, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.replies.markdown.inline_rules import add_addresses, add_delimiters, add_rules

DOUBLE_LINE = re.compile(r"={3,}[ \t]{0,100}$")
PROMPT = re.compile(r">>>[ \t]")  # Python's; a quote within two quotes is written otherwise
NOTE = re.compile(r"\[\^([^\]\s]{1,40})\]:[ \t]{0,9}")
SIGN = re.compile(r"\[\^([^\]\s]{1,40})\](?![(:\[])")
NUMBER = re.compile(r"\d{1,3}")  # a sign with a number is one before its note has come
BREAK = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)
TAG = re.compile(r"<(/?)(sub|sup|kbd|u|ins|del|mark)>", re.IGNORECASE)
KINDS = {"ins": "u", "del": "s"}  # tags that mean the same as others
DETAILS = re.compile(r"<details(?:\s[^<>\n]{0,100})?>\s{0,20}", re.IGNORECASE)
SUMMARY = re.compile(r"<summary>([^\n]{1,500}?)</summary>", re.IGNORECASE)
END = "</details>"
Environment = MutableMapping[str, Any]
"""The notes of the rules about a text that they parse."""

LONGEST = 8_192  # characters that are parsed; anything longer is plain text
DEEPEST = 24  # nested blocks or brackets; a list counts twice. Each level costs time for all that is in it


def add_block_rules(parser: MarkdownIt) -> None:
    """Add the rules to a parser. A line below words is a rule, not a sign that they are a heading."""
    parser.disable("lheading")
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})
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


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse code, unless its first line is the last one, with words in it: they may go on to the end of a span."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    is_struck = line.startswith("~~~") and "~" in line.lstrip("~")  # twice
    is_span = state.eMarks[start] >= len(state.src) and len(line.split()) > 1
    return not is_struck and not is_span and fence(state, start, end, silent)


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
    _tokenize(state, position, start=start, last=last, is_closed=is_closed)
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
