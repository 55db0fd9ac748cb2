"""Code in colours: its words, texts, numbers and remarks, told apart by one pass that grows no faster than the code."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

LONGEST = 20_000  # characters that are coloured
NUMBER = r"(?P<n>\b(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\b)"
WORD = r"(?P<w>[^\W\d]\w*)"
LINE_TEXT = r"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?"
LONG_TEXT = r"\"\"\"(?s:.*?)(?:\"\"\"|\Z)|'''(?s:.*?)(?:'''|\Z)"
BLOCK = r"/\*(?s:.*?)(?:\*/|\Z)"

# What remarks and texts look like in a family of languages.
FAMILIES = {
    "hash": (r"\#[^\n]*", f"{LONG_TEXT}|{LINE_TEXT}"),
    "slash": (rf"//[^\n]*|{BLOCK}", rf"`(?:[^`\\]|\\.)*`?|{LINE_TEXT}"),
    "dash": (rf"--[^\n]*|{BLOCK}", LINE_TEXT),
    "style": (BLOCK, LINE_TEXT),
    "markup": (r"<!--(?s:.*?)(?:-->|\Z)", LINE_TEXT),
}
LANGUAGES = {
    "hash": "python py bash sh shell zsh console ruby rb yaml yml toml r perl make makefile dockerfile ini conf julia",
    "slash": "javascript js jsx typescript ts tsx json c h cpp c++ cc java go rust rs swift kotlin kt php cs "
    "csharp scala dart groovy zig",
    "dash": "sql lua haskell hs elm ada vhdl",
    "style": "css scss less",
    "markup": "html xml svg vue",
}
FAMILY_OF = {language: family for family, names in LANGUAGES.items() for language in names.split()}

KEYWORDS_TEXT = """
abstract and as assert async await begin bool boolean break by case catch char class const continue create def
default defer del delete do done double drop elif else elsif end enum esac except export extends extern false
False fi final finally float fn for foreach from func function global go goto group having if impl implements
import in inner insert instanceof int interface into is join lambda left let limit local long loop match mod
module mut namespace new nil none None nonlocal not null nullptr object of on or order outer override package
pass private protected pub public raise record rescue return right select self set short static struct super
switch table template then this throw throws trait true True try type typedef typeof union unless until update
use using values var virtual void volatile when where while with yield SELECT FROM WHERE AND OR NOT NULL
INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE DROP ALTER INDEX JOIN LEFT RIGHT INNER OUTER ON GROUP BY
ORDER HAVING LIMIT AS DISTINCT UNION ALL CASE WHEN THEN ELSE END IN IS LIKE
"""
KEYWORDS = frozenset(KEYWORDS_TEXT.split())
CLASSES: Mapping[str, str] = {"c": "remark", "s": "text", "n": "figure"}


def colour_code(code: str, language: str) -> list[Any]:
    """Return the code as texts and spans with classes; in a language that is not known, or very long, one text."""
    family = FAMILY_OF.get(language.lower())
    if family is None or len(code) > LONGEST:
        return [code]
    return [part for part in _coloured(code, family) if part]


@cache
def _pattern(family: str) -> re.Pattern[str]:
    remark, text = FAMILIES[family]
    return re.compile(f"(?P<c>{remark})|(?P<s>{text})|{NUMBER}|{WORD}")


def _coloured(code: str, family: str) -> Iterator[Any]:
    end = 0
    for match in _pattern(family).finditer(code):
        kind = match.lastgroup or ""
        name = CLASSES.get(kind) or ("keyword" if match[0] in KEYWORDS else "")
        if name:
            yield code[end : match.start()]
            yield ["span", {"class": name}, match[0]]
            end = match.end()
    yield code[end:]
