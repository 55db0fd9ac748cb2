"""Markdown rules for pairs of signs around words: emphasis, strikethrough and spoilers.

CommonMark's rules, with two differences: signs also pair next to Chinese, Japanese and Korean words and punctuation, as
markdown-it-cjk-friendly has them, and signs of ordinary text (`2*3*4`, `x**2`, `a||b`, `__init__`) do not pair.
"""

import builtins
import re
import types
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.common.utils import isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter, Scanned
from markdown_it.token import Token

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
    state.delimiters.append(Delimiter(ord(signs[0]), length, at, -1, run.can_open, run.can_close))


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
