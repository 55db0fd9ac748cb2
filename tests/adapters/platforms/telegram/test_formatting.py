"""Markdown is shown as it was meant, at every moment of its growing, and never loses a word."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import MessageEntity

from adapters.platforms.telegram.formatting import (
    MAX_ENTITIES,
    MAX_LENGTH,
    PLACEHOLDER,
    RenderedText,
    hide,
    render,
    rendered_length,
)
from bot.replies.markdown import LONGEST as MOST_PARSED
from bot.replies.pages import pages, units
from tests.doubles import telegram_view

ANSWER = """# What I see

A **cat** on a *sofa*; `Vec<T>` and ~~nothing~~ more.

1. It is [orange](https://example.org/o_(1)).
2. It is 🐈‍⬛ years old:
   - about `<three>`
   > said _nobody_

| who | age |
|-----|-----|
| Tom | 3   |

```python
for x in a<b>:
    print("**not bold**")
```

<details><summary>More</summary>

Hidden <b>words</b>, ||spoiled|| and $x^2$.
</details>

See[^1] and [the list][2].

[^1]: A footnote

[2]: https://example.org/2
[3]: https://example.org/unused
"""

PIECES = st.sampled_from(
    [
        *[
            "word",
            "katze ",
            "🐈",
            "é",
            "\n",
            "\n\n",
            " ",
            "**",
            "*",
            "_",
            "`",
            "```",
            "```py\n",
            "~~~",
            "||",
            "> ",
            "- ",
        ],
        *[
            "1. ",
            "# ",
            "| a | b |\n|--|--|\n",
            "[",
            "](https://x.y)",
            "](javascript:x)",
            "![",
            "<",
            ">",
            "<div>",
            "</div>",
        ],
        *[
            "<!--",
            "-->",
            "<b>",
            "[^1]: ",
            "[a]: /u\n",
            "\\",
            "$",
            "\\(",
            "&lt;",
            "    ",
            "---\n",
            "<tg-spoiler>",
            "\0",
            "\ud83d",
        ],
    ]
)
DOCUMENTS = st.lists(PIECES, max_size=60).map("".join)


def pieces(shown: RenderedText, kind: str) -> list[str]:
    """The text below each entity of a kind."""
    return [covered(shown, each) for each in shown.entities if each.type == kind]


def covered(shown: RenderedText, entity: MessageEntity) -> str:
    source = shown.text.encode("utf-16-le")
    return source[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def is_fit_for_telegram(shown: RenderedText) -> bool:
    return shown.text.strip() != "" and shown.text.encode("utf-8") is not None and not telegram_view.faults(shown)


def test_an_answer_is_shown_as_it_was_meant() -> None:
    shown = render(ANSWER)
    assert pieces(shown, "bold")[:2] == ["What I see", "cat"]
    assert pieces(shown, "italic") == ["sofa", "nobody"]
    assert pieces(shown, "code")[:2] == ["Vec<T>", "<three>"]
    assert pieces(shown, "strikethrough") == ["nothing"]
    assert pieces(shown, "spoiler") == ["spoiled"]
    assert [each.url for each in shown.entities if each.url] == ["https://example.org/o_(1)", "https://example.org/2"]
    assert [each.language for each in shown.entities if each.language] == ["python"]
    assert pieces(shown, "expandable_blockquote") == ["More\n\nHidden <b>words</b>, spoiled and x²."]
    for kept in ("See¹ and the list", "¹ A footnote", "[3]: https"):
        assert kept in shown.text


def test_what_is_about_a_spoiler_is_behind_one_but_for_code() -> None:
    shown = hide(render("It is a **cat** and ||a dog||, in `code`."))
    assert pieces(shown, "spoiler") == ["It is a cat and a dog, in ", "."]
    assert pieces(shown, "bold") == ["cat"]
    assert pieces(hide(render("Only words.")), "spoiler") == ["Only words."]


def test_an_answer_is_fit_for_telegram_at_every_moment_of_its_growing() -> None:
    for end in range(1, len(ANSWER)):
        assert is_fit_for_telegram(render(ANSWER[:end] + " ▌")), ANSWER[:end]


@given(DOCUMENTS)
@settings(max_examples=300, deadline=None)
def test_anything_is_fit_for_telegram(markdown: str) -> None:
    assert is_fit_for_telegram(render(markdown))


WORDS = st.lists(
    st.one_of(
        st.from_regex(r"[a-z]{4,8}", fullmatch=True),
        st.sampled_from(
            ["<div>", "</div>", "<b>", "</b>", "<!-- x", "-->", "<T>", "**", "`", "\n", "\n\n", "<script>", "<?a"]
        ),
    ),
    max_size=30,
).map(" ".join)


@given(WORDS)
@settings(max_examples=300, deadline=None)
def test_html_loses_no_word(markdown: str) -> None:
    shown = render(markdown).text
    for word in re.findall(r"[a-z]{4,}", markdown):
        assert word in shown


@pytest.mark.parametrize(
    "text",
    [
        "Use Vec<T> and <div> in text, a<b>c</b>",
        "<think>hmm\nmore</think>\n\nanswer",
        "<!-- multi\nline -->\ntext",
        "<https://a.b> <span>",
        "<script>\nalert(1)\n</script>",
        "a < b and c > d",
    ],
)
def test_html_is_shown_as_it_was_written(text: str) -> None:
    expected = text.replace("<https://a.b>", "https://a.b")
    assert render(text).text == expected


def test_html_in_code_gets_no_backslash() -> None:
    assert render("<div>\nsee `a<b>`\n</div>").text == "<div>\nsee a<b>\n</div>"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "cat.md", "http://[x"]
)
def test_a_link_that_leads_nowhere_good_is_only_its_text(url: str) -> None:
    shown = render(f"see [this]({url}) please")
    assert shown.entities == ()
    assert "this" in shown.text


@pytest.mark.parametrize("url", ["https://a.b/c", "http://a.b", "mailto:a@b.c", "tg://user?id=1"])
def test_a_link_that_leads_somewhere_is_a_link(url: str) -> None:
    assert [each.url for each in render(f"see [this]({url})").entities] == [url]


def test_too_much_formatting_keeps_the_code() -> None:
    shown = render("*a* " * 150 + "\n```py\nx = 1\n```")
    assert len(shown.entities) == MAX_ENTITIES
    assert pieces(shown, "pre") == ["x = 1"]
    assert is_fit_for_telegram(shown)


@pytest.mark.parametrize("piece", ["[a{}](https://a.b/{})", "||a{}||"])
def test_no_link_and_no_spoiler_is_one_too_many(piece: str) -> None:
    markdown = " ".join(piece.format(n, n) for n in range(250))
    shown = [render(page) for page in pages(markdown, MAX_LENGTH, measure=rendered_length)]
    assert sum(len(page.entities) for page in shown) == 250
    assert all(is_fit_for_telegram(page) for page in shown)


@pytest.mark.parametrize(
    ("markdown", "entities"),
    [
        ("**a `b` c**", [("bold", "a "), ("code", "b"), ("bold", " c")]),
        ("**`b`**", [("code", "b")]),
        ("[`b`](https://a.b)", [("text_link", "b")]),
        ("<kbd>[b](https://a.b)</kbd>", [("text_link", "b")]),
        ("[![b](https://a.b/c.png)](https://a.b/d)", [("text_link", "🖼 b")]),
        ("<mark>a **b**</mark>", [("bold", "a b")]),
        ("> ```\n> b\n> ```", [("blockquote", "b"), ("pre", "b")]),
        ("||a `b`||", [("spoiler", "a "), ("code", "b")]),
    ],
)
def test_formats_are_in_each_other_only_as_telegram_allows_it(markdown: str, entities: list[tuple[str, str]]) -> None:
    shown = render(markdown)
    assert [(each.type, covered(shown, each)) for each in shown.entities] == entities


def test_a_table_that_grows_too_wide_is_shown_as_it_was_written() -> None:
    table = "| a | b |\n|---|---|\n" + f"| {'x' * 1500} | y |\n" + "| 1 | 2 |\n" * 20
    shown = render(table)
    assert shown.entities == ()
    assert units(shown.text) <= MAX_LENGTH


@pytest.mark.parametrize("nothing", ["", "  \n", "\u200b", "\ufeff \n"])
def test_nothing_is_shown_as_a_sign(nothing: str) -> None:
    assert render(nothing).text == PLACEHOLDER


def test_what_has_only_formatting_is_shown_as_it_was_written() -> None:
    assert render("```\n```").text == "```\n```"


def test_more_than_anybody_reads_is_not_rendered() -> None:
    assert render("**a** " * MOST_PARSED).entities == ()


def test_a_long_answer_continues_in_further_posts_with_its_code_intact() -> None:
    code = "\n".join(f"line_{n} = '<{n}>'" for n in range(600))
    shown = [render(page) for page in pages(f"Here:\n\n```python\n{code}\n```\nDone.", MAX_LENGTH)]
    assert all(units(page.text) <= MAX_LENGTH for page in shown)
    assert all("python" in [each.language for each in page.entities] for page in shown)
    assert "\n".join("\n".join(pieces(page, "pre")) for page in shown) == code


def test_a_link_whose_text_is_another_address_shows_where_it_leads() -> None:
    shown = render("see [https://bank.example/login](https://evil.example/x), [the *bank*](https://bank.example)")
    assert shown.text == "see https://bank.example/login (evil.example), the bank"
    assert pieces(shown, "text_link") == ["https://bank.example/login", "the bank"]


def test_quotes_and_lists_within_each_other_are_shown_in_order() -> None:
    shown = render("> a\n>\n> > b\n\n- one\n  - two\n    1. three\n- [x] done\n- [ ] open\n\n***\n\n```\nx\n```")
    assert shown.text == "a\n\nb\n\n• one\n  • two\n    1. three\n• ☑ done\n• ☐ open\n\n————————\n\nx"
    assert pieces(shown, "blockquote") == ["a\n\nb"]


def test_a_table_is_aligned_by_the_width_of_its_letters() -> None:
    table = "| a | b |\n|--|--|\n| 日本 | **x** |\n| 🐈 | `y` |"
    assert render(table).text == "a    | b\n-----+--\n日本 | x\n🐈   | y"
