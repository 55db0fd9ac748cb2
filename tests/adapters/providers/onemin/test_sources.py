"""The pages that a web search read stand behind the answer, each once."""

import pytest

from adapters.providers.onemin.provider import OneMin
from adapters.providers.onemin.sources import MAX_SHOWN, SourceList, read_sources
from bot.messages import Preferences, WebSource
from bot.words import speaking
from emulator import Emulator
from tests.adapters.providers.onemin.conftest import Client, begun, photo, prompt, told

SEARCHING = Preferences(web_search=True)


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
