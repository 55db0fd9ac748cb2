"""Conversion of LaTeX to Unicode, which every chat shows; prices and the like are not LaTeX."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from pylatexenc.latex2text import get_default_latex_context_db
from pylatexenc.macrospec import LatexContextDb

DEEPEST = 30  # nested groups and commands
COMMAND = re.compile(r"\\[A-Za-z,;:%{]")
RELATION = re.compile(r"[=^_<>]")
PROSE = re.compile(r"[a-z]{3}|[A-Z]{4}|[€£¥]|[^\w)\]}'!%|]$")
IN_BRACES = re.compile(r"\{[^{}]+\}")
OPENING, CLOSING = "{}"
TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\s+|.", re.DOTALL)

SYMBOLS = {  # missing or different in pylatexenc
    "\\\\": "\n",
    "~": " ",
    "$": "",
    "&": " ",
    "\\,": " ",
    "\\;": " ",
    "\\:": " ",
    "\\!": "",
    "\\ ": " ",
    "\\{": "{",
    "\\}": "}",
    "\\%": "%",
    "\\#": "#",
    "\\_": "_",
    "\\$": "$",
    "\\&": "&",
    "\\|": "‖",
    "\\ne": "≠",
    "\\land": "∧",
    "\\lor": "∨",
    "\\lnot": "¬",
    "\\implies": "⟹",
    "\\impliedby": "⟸",
    "\\iff": "⟺",
    "\\degree": "°",
    "\\colon": ":",
    "\\prime": "′",
    "\\quad": " ",
    "\\qquad": " ",
    "\\lbrack": "[",
    "\\gets": "←",
    "\\rbrack": "]",
    "\\displaystyle": "",
    "\\textstyle": "",
    "\\limits": "",
    "\\nolimits": "",
    "\\hline": "",
    "\\tag": "",
    "\\label": "",
    "\\bmod": " mod ",
    "\\varnothing": "∅",
    "\\dots": "…",
    "\\ldots": "…",
}
ACCENTS = {
    "\\hat": "\u0302",
    "\\widehat": "\u0302",
    "\\bar": "\u0304",
    "\\vec": "\u20d7",
    "\\dot": "\u0307",
    "\\ddot": "\u0308",
    "\\tilde": "\u0303",
    "\\widetilde": "\u0303",
}
LINES = {"\\overline": "\u0305", "\\underline": "\u0332", "\\overbrace": "\u0305", "\\underbrace": "\u0332"}
LETTERS = {
    "\\mathbb": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
    "\\mathcal": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "\\mathfrak": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
}
ALPHABETS = ("bf", "it", "sf", "tt", "rm", "bb", "cal", "frak")
UPRIGHT = frozenset(f"\\{where}{alphabet}" for where in ("math", "text") for alphabet in ALPHABETS) | {
    *("\\text", "\\textup", "\\mathop", "\\operatorname", "\\mbox", "\\bm", "\\boldsymbol")
}
SIZES = ("left", "right", "middle", "big", "Big", "bigg", "Bigg")
DELIMITERS = frozenset(f"\\{size}{side}" for size in SIZES for side in ("", "l", "r")) | {
    "\\left",
    "\\right",
    "\\middle",
}
FENCES = {"pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖"}


def is_formula(tex: str, in_brackets: str = "") -> bool:
    r"""Tell mathematics from text between two prices; `in_brackets`: the \( or \[ that it stands in."""
    if COMMAND.search(tex):
        return True
    if in_brackets and not RELATION.search(tex) and (in_brackets == "\\[" or tex.strip()[:1].isdigit()):
        return False
    bare = IN_BRACES.sub("{}", tex)
    is_amount = bare[:1].isdigit() and " " in bare and not RELATION.search(bare)
    return not is_amount and not PROSE.search(bare.strip() if in_brackets else bare)


def is_display_formula(tex: str) -> bool:
    """Tell whether the text between pairs of dollar signs is mathematics."""
    return "=" in tex or is_formula(tex.strip())


def to_unicode(tex: str) -> str:
    """Convert a formula to Unicode. One with unbalanced braces, or nested too deep, stays as it was written."""
    tex = " ".join(tex.split())
    try:
        converted = _Converter(tex).convert()
    except ValueError:
        return tex
    return "\n".join(filter(None, map(str.strip, converted.splitlines()))) or tex


class _Converter:
    """Converts one formula, from its beginning to its end."""

    def __init__(self, tex: str) -> None:
        self._tokens = TOKEN.findall(tex)
        self._at = self._depth = 0
        self._end = ""  # the token at which the last group ended

    def convert(self) -> str:
        """Convert all of it; ValueError if it is malformed."""
        converted = self._group()
        if self._end:
            raise ValueError(self._end)
        return converted

    def _group(self, *ends: str) -> str:
        """Convert everything before one of these tokens."""
        parts: list[str] = []
        while (token := self._next()) not in {*ends, CLOSING, ""}:
            piece = self._converted(token)
            if parts and parts[-1].endswith(" "):
                piece = piece.lstrip(" ")
            if piece:
                parts.append(piece)
        self._end = token
        return "".join(parts)

    def _next(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        self._at += 1
        return token

    def _braced(self) -> str:
        group = self._group()
        if self._end != CLOSING:
            raise ValueError(self._end)
        return group

    def _argument(self) -> str:
        """Convert the group or the token that a command applies to."""
        while (token := self._next()).isspace():
            pass
        if token == CLOSING:
            self._at -= 1
            return ""
        return self._converted(token) if token else ""

    def _option(self) -> str:
        """Convert the square brackets after a command."""
        if self._tokens[self._at : self._at + 1] != ["["]:
            return ""
        self._at += 1
        return self._group("]")

    def _converted(self, token: str) -> str:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError(DEEPEST)
        converted = self._shape(token)
        self._depth -= 1
        return converted

    def _shape(self, token: str) -> str:
        if token == OPENING:
            return self._braced()
        if token in {"^", "_"}:
            return _script(token, self._argument())
        if token.isspace():
            return " "
        command = COMMANDS.get(token)
        return command(self) if command else self._styled(token)

    def _styled(self, token: str) -> str:
        """Convert a command of a family: accents, alphabets, lines above or below, delimiters."""
        if token in ACCENTS:
            return _accented(self._argument(), ACCENTS[token])
        if token in LINES:
            return "".join(letter + LINES[token] for letter in self._argument())
        if token in LETTERS:
            return "".join(to_letter(letter, *LETTERS[token]) for letter in self._argument())
        if token in UPRIGHT:
            return self._argument()
        if token in DELIMITERS:
            delimiter = self._next()
            return "" if delimiter == "." else to_symbol(delimiter)
        return to_symbol(token)

    def fraction(self) -> str:
        """Convert the two arguments of a fraction."""
        above, below = self._argument().strip(), self._argument().strip()
        return f"{_parenthesized(above)}/{_parenthesized(below)}" if above or below else ""

    def binomial(self) -> str:
        """Convert the two arguments of a binomial coefficient."""
        return f"C({self._argument()}, {self._argument()})"

    def root(self) -> str:
        """Convert a root of any degree."""
        degree, radicand = self._option().strip(), self._argument().strip()
        radix = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree, f"{_script('^', degree)}√")
        return radix + "".join(letter + LINES["\\overline"] for letter in radicand)

    def negation(self) -> str:
        """Strike through the next character."""
        struck = self._argument()
        return unicodedata.normalize("NFC", f"{struck[:1]}\u0338{struck[1:]}")

    def modulus(self) -> str:
        """Convert the modulus of a congruence."""
        return f" (mod {self._argument()})"

    def boxed(self) -> str:
        """Convert the content of a box."""
        return f"[{self._argument()}]"

    def above(self) -> str:
        """Convert a character with another one above it."""
        return _script("^", self._argument(), of=self._argument)

    def below(self) -> str:
        """Convert a character with another one below it."""
        return _script("_", self._argument(), of=self._argument)

    def environment(self) -> str:
        """Convert a matrix, cases or lines of equations, with a line for each row."""
        name = self._argument().rstrip("*")
        if name == "array":
            self._argument()
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self._group("&", "\\\\", "\\end").strip())
            if self._end == "\\\\":
                rows.append([])
            elif self._end != "&":
                break
        self._argument()
        return _rows(name, [row for row in rows if any(row)])


COMMANDS: dict[str, Callable[[_Converter], str]] = {
    **dict.fromkeys(("\\frac", "\\tfrac", "\\dfrac", "\\cfrac"), _Converter.fraction),
    **dict.fromkeys(("\\binom", "\\tbinom", "\\dbinom"), _Converter.binomial),
    **dict.fromkeys(("\\overset", "\\stackrel"), _Converter.above),
    "\\underset": _Converter.below,
    "\\sqrt": _Converter.root,
    "\\not": _Converter.negation,
    "\\pmod": _Converter.modulus,
    "\\boxed": _Converter.boxed,
    "\\begin": _Converter.environment,
}


def _rows(name: str, rows: list[list[str]]) -> str:
    if name == "cases":
        lines = [", ".join(filter(None, row)) for row in rows]
        braces = ["⎧"] + ["⎨"] * (len(lines) - 2) + ["⎩"]
        return "\n".join(f"{brace} {line}" for brace, line in zip(braces, lines, strict=False))
    fences = FENCES.get(name, "")
    between = "  " if "matrix" in name or name == "array" else " "
    return fences[:1] + "\n".join(between.join(row) for row in rows) + fences[1:]


def to_symbol(token: str) -> str:
    """Return the character of a command; an unknown one stays as it was written."""
    if token in SYMBOLS or not token.startswith("\\"):
        return SYMBOLS.get(token, token)
    macro = _macros().get_macro_spec(token[1:])
    sign = getattr(macro, "simplify_repl", None)
    return sign if isinstance(sign, str) and "%" not in sign else token


def script(sign: str, text: str) -> str:
    """Write text above (^) or below (_) the line; where Unicode lacks some of its characters, with that sign."""
    return _script(sign, text)


def _script(sign: str, text: str, of: Callable[[], str] = str) -> str:
    """Write text above or below the line; in brackets if Unicode lacks some of its characters."""
    base, text = of(), text.strip()
    signs = _scripts()[sign]
    if all(letter in signs for letter in text):
        return base + "".join(signs[letter] for letter in text)
    return f"{base}{sign}{text}" if len(text) == 1 else f"{base}{sign}({text})"


def _accented(text: str, accent: str) -> str:
    return text[:1] + accent + text[1:] if text else ""


def to_letter(letter: str, *alphabets: str) -> str:
    """Return a letter of a mathematical alphabet: some of them have older code points with other names."""
    size = "CAPITAL" if letter.isupper() else "SMALL"
    for alphabet in alphabets:
        try:
            return unicodedata.lookup(f"{alphabet} {size} {letter.upper()}")
        except KeyError:
            continue
    return letter


def _parenthesized(text: str) -> str:
    is_single = all(letter.isalnum() or letter == "_" or unicodedata.combining(letter) for letter in text)
    return text if is_single else f"({text})"


@cache
def _macros() -> LatexContextDb:
    return get_default_latex_context_db()


@cache
def _scripts() -> dict[str, dict[str, str]]:
    """Return the raised and the lowered form of each character that has one, from Unicode's own tables."""
    scripts = {
        "^": {" ": " ", "-": "⁻", "∘": "°", "°": "°", "−": "⁻", "′": "′", "*": "*"},
        "_": {" ": " ", "-": "₋", "−": "₋"},
    }
    kinds = {"<super>": "^", "<sub>": "_"}
    for letter in map(chr, range(0xAA, 0x2C7E)):
        kind, _, code = unicodedata.decomposition(letter).partition(" ")
        if kind in kinds and " " not in code:
            scripts[kinds[kind]].setdefault(chr(int(code, 16)), letter)
    return scripts
