"""Formulas and code as the elements that the page makes nodes of."""

import time
from typing import Any

import pytest

from adapters.platforms.web.code_colours import FAMILIES, FAMILY_OF, colour_code
from adapters.platforms.web.formulas import to_mathml
from adapters.platforms.web.post_elements import post_elements


def text_of(element: Any) -> str:
    if isinstance(element, str):
        return element
    return "".join(map(text_of, [part for part in element[1:] if not isinstance(part, dict)]))


def short(element: Any) -> str:
    """An element in a line: its name, and in brackets what it holds."""
    if isinstance(element, str):
        return element
    inner = [short(part) for part in element[1:] if not isinstance(part, dict)]
    return f"{element[0]}({' '.join(inner)})"


@pytest.mark.parametrize(
    ("tex", "math"),
    [
        ("x^2", "msup(mi(x) mn(2))"),
        ("x_1^{n}", "msubsup(mi(x) mn(1) mi(n))"),
        ("f'", "msup(mi(f) mo(′))"),
        ("12.5", "mn(12.5)"),
        ("a-b", "mi(a) mo(−) mi(b)"),
        (r"\frac{1}{2}", "mfrac(mn(1) mn(2))"),
        (r"\frac12", "mfrac(mn(1) mn(2))"),
        (r"\sqrt{x}", "msqrt(mi(x))"),
        (r"\sqrt[3]{x}", "mroot(mi(x) mn(3))"),
        (r"\alpha \le \infty", "mi(α) mo(≤) mi(∞)"),
        (r"\sin x", "mi(sin) mi(x)"),
        (r"\text{if } x", "mtext(if\u00a0) mi(x)"),
        (r"\hat{x}", "mover(mi(x) mo(^))"),
        (r"\overline{ab}", "mover(mrow(mi(a) mi(b)) mo(‾))"),
        (r"\mathbb{R}", "mi(ℝ)"),
        (r"\binom{n}{k}", "mo(() mfrac(mi(n) mi(k)) mo())"),
        (r"\left( x \right.", "mo(() mi(x)"),
        (r"a \ne b \not= c", "mi(a) mo(≠) mi(b) mo(≠) mi(c)"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "mo(() mtable(mtr(mtd(mn(1)) mtd(mn(2))) "
         "mtr(mtd(mn(3)) mtd(mn(4)))) mo())"),
        (r"\foo{x}", r"mtext(\foo) mi(x)"),
        (r"\boxed{x}", "mrow(mi(x))"),
        ("^2", "msup(mrow() mn(2))"),
    ],
)  # fmt: skip
def test_a_formula_becomes_mathml(tex: str, math: str) -> None:
    element = to_mathml(tex)
    assert element is not None
    assert short(element[2][1]) in (math, f"mrow({math})")


def test_limits_stand_above_and_below_a_sum_in_a_block_and_beside_it_in_a_line() -> None:
    tex = r"\sum_{n=1}^N n"
    block, line = to_mathml(tex, is_block=True), to_mathml(tex)
    assert block is not None
    assert line is not None
    assert (block[1], line[1]) == ({"display": "block"}, {})
    assert [math[2][1][1][0] for math in (block, line)] == ["munderover", "msubsup"]
    assert text_of(block[2][2]) == "∑ₙ₌₁ᴺ n"


@pytest.mark.parametrize("tex", ["{x", "x}", r"\frac{1}{", "{" * 40 + "x" + "}" * 40])
def test_a_formula_that_is_malformed_or_too_deep_is_shown_in_letters(tex: str) -> None:
    assert to_mathml(tex) is None


def test_formulas_of_an_answer_are_mathml() -> None:
    [line, block] = post_elements("so $x^2$ is\n\n$$\\frac{1}{2}$$")
    assert line[2][2][0] == "math"
    assert block[2][0] == "math"


def test_code_has_its_language_and_colours() -> None:
    [block] = post_elements('```python\ndef purr():  # loud\n    return "a" * 3\n```')
    assert block[:2] == ["pre", {"tabindex": "0", "data-language": "python"}]
    spans = [part for part in block[2] if isinstance(part, list)]
    assert [(span[1]["class"], span[2]) for span in spans] == [
        ("keyword", "def"),
        ("remark", "# loud"),
        ("keyword", "return"),
        ("text", '"a"'),
        ("figure", "3"),
    ]


@pytest.mark.parametrize("language", ["python", "js", "SQL", "css", "html", "brainfuck", ""])
@pytest.mark.parametrize("code", ['x = "open', "/* open", '"""open', "'\\", "a\n\tb  ", "<!-- <b>", "´ü 1e5 0xFF"])
def test_colours_change_no_letter_of_the_code(code: str, language: str) -> None:
    assert "".join(map(text_of, colour_code(code, language))) == code


@pytest.mark.parametrize("piece", ["/*", '"""', "<!--", "'\\", "`", "1e", "a", "--", "0x"])
def test_no_code_takes_long_to_colour(piece: str) -> None:
    code = (piece * 20_000)[:20_000]
    before = time.process_time()
    for family in FAMILIES:
        colour_code(code, next(name for name, each in FAMILY_OF.items() if each == family))
    assert time.process_time() - before < 2
