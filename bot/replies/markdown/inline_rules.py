"""Markdown rules within words: pairs of signs around them, bare addresses, formulas and task boxes.

Emphasis, strikethrough and spoilers follow CommonMark's rules, with two differences: signs also pair next to Chinese,
Japanese and Korean words and punctuation, as markdown-it-cjk-friendly has them, and signs of ordinary text (`2*3*4`,
`x**2`, `a||b`, `__init__`) do not pair. The rules for formulas look ahead by a fixed length only, so that unclosed
delimiters cost no more than others.
"""

import builtins
import re
import types
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.common.utils import isPunctChar, isWhiteSpace
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter, Scanned
from markdown_it.token import Token

from bot.replies.markdown.tex import is_display_formula, is_formula

PAIRS = {"|": "spoiler", "~": "s"}  # of two signs each
CHARACTERS_OF_PATHS = "/\\.@=&"  # an underscore behind one of these belongs to a path or an address
TICKS = re.compile("`{1,3}")
DUNDER = re.compile(r"__([A-Za-z]{1,40}(?:_[A-Za-z]{1,40}){0,5})__(?![A-Za-z0-9_])")
OTHER_DUNDERS = """
    abs and aenter aexit aiter anext annotations await cause context copy deepcopy del enter exit fspath
    future getattr getstate set set_name setstate delete delitem getitem setitem missing length_hint main all
    author version path spec loader package cached builtins pycache slots weakref wrapped post_init
    class_getitem instancecheck subclasscheck prepare match_args traceback notes dirname filename proto
    typename construct destruct call callstatic isset unset sleep wakeup tostring invoke autoload file line
    date time func function attribute cplusplus va_args counter stdc namespace dir trait method halt_compiler
    global device host shared constant restrict inline volatile asm int typeof
"""
DUNDERS = frozenset(OTHER_DUNDERS.split()) | {
    name.strip("_")
    for kind in (*vars(builtins).values(), *vars(types).values(), builtins)
    for name in dir(kind)
    if name.startswith("__")
}
ADDRESS = re.compile(r"[^\s<>\"`“”„«»\\]{1,2000}")
BEGINNING = re.compile(r"(?:^|[^A-Za-z0-9])(https?|ftp)$", re.IGNORECASE)
OPENING_BRACKETS = {")": "(", "]": "[", "}": "{"}
NEVER_LAST = "?!.,:;*_~'"
LONGEST_FORMULA = 1_000  # characters
MOST_LINES = 50  # of a formula on lines of its own
BRACKETS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}  # the longer ones first
DISPLAYED = ("$$", "\\[")
TASK = re.compile(r"\[([ xX])\](?=\s)")


def add_delimiters(parser: MarkdownIt) -> None:
    """Add the rules to a parser: `strong_open`, `em_open`, `s_open`, `spoiler_open` and their ends."""
    parser.inline.add_terminator_char("|")
    parser.inline.ruler.before("emphasis", "dunder", _dunder)
    parser.inline.ruler.before("emphasis", "pair", _pair)
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.inline.ruler2.before("emphasis", "pair", _mark_pairs)
    parser.inline.ruler2.after("balance_pairs", "open_spans", _note_open_spans)


def _dunder(state: StateInline, silent: bool) -> bool:
    """Leave the names of special methods and variables alone."""
    match = state.src.startswith("__", state.pos) and DUNDER.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    before, after = state.src[max(0, state.pos - 1) : state.pos], state.src[match.end() : match.end() + 1]
    if match[1].lower() not in DUNDERS and before != "." and after != "(":
        return False
    if not silent:
        state.append_pending(match.group())
    state.pos = match.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    run = _scan(state)
    for _ in range(run.length):
        _push(state, marker, run, run.length)
    state.pos += run.length
    return True


def _pair(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in PAIRS:
        return False
    run = _scan(state)
    if run.length == 2:
        _push(state, 2 * marker, run)
    else:
        state.append_pending(marker * run.length)
    state.pos += run.length
    return True


def _push(state: StateInline, signs: str, run: Scanned, length: int = 0) -> None:
    state.push("text", "", 0).content = signs
    at = len(state.tokens) - 1
    state.delimiters.append(Delimiter(ord(signs[0]), length, token=at, end=-1, open=run.can_open, close=run.can_close))


def _scan(state: StateInline) -> Scanned:
    """Tell whether a run of signs may open or close a pair."""
    marker, end = state.src[state.pos], state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    length = end - state.pos
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    opens, closes = _flanks(after, before), _flanks(before, after)
    if marker == "_":
        can_open = opens and (not closes or _is_punctuation(before)) and before not in CHARACTERS_OF_PATHS
        return Scanned(can_open, closes and (not opens or _is_punctuation(after)), length)
    return Scanned(opens and not _is_ordinary(marker * length, before, after), closes, length)


def _flanks(near: str, far: str) -> bool:
    """Tell whether signs between these characters belong to the near one."""
    if _is_space(near):
        return False
    is_open = not _is_punctuation(near) or is_cjk(near)
    return is_open or _is_space(far) or _is_punctuation(far) or is_cjk(far)


def _is_ordinary(signs: str, before: str, after: str) -> bool:
    """Tell whether signs inside a word are operators rather than the beginning of a pair."""
    if not (before.isalnum() and after.isalnum()) or is_cjk(before) or is_cjk(after):
        return False
    return signs == "*" or signs[0] == "|" or before.isdigit() or after.isdigit()


def is_cjk(character: str) -> bool:
    """Tell whether a character is one of Chinese, Japanese or Korean text, or as wide as those."""
    return unicodedata.east_asian_width(character) in "WFH" and not character.isascii()


def _is_punctuation(character: str) -> bool:
    return isPunctChar(character) or unicodedata.category(character)[0] == "S"


def _is_space(character: str) -> bool:
    return isWhiteSpace(ord(character))


def _mark_pairs(state: StateInline) -> None:
    nested = [meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta]
    for delimiters in [state.delimiters, *nested]:
        for opener in delimiters:
            if (kind := PAIRS.get(chr(opener.marker))) and opener.end != -1:
                _mark(state.tokens[opener.token], f"{kind}_open", 1)
                _mark(state.tokens[delimiters[opener.end].token], f"{kind}_close", -1)


def _mark(token: Token, kind: str, nesting: int) -> None:
    token.type, token.nesting, token.markup, token.content = kind, 1 if nesting > 0 else -1, token.content, ""


def _note_open_spans(state: StateInline) -> None:
    """Note the signs of a line that opened something and found no partner."""
    openers = {each.token for each in state.delimiters if each.open and each.end == -1}
    signs: list[str] = []
    for number, token in enumerate(state.tokens):
        if number in openers:
            signs.append(token.content)
        elif ticks := token.type == "text" and TICKS.search(token.content):
            signs.append(ticks.group())  # a code span: what follows is no emphasis
            break
    state.env["open"] = signs


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
        if character in OPENING_BRACKETS.values():
            open_brackets.append(character)
        is_foreign = character in OPENING_BRACKETS and (
            not open_brackets or open_brackets.pop() != OPENING_BRACKETS[character]
        )
        if is_foreign or (is_cjk(character) and not character.isalnum()) or text.startswith("||", place):
            return text[:place].rstrip(NEVER_LAST)
    return text.rstrip(NEVER_LAST)


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
            return is_whole and _take_formula(state, opening, tex=tex, lines=(start, number + 1), silent=silent)
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
