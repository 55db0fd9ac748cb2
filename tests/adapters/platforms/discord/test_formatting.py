"""Markdown becomes what Discord shows well, at every moment of its growing, and code stays as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.discord.dialect import RULE
from adapters.platforms.discord.escaping import ZERO_WIDTH_SPACE
from adapters.platforms.discord.formatting import MAX_LENGTH, PLACEHOLDER, render
from bot.replies.pages import pages, units

ANSWER = r"""# What I see

#### A **cat** on a sofa

It is $E = mc^2$ and \(x^2 \le 3\), for $5 and $6.

\[
\sum_{i=1}^{n} i = \frac{n(n+1)}{2}
\]

| who | age |
|-----|----:|
| Tom | 3   |
| Ann | 12  |

---

- [x] seen, says @everyone
- [ ] heard<br>not yet

```python
for x in a<b>:
    print("$x^2$ **not bold** @everyone")
```

> quoted
> ~~~
> x = 1
> ~~~

![a cat](https://example.org/cat.png) and <b>that</b> is all[^1].

[^1]: A footnote
"""

PIECES = st.sampled_from(
    [
        *["word", "日本 ", "🐈", "é", "\n", "\n\n", " ", "    ", "\t", "\r\n", "\0", "\ud83d", "\u200b", "\x1b"],
        *["**", "*", "_", "`", "``", "```", "```py\n", "~~~\n", "||", "> ", ">>> ", "- ", "1. ", "# ", "#### ", "-# "],
        *["| a | b |\n|--|:-:|\n", "| x | `y\\|z` |\n", "|", "---\n", "===\n", "- [x] ", "[^1]: ", "[a]: /u\n"],
        *["[", "](https://x.y)", "![", "<", ">", "<br>", "<div>", "</div>", "<!--", "-->", "&lt;", "&#0;", "\\"],
        *["$", "$$", "\\(", "\\)", "\\[", "\\]", "\\frac", "{", "}", "^", "x_1", "=", "\\begin{cases}", "\\\\"],
        *["@everyone", "@here", "<@123>", "<@&1>", "<#12>", "https://x.y/"],
    ]
)
DOCUMENTS = st.lists(PIECES, max_size=60).map("".join)
PROSE = st.lists(PIECES.filter(lambda piece: "`" not in piece and "~" not in piece), max_size=20).map("".join)
CODE = st.text(st.sampled_from("ab$|<>@*_#\\- \n"), max_size=40).map(lambda code: f"x{code}@everyone$x^2$")


def is_fit_for_discord(shown: str) -> bool:
    return 1 <= units(shown) <= MAX_LENGTH and shown.strip() != "" and shown.encode() != b""


# at every moment


def test_an_answer_is_shown_as_discord_can() -> None:
    shown = render(ANSWER)
    for part in (
        "# What I see",
        "**A cat on a sofa**",
        "It is E = mc² and x² ≤ 3, for $5 and $6.",
        "\n∑ᵢ₌₁ⁿ i = (n(n+1))/2\n",
        "```\nwho | age\n----+----\nTom |   3\nAnn |  12\n```",
        f"\n{RULE}\n",
        f"- ☑ seen, says @{ZERO_WIDTH_SPACE}everyone\n- ☐ heard\n  not yet\n",
        '```python\nfor x in a<b>:\n    print("$x^2$ **not bold** @everyone")\n```',
        "> quoted\n> ```\n> x = 1\n> ```",
        "[a cat](https://example.org/cat.png) and <b>that</b> is all¹.",
        "\n¹ A footnote",
    ):
        assert part in shown


def test_an_answer_is_fit_for_discord_at_every_moment_of_its_growing() -> None:
    for end in range(1, len(ANSWER)):
        assert is_fit_for_discord(render(ANSWER[:end] + " ▌")), ANSWER[:end]


@given(DOCUMENTS)
@settings(max_examples=300, deadline=None)
def test_anything_is_fit_for_discord(markdown: str) -> None:
    assert is_fit_for_discord(render(markdown))


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_is_fit_for_discord(text: str) -> None:
    assert is_fit_for_discord(render(text))


@given(PROSE, CODE, PROSE)
@settings(max_examples=300, deadline=None)
def test_code_stays_as_it_was_written(before: str, code: str, after: str) -> None:
    block = f"```py\n{code}\n```"
    assert block in render(f"{before}\n\n{block}\n\n{after}")
    span = f"`{' '.join(code.split())}`"
    assert span in render(f"@here \n\n{span}\n\n{after}")


@pytest.mark.parametrize("nothing", ["", "  \n", "\u200b", "\ufeff \n", "\0", "\x00\u2060"])
def test_nothing_is_shown_as_a_sign(nothing: str) -> None:
    assert render(nothing) == PLACEHOLDER


def test_text_without_anything_special_is_left_alone() -> None:
    text = "A **cat**, *a* [link](https://a.b), `code`, ||spoiler||\n-# small\n### Title\n1. one\n> quote"
    assert render(text) == text


# length


@pytest.mark.parametrize("text", ["---\n" * 500, "@here " * 333, "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 190])
def test_a_page_that_would_grow_too_long_is_still_shown_whole(text: str) -> None:
    shown = render(text[:MAX_LENGTH])
    assert units(shown) <= MAX_LENGTH
    assert shown.count("@") == text[:MAX_LENGTH].count("@")
    assert shown.count("1") == text[:MAX_LENGTH].count("1")


def test_more_than_a_page_is_cut() -> None:
    assert 1000 < units(render("🐈 cat " * 2000)) <= MAX_LENGTH


def test_a_long_answer_continues_in_further_posts_with_its_code_intact() -> None:
    code = "\n".join(f"line_{n} = '<{n}>' @everyone" for n in range(300))
    shown = [render(page) for page in pages(f"Here:\n\n```python\n{code}\n```\nDone.", MAX_LENGTH)]
    assert all(is_fit_for_discord(page) for page in shown)
    assert all(page.count("```") == 2 for page in shown)
    assert "\n".join(page.split("```")[1].removeprefix("python\n").rstrip("\n") for page in shown) == code


# blocks


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("#### Title", "**Title**"),
        ("###### *A* `b` ##", "***A* `b`**"),
        ("##### A **b** c", "**A b c**"),
        ("#### C#", "**C#**"),
        ("####", "####"),
        ("### Title", "### Title"),
        ("#### $x^2$", "**x²**"),
        ("> #### A\n> b", "> **A**\n> b"),
    ],
)
def test_a_low_heading_is_bold(heading: str, shown: str) -> None:
    assert render(heading) == shown


@pytest.mark.parametrize("rule", ["---", "***", "_ _ _", "-----  "])
def test_a_rule_is_a_line(rule: str) -> None:
    assert [line.rstrip() for line in render(f"a\n\n{rule}\nb").splitlines()] == ["a", "", RULE, "b"]


def test_a_line_below_a_title_is_a_line_once_it_is_long_enough() -> None:
    assert render("Title\n---\nb") == f"Title\n{RULE}\nb"
    assert render("Title\n===") == f"Title\n{RULE}"
    assert render("Title @here\n-") == f"Title @{ZERO_WIDTH_SPACE}here\n-"


def test_a_code_block_that_grows_is_shown_as_one() -> None:
    assert render("```py\nx = 1 ▌") == "```py\nx = 1 ▌\n```"
    assert render("> ```py\n> x\ny") == "> ```py\n> x\n> ```\ny"
    assert render("- a\n  ```\n  x") == "- a\n  ```\n  x\n  ```"
    assert render("```py") == "```py"


def test_fences_of_tildes_become_those_that_discord_knows() -> None:
    assert render("~~~~py\nx\n~~~~\ny") == "```py\nx\n```\ny"
    ticks = f"`{ZERO_WIDTH_SPACE}`{ZERO_WIDTH_SPACE}`"
    assert render("~~~\na\n```\n~~~") == f"```\na\n{ticks}\n```"


def test_three_quote_signs_do_not_swallow_what_follows() -> None:
    assert render(">>> print(1)\n\nThat is all.") == "\\>>> print(1)\n\nThat is all."


# inside of a line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![cat](https://a.b)", "[cat](https://a.b)"),
        ("![](https://a.b)", "https://a.b"),
        ("![x][1]\n\n[1]: https://a.b", "[x](https://a.b)"),
        ("a<br>b <BR/> c", "a\nb\nc"),
        ("a<br>\nb", "a\nb"),
        ("- a<br>b", "- a\n  b"),
        ("<div>\n\nx <b>y</b>\n</div>", "<div>\n\nx <b>y</b>\n</div>"),
        ("Vec<T> a < b &amp; c&nbsp;d", "Vec<T> a < b & c\u00a0d"),
        ("- [ ] a\n- [X] b", "- ☐ a\n- ☑ b"),
        ("see[^1]\n\n[^1]: A note<br>", "see¹\n\n¹ A note"),
        ("[bank.example](https://evil.example/x)!", "[bank.example](https://evil.example/x) (evil.example)!"),
        ("[the bank](https://evil.example/x)", "[the bank](https://evil.example/x)"),
        ("[bank.example][1]\n\n[1]: https://a.b", "[bank.example](https://a.b) (a.b)"),
        ("-# small ||spoiler|| $x$", "-# small ||spoiler|| x"),
    ],
)
def test_what_discord_does_not_know_is_said_otherwise(text: str, shown: str) -> None:
    assert render(text) == shown
