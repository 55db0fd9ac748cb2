"""A long text becomes posts, and nothing is lost on the way."""

import re

from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.telegram import formatting as telegram
from bot.replies.pages import FENCE, pages, units

words = st.sampled_from(["cat", "Katze 🐈‍⬛", "猫が好き。", "a-rather-long-word-" * 6, "x" * 90, "Мир", "𝒳𝒴"])
paragraphs = st.lists(words, min_size=1, max_size=40).map(" ".join)
code = st.builds(
    lambda language, lines: f"```{language}\n" + "\n".join(lines) + "\n```",
    st.sampled_from(["", "python", "c++"]),
    st.lists(st.sampled_from(["def f():", "    return 1", "", "x = '```'  # no fence", "y" * 50]), max_size=30),
)
documents = st.lists(st.one_of(paragraphs, code), max_size=8).map("\n\n".join)
sizes = st.integers(64, 400)


def bare(text: str) -> str:
    """The text without white space and fence lines, which pages may add and take away."""
    return re.sub(r"\s", "", FENCE.sub("", text))


def test_a_short_text_is_one_page() -> None:
    assert pages("A cat.", 2000) == ["A cat."]


def test_an_empty_text_is_one_empty_page() -> None:
    assert pages("", 2000) == [""]


@given(documents, sizes)
def test_no_page_is_too_long_and_none_is_empty(text: str, size: int) -> None:
    found = pages(text, size)
    assert all(units(page) <= size for page in found)
    assert len(found) == 1 or all(page.strip() for page in found)


@given(documents, sizes)
def test_nothing_is_lost_and_nothing_is_added(text: str, size: int) -> None:
    assert bare("\n".join(pages(text, size))) == bare(text)


@given(documents, sizes, st.data())
def test_a_full_page_never_changes_as_the_text_grows(text: str, size: int, data: st.DataObject) -> None:
    so_far = text[: data.draw(st.integers(0, len(text)))]
    full = pages(so_far, size)[:-1]
    assert pages(text, size)[: len(full)] == full


def test_a_code_block_is_closed_and_opened_again_with_its_language() -> None:
    text = "Look:\n\n```python\n" + "\n".join(f"line_{n} = {n}" for n in range(40)) + "\n```\nDone."
    found = pages(text, 200)
    assert len(found) > 2
    for page in found:
        assert len(FENCE.findall(page)) % 2 == 0
    for page in found[1:-1]:
        assert page.startswith("```python\n")
        assert page.endswith("\n```")


def test_a_page_ends_where_a_reader_would_pause() -> None:
    text = "One sentence here. " * 20
    assert all(page.rstrip().endswith(".") for page in pages(text, 100))


def test_an_emoji_is_never_cut_in_half() -> None:
    found = pages("🐈" * 200, 65)
    assert "".join(found) == "🐈" * 200
    assert all(units(page) <= 65 for page in found)


def test_a_long_text_is_cut_in_linear_time() -> None:
    assert len(pages("word " * 200_000, 2000)) > 400


def test_a_reference_leads_somewhere_on_every_page() -> None:
    text = f"See [the list][1].\n\n{'word ' * 60}\n\nAnd [cats], [the list][1].\n\n[1]: https://a.b/c\n[cats]: https://a.b/d"
    shown = [telegram.render(page) for page in pages(text, 150, measure=telegram.rendered_length)]
    assert len(shown) > 2
    assert "https://a.b/c" in [entity.url for entity in shown[0].entities]
    assert {"https://a.b/c", "https://a.b/d"} <= {entity.url for page in shown[1:] for entity in page.entities}
    assert "See the list." in shown[0].text
