"""Formulas as MathML, in the elements of which the page makes nodes."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bot.replies.markdown.tex import (
    ACCENTS,
    CLOSING,
    DEEPEST,
    DELIMITERS,
    FENCES,
    LETTERS,
    LINES,
    OPENING,
    TOKEN,
    UPRIGHT,
    to_letter,
    to_symbol,
    to_unicode,
)

Math = list[Any]
"""An element: its name, perhaps its attributes, and its content."""

LIMITS = frozenset({"∑", "∏", "∐", "⋃", "⋂", "⨁", "⨂", "lim", "max", "min", "sup", "inf", "argmax", "argmin"})
PROSE = frozenset({"\\text", "\\textup", "\\textbf", "\\textit", "\\textrm", "\\mbox", "\\operatorname"})
BRACES = {"\\overbrace": "⏞", "\\underbrace": "⏟", "\\overline": "‾", "\\underline": "_"}
BREAK = "\\\\"
NO_BREAK = "\u00a0"  # others at the edges of words are not shown
STIFF = frozenset("()[]{}|‖/")  # as tall as letters, unless \left or \right stands before them
ROWS = frozenset({"aligned", "align", "split", "gather", "gathered", "eqnarray"})


def to_mathml(tex: str, *, is_block: bool = False) -> Math | None:
    """Return the element of a formula; None for one with unbalanced braces, or nested too deep."""
    try:
        content = _Builder(tex, is_block=is_block).build()
    except ValueError:
        return None
    display = {"display": "block"} if is_block else {}
    words = ["annotation", {"encoding": "text/plain"}, to_unicode(tex)]  # for those who hear it, and for copies
    return ["math", display, ["semantics", _row(content), words]]


class _Builder:
    """Builds the elements of one formula, from its beginning to its end."""

    def __init__(self, tex: str, *, is_block: bool) -> None:
        self._tokens = TOKEN.findall(" ".join(tex.split()))
        self._at = self._depth = 0
        self._end = ""  # the token at which the last group ended
        self._is_block = is_block

    def build(self) -> list[Math]:
        """Build all of it; ValueError if it is malformed."""
        rows = [[self._group(BREAK)]]
        while self._end == BREAK:
            rows.append([self._group(BREAK)])
        if self._end:
            raise ValueError(self._end)
        return rows[0][0] if len(rows) == 1 else [_table(rows)]

    def _group(self, *ends: str) -> list[Math]:
        """Build everything before one of these tokens, with scripts at what they belong to."""
        parts: list[Math] = []
        while (token := self._next()) not in {*ends, CLOSING, ""}:
            if token in {"^", "_", "'"}:
                base = parts.pop() if parts else ["mrow"]
                parts.append(self._scripted(base, token))
            elif parts and parts[-1][0] == "mn" and self._goes_on(token):
                parts[-1] = ["mn", parts[-1][1] + token]
            elif not token.isspace():
                parts += self._built(token)
        self._end = token
        return parts

    def _goes_on(self, sign: str) -> bool:
        """Tell whether the token goes on with a number."""
        return sign.isdigit() or (sign == "." and self._peek().isdigit())

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _built(self, token: str) -> list[Math]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(DEEPEST)
        built = self._shape(token)
        self._depth -= 1
        return built

    def _braced(self) -> list[Math]:
        group = self._group()
        if self._end != CLOSING:
            raise ValueError(self._end)
        return group

    def _argument(self) -> Math:
        """Build the group or the token that a command applies to, as one element."""
        while self._peek().isspace():
            self._next()
        token = self._next()
        if token == CLOSING:
            self._at -= 1
            return ["mrow"]
        return _row(self._built(token) if token else [])

    def _words(self) -> str:
        """Return the argument as it was written."""
        while self._peek().isspace():
            self._next()
        if self._peek() != OPENING:
            return self._next()
        words, depth = "", 0
        while token := self._next():
            depth += (token == OPENING) - (token == CLOSING)
            if not depth:
                return words
            if token not in {OPENING, CLOSING}:
                words += to_symbol(token) if token.startswith("\\") else token
        raise ValueError(words)

    def _option(self) -> Math | None:
        """Build the square brackets after a command."""
        if self._peek() != "[":
            return None
        self._next()
        return _row(self._group("]"))

    def _shape(self, token: str) -> list[Math]:
        if token == OPENING:
            return [_row(self._braced())]
        command = COMMANDS.get(token)
        return command(self) if command else self._styled(token)

    def _styled(self, token: str) -> list[Math]:
        """Build a command of a family: accents, alphabets, lines above or below, delimiters."""
        if token in ACCENTS:
            return [["mover", {"accent": "true"}, self._argument(), ["mo", to_accent(ACCENTS[token])]]]
        if token in LINES:
            return [["munder" if "under" in token else "mover", self._argument(), ["mo", BRACES[token]]]]
        if token in LETTERS:
            return [["mi", "".join(to_letter(letter, *LETTERS[token]) for letter in self._words())]]
        if token in PROSE:
            return [["mtext", self._words().replace(" ", NO_BREAK)]]
        if token in UPRIGHT:
            return [self._argument()]
        if token in DELIMITERS:
            delimiter = self._next()
            return [] if delimiter == "." else _fence(to_symbol(delimiter))
        return _leaf(token)

    def _scripted(self, base: Math, sign: str) -> Math:
        """Build what stands above and below the line after `base`."""
        scripts: dict[str, Math] = {}
        while sign in {"^", "_", "'"} and sign not in scripts:
            if sign == "'":
                scripts["^"] = ["mo", "′"]
            else:
                scripts[sign] = self._argument()
            sign = self._next() if self._peek() in {"^", "_"} and self._peek() not in scripts else ""
        has_limits = self._is_block and base[-1] in LIMITS
        over, under, both = ("mover", "munder", "munderover") if has_limits else ("msup", "msub", "msubsup")
        if len(scripts) == 2:
            return [both, base, scripts["_"], scripts["^"]]
        return [over, base, scripts["^"]] if "^" in scripts else [under, base, scripts["_"]]

    def fraction(self) -> list[Math]:
        """Build a fraction of the two arguments."""
        return [["mfrac", self._argument(), self._argument()]]

    def binomial(self) -> list[Math]:
        """Build a binomial coefficient of the two arguments."""
        return [["mo", "("], ["mfrac", {"linethickness": "0"}, self._argument(), self._argument()], ["mo", ")"]]

    def root(self) -> list[Math]:
        """Build a root of any degree."""
        degree, radicand = self._option(), self._argument()
        return [["mroot", radicand, degree] if degree else ["msqrt", radicand]]

    def negation(self) -> list[Math]:
        """Build a relation that is struck through."""
        struck = to_symbol(self._next())
        return [["mo", unicodedata.normalize("NFC", f"{struck[:1]}\u0338{struck[1:]}")]]

    def modulus(self) -> list[Math]:
        """Build the modulus of a congruence."""
        return [["mo", "("], ["mi", "mod"], ["mspace", {"width": "0.3em"}], self._argument(), ["mo", ")"]]

    def boxed(self) -> list[Math]:
        """Build the content of a box."""
        return [["mrow", {"class": "boxed"}, self._argument()]]

    def stacked(self, name: str) -> list[Math]:
        """Build something above or below something else."""
        script, base = self._argument(), self._argument()
        return [[name, base, script]]

    def space(self, width: str) -> list[Math]:
        """Build a space."""
        return [["mspace", {"width": width}]]

    def environment(self) -> list[Math]:
        """Build a matrix, cases or lines of equations."""
        name = self._words().rstrip("*")
        if name == "array":
            self._words()
        rows: list[list[list[Math]]] = [[]]
        while True:
            rows[-1].append(self._group("&", BREAK, "\\end"))
            if self._end == BREAK:
                rows.append([])
            elif self._end != "&":
                break
        if self._end == "\\end":
            self._words()
        rows = [row for row in rows if any(row)]
        table = _table(rows, "cases" if name == "cases" else "lines" if name in ROWS else "")
        opening, closing = ("{", "") if name == "cases" else tuple(FENCES.get(name, "")) or ("", "")
        return [*_fence(opening), table, *_fence(closing)]


COMMANDS: dict[str, Callable[[_Builder], list[Math]]] = {
    **dict.fromkeys(("\\frac", "\\tfrac", "\\dfrac", "\\cfrac"), _Builder.fraction),
    **dict.fromkeys(("\\binom", "\\tbinom", "\\dbinom"), _Builder.binomial),
    **dict.fromkeys(("\\overset", "\\stackrel"), partial(_Builder.stacked, name="mover")),
    "\\underset": partial(_Builder.stacked, name="munder"),
    "\\sqrt": _Builder.root,
    "\\not": _Builder.negation,
    "\\pmod": _Builder.modulus,
    "\\boxed": _Builder.boxed,
    "\\begin": _Builder.environment,
    "\\quad": partial(_Builder.space, width="1em"),
    "\\qquad": partial(_Builder.space, width="2em"),
}


def to_accent(mark: str) -> str:
    """Return the sign that stands by itself for a combining mark."""
    return {"\u0302": "^", "\u0304": "¯", "\u20d7": "→", "\u0307": "˙", "\u0308": "¨", "\u0303": "~"}.get(mark, mark)


def _leaf(token: str) -> list[Math]:
    """Return the element of one character or of a command that stands for one."""
    sign = to_symbol(token).strip()
    if not sign:
        return []
    if sign.startswith("\\"):
        return [["mtext", sign]]  # unknown: as it was written
    if sign.isdigit():
        return [["mn", sign]]
    if sign in STIFF:
        return [["mo", {"stretchy": "false"}, sign]]
    if sign == "-":
        return [["mo", "−"]]
    return [["mi" if sign.isalpha() or sign in "∞∅°" else "mo", sign]]


def _row(parts: Sequence[Math]) -> Math:
    return parts[0] if len(parts) == 1 else ["mrow", *parts]


def _fence(sign: str) -> list[Math]:
    return [["mo", {"stretchy": "true"}, sign]] if sign else []


def _table(rows: Sequence[Sequence[Sequence[Math]]], kind: str = "") -> Math:
    attributes = [{"class": kind}] if kind else []
    return ["mtable", *attributes, *(["mtr", *(["mtd", *cell] for cell in row)] for row in rows)]
