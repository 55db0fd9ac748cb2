"""Mathematics can be read, and what only looks like it is left alone."""

import pytest

from adapters.platforms.discord.formatting import render


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        ("$x$", "x"),
        ("the $n$th", "the nth"),
        ("$x^{2}$", "x²"),
        ("$$\\frac{a}{b}$$", "a/b"),
        ("$$\nspeed = distance\n$$", "speed = distance"),
        ("\\(\\alpha\\) and \\( n \\)", "α and n"),
        ("\\[\nx = 1\n\\]", "x = 1"),
        ("\\[ -x + \\sqrt{y} \\]", "\\-x + √y̅"),
        ("> \\[\n> x = 1\n> \\]", "> x = 1"),
        ("$\\begin{cases} 1 & x \\\\ 0 & y \\end{cases}$", "⎧ 1, x\n⎩ 0, y"),
        ("> $\\begin{cases} 1 & x \\\\ 0 & y \\end{cases}$", "> ⎧ 1, x\n> ⎩ 0, y"),
        ("H$_2$O, 10$^{-3}$ m", "H₂O, 10⁻³ m"),
        ("$a*b*c$", "a\\*b\\*c"),
        ("$x_{max} < y_{Q}$", "xₘₐₓ \\< y\\_Q"),
        ("\\(\\frac{a\\)", "\\\\frac{a"),
    ],
)
def test_mathematics_can_be_read(tex: str, shown: str) -> None:
    assert render(tex) == shown


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6",
        "US$3-$4, A$5/$10",
        "between $5 and 6$",
        "$1,000 to $2,000, or $20/$x",
        "from $5M-$6M, 5$/6$",
        "$HOME/$PATH and $foo$",
        "$20 (= 18€) and 5$",
        "$5 = $3 + $2",
        "kill $$ and $$",
        "\\[sic\\] \\[1\\] a\\(s\\) \\(1\\)",
        "`$x^2$` and\n```\n\\(x\\)\n```",
        "    \\(x\\) $y$",
    ],
)
def test_prices_and_code_are_no_mathematics(text: str) -> None:
    assert render(text) == text
