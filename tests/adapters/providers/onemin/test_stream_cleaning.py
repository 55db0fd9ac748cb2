"""Remarks of 1min.ai beside the answer are not shown, and nothing of the answer goes with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.onemin.provider import OneMin
from adapters.providers.onemin.reply_reader import (
    MAX_SHOWN,
    DuplicateTailFilter,
    SourceList,
    StreamCleaner,
    clean,
    read_sources,
)
from bot.messages import Preferences, WebSource
from bot.words import speaking
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, begun, photo, prompt, told

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

SEARCHING = Preferences(web_search=True)


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


@pytest.mark.parametrize("api", ["unified", "features"])
async def test_addresses_in_the_noise_are_kept_and_shown(client: Client, emulator: Emulator, api: str) -> None:
    emulator.faults.add("crawl_noise")
    async with client(api) as onemin:
        answer = await told(onemin, await begun(onemin, "What is it?", photo(), wishes=SEARCHING))

    assert "Crawling site" not in answer.text
    assert answer.text.endswith("\n\n**Sources**\n- https://example.com")
    assert answer.text.count("https://example.com") == 1


async def test_what_the_record_lists_is_shown_with_its_title(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("searched")
    answer = await told(onemin, await begun(onemin, "What is it?", photo(), wishes=SEARCHING))

    assert answer.text.rpartition("**Sources**\n")[2].splitlines() == [
        "- https://example.com",
        "- [All about cats](https://example.org/cats)",
        "- https://example.net/dogs",
    ]
    assert answer.usage is not None


async def test_what_was_read_without_a_search_was_in_the_question(onemin: OneMin, emulator: Emulator) -> None:
    emulator.faults.add("crawl_noise")
    assert "Sources" not in (await told(onemin, prompt())).text


async def test_an_answer_that_read_nothing_has_none(onemin: OneMin) -> None:
    answer = await told(onemin, prompt("What is it?", wishes=SEARCHING))

    assert "Sources" not in answer.text


def test_they_are_said_in_the_language_of_the_chat() -> None:
    sources = SourceList("")
    sources.add(WebSource("https://example.com"))
    with speaking("de"):
        assert sources.render() == "\n\n**Quellen**\n- https://example.com"


@pytest.mark.parametrize(
    "address",
    [
        "", "example.com", "ftp://example.com", "javascript:alert(1)", "https://", "https://user:pass@example.com",
        "https://example.com/a b", "https://example.com/)](https://evil.example", "https://x/" + "a" * 600,
    ],
)  # fmt: skip
def test_what_is_no_address_is_left_out(address: str) -> None:
    sources = SourceList("")
    sources.add(WebSource(address, "A title"))
    assert sources.render() == ""


def test_an_address_of_the_question_is_no_source_and_the_same_one_is_shown_once() -> None:
    sources = SourceList("What does https://example.com/page say?")
    for address in ("https://example.com/page/", "https://a.example", "https://a.example/", "https://a.example."):
        sources.add(WebSource(address))
    assert sources.render() == "\n\n**Sources**\n- https://a.example"


def test_a_title_is_no_markup() -> None:
    sources = SourceList("")
    sources.add(WebSource("https://a.example", "**Free** [money](https://evil.example)\n<b>now</b>"))
    assert sources.render() == "\n\n**Sources**\n- [Free money https://evil.example b now /b](https://a.example)"


def test_there_is_an_end_to_them() -> None:
    sources = SourceList("")
    for n in range(50):
        sources.add(WebSource(f"https://{n}.example"))
    assert len(sources.render().splitlines()) == MAX_SHOWN + 3


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"aiRecordDetail": None},
        {"aiRecordDetail": {"promptObject": []}},
        {"aiRecordDetail": {"promptObject": {"searchContentList": None, "linkContentList": "x"}}},
        {"aiRecordDetail": {"promptObject": {"searchContentList": [None, 3, []]}}},
    ],
)
def test_a_record_of_any_shape_can_be_read(record: dict[str, object]) -> None:
    assert read_sources(record) == ()


@pytest.mark.parametrize("names", [("link", "name"), ("url", "title")])
def test_the_names_of_the_fields_are_not_known_for_sure(names: tuple[str, str]) -> None:
    entry = dict(zip(names, ("https://a.example", "A"), strict=True))
    record = {"aiRecordDetail": {"promptObject": {"linkContentList": [entry]}}}
    assert read_sources(record) == (WebSource("https://a.example", "A"),)
