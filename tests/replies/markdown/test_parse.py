"""Markdown is parsed as people and models mean it, and nothing that is in it gets lost."""

import re

import pytest

from bot.replies.markdown import LONGEST, parse
from bot.replies.markdown.parse import DEEPEST, inline_tokens


def kinds(markdown: str) -> list[str]:
    """What there is in a line, besides text."""
    return [token.type for token in inline_tokens(parse(markdown)) if token.type not in {"text", "softbreak"}]


def words(markdown: str) -> str:
    return " ".join(token.content for token in inline_tokens(parse(markdown)) if token.content)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("||b||", ["spoiler_open", "spoiler_close"]),
        ("**||b||**", ["strong_open", "spoiler_open", "spoiler_close", "strong_close"]),
        ("a || b || c", []),
        ("|||b|||", []),
        ("||b", []),
        ("$x^2$ and \\(y\\) and $$z = 1$$", ["formula", "formula", "formula"]),
        ("$5 and $6, US$3-$4, $HOME/$PATH", []),
        ("\\(1\\) a\\(s\\) \\[sic\\]", []),
        ("- [x] a\n- [ ] b\n- [y] c", ["task", "task"]),
        ("Vec<T> <b>x</b>", []),
        ("~~a~~ ~b~", ["s_open", "s_close"]),
        ("[a][1]\n\n[1]: https://a.b", ["link_open", "link_close"]),
    ],
)
def test_what_chats_know_is_found(markdown: str, expected: list[str]) -> None:
    assert kinds(markdown) == expected


@pytest.mark.parametrize(
    ("markdown", "tex"),
    [
        ("$$\nx\n= 1\n$$", "x\n= 1"),
        ("\\[ x = 1 \\]", "x = 1"),
        ("> \\[\n> x = 1\n> \\]", "x = 1"),
        ("so that\n$$x = 1$$\nholds", "x = 1"),
    ],
)
def test_a_formula_may_have_lines_of_its_own(markdown: str, tex: str) -> None:
    [formula] = [token for token in parse(markdown) if token.type == "formula_block"]
    assert formula.content == tex


@pytest.mark.parametrize("markdown", ["$$\nx = 1", "$$\n\nx = 1\n\n$$", "$$\nplain words here\n$$", "$$"])
def test_a_formula_that_is_none_stays_text(markdown: str) -> None:
    assert not [token for token in parse(markdown) if token.type == "formula_block"]
    for word in re.findall(r"\w+", markdown):
        assert word in words(markdown)


@pytest.mark.parametrize(
    "markdown",
    ["[1]: https://a.b", "[a]: /u\n[a]: /v\n\nsee [a]", "> [a]: /u\n> [b]: /v 'title'\n\n[b]"],
)
def test_definitions_that_nothing_uses_are_shown(markdown: str) -> None:
    shown = words(markdown)
    hidden = {"/u"} if "see [a]" in markdown else {"/v", "title"} if "[b]" in markdown else set()
    for word in re.findall(r"[/\w^.]+", markdown.replace("'title'", "title")):
        assert word in shown or word in hidden, word


@pytest.mark.parametrize("sign", ["> ", "- ", "1. ", ">", "- > "])
def test_what_is_nested_too_deep_is_shown_as_it_was_written(sign: str) -> None:
    markdown = sign * (DEEPEST + 10) + "words"
    [_, line, _] = parse(markdown)
    assert line.children is not None
    assert line.children[0].content == markdown


def test_what_is_too_long_is_shown_as_it_was_written() -> None:
    markdown = "**a** " * LONGEST
    assert words(markdown) == markdown
