"""What 1min.ai says besides the answer is not shown, and nothing of the answer goes with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.onemin.stream_cleaner import DuplicateTailFilter, StreamCleaner, clean

CRAWL = "🌐 Crawling site https://example.com/a?b=c\n"
FOOTER = "Here is some information from the links you provided"

NOISY = {
    CRAWL + "A cat.": "A cat.",
    CRAWL + CRAWL + "\nA cat.": "A cat.",
    "Let me see.\n" + CRAWL + "A cat.": "Let me see.\nA cat.",
    "🌐 Crawling site https://a.example🌐 Crawling site https://b.example\nA cat.": "A cat.",
    "🌐 Crawling site https://a.example A cat.": "A cat.",
    "A cat.\n🌐 Crawling site https://a.example": "A cat.",
    f"A cat.\n\n{FOOTER}:\n- https://example.com\n- https://example.org/x\n": "A cat.",
    f"A cat.{FOOTER}": "A cat.",
    f"A cat.\n{FOOTER}:\n1. https://example.com": "A cat.",
    f"{CRAWL}A cat.\n\n{FOOTER}:\n{CRAWL}": "A cat.",
    "  \n A cat. \n": "A cat.",
}
INNOCENT = (
    f"{FOOTER}: the first is about cats.",
    f"A cat.\n\n{FOOTER}:\n- https://example.com says that cats purr",
    "🌐 Crawling the web is fun",
    "The words '🌐 Crawling site https://example.com' are noise.\nReally.",
    "Here is some",
    "🌐",
    "🌐 Crawling site",
    "A line\n🌐 and a globe",
)


@pytest.mark.parametrize("text", NOISY)
def test_noise_goes(text: str) -> None:
    assert clean(text) == NOISY[text]


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_looks_like_noise_stays(text: str) -> None:
    assert clean(text) == text


@given(st.sampled_from([*NOISY, *INNOCENT]), st.lists(st.integers(0, 200), max_size=20))
def test_noise_goes_wherever_it_is_cut(text: str, cuts: list[int]) -> None:
    at = sorted(min(cut, len(text)) for cut in cuts)
    noise = StreamCleaner()
    parts = [noise.feed(text[start:end]) for start, end in zip([0, *at], [*at, len(text)], strict=True)]

    assert "".join(parts) + noise.end() == clean(text)


_PARTS = st.sampled_from(
    ["🌐", " Crawling", " site ", "https://a.b", "\n", " ", "x", FOOTER, FOOTER[:9], ":", "- ", CRAWL]
)


@given(st.lists(_PARTS, max_size=25))
def test_piece_by_piece_is_the_same_as_at_once(parts: list[str]) -> None:
    noise = StreamCleaner()

    assert "".join([*map(noise.feed, parts), noise.end()]) == clean("".join(parts))


def test_words_do_not_wait_for_long() -> None:
    noise = StreamCleaner()

    assert noise.feed("A cat sits") == "A cat sits"
    assert noise.feed(" there. ") == " there."
    assert noise.feed("H") == "", "it may begin the footer"
    assert noise.feed("e sleeps.") == " He sleeps."
    assert noise.feed("\n" * 5_000 + "x"), "blanks without end are let through"


def _echoed(*texts: str, whole: str | None = None) -> str:
    echo = DuplicateTailFilter()
    return "".join([*map(echo.feed, texts), echo.end(whole)])


def test_the_whole_text_once_more_is_dropped() -> None:
    assert _echoed("A ", "cat.", "A cat.") == "A cat."
    assert _echoed("A ", "cat.", "A cat.", "", "") == "A cat."
    assert _echoed("A ", "cat.", "A cat.\n", whole="A cat.") == "A cat."
    assert _echoed(CRAWL, "A ", "cat.", "A cat.") == f"{CRAWL}A cat.", "even when it comes without the noise"


def test_people_who_laugh_are_not_silenced() -> None:
    assert _echoed("ha", "ha", "!") == "haha!"
    assert _echoed("ha", "ha", "haha", "!") == "hahahaha!"
    assert _echoed("ha", "ha", whole="haha") == "haha", "the record knows"
    assert _echoed("ha", "ha", whole="ha") == "ha"
    assert _echoed("6", "6") == "66"


def test_nothing_is_lost_before_the_end() -> None:
    echo = DuplicateTailFilter()

    assert [echo.feed(text) for text in ("no ", "no ", "no ", "yes")] == ["no ", "", "no no ", "yes"]
