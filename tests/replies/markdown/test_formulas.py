"""Formulas can be read by people, whatever state they are in."""

import pytest

from bot.replies.markdown import to_unicode


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"E = mc^2", "E = mc²"),
        (r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", "∑ᵢ₌₁ⁿ i = (n(n+1))/2"),
        (r"\sqrt{x} + \sqrt[3]{y}", "√x̅ + ∛y̅"),
        (r"\alpha \leq \beta \implies \gamma \ne \infty", "α ≤ β ⟹ γ ≠ ∞"),
        (r"x \in \mathbb{R}, \mathcal{L}, \mathfrak{H}", "x ∈ ℝ, ℒ, ℌ"),
        (r"\hat{x} \vec v \overline{ab}", "x̂ v⃗ a̅b̅"),
        (r"\text{if } a \not= b", "if a ≠ b"),
        (r"\left( \frac12 \right. \bigl|", "( 1/2 |"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "(1  2\n3  4)"),
        (r"\begin{cases} 1 & x > 0 \\ 0 \end{cases}", "⎧ 1, x > 0\n⎩ 0"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a = b\nc = d"),
        (r"\begin{array}{cc} a & b \end{array}", "a  b"),
        (r"a \equiv b \pmod{n}", "a ≡ b (mod n)"),
        (r"\binom{n}{k} \overset{!}{=} \boxed{7}", "C(n, k) =^! [7]"),
        (r"90^\circ \quad 100\,\%", "90° 100 %"),
        (r"\unknown{x}", r"\unknownx"),
        (r"x_{aq}", "x_(aq)"),
    ],
)
def test_a_formula_is_written_in_unicode(tex: str, shown: str) -> None:
    assert to_unicode(tex) == shown


@pytest.mark.parametrize("tex", [r"\frac{a", "}", "{" * 2000, "{" * 50 + "}" * 50, r"\begin{cases} {1 \end{cases}"])
def test_a_formula_that_is_not_whole_stays_as_it_was_written(tex: str) -> None:
    assert to_unicode(tex) == tex
