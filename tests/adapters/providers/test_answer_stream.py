"""Whoever answers, people read its words, and an honest one when it broke off."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers import answer_stream as answers
from adapters.providers.answer_stream import BlankTrimmer, EndFrame, Frame, ResultFrame, TextFrame, read_pieces
from adapters.providers.error_rules import ServiceFailure
from bot.errors import BotError, Busy, Cut, Refused
from bot.messages import Piece, Text, Usage


async def of(*frames: Frame | BotError) -> AsyncGenerator[Frame, None]:
    for frame in frames:
        if isinstance(frame, BotError):
            raise frame
        yield frame


async def open_end(*frames: Frame) -> AsyncGenerator[Frame, None]:
    for frame in frames:
        yield frame
    await asyncio.Event().wait()


def judge(failed: ServiceFailure) -> BotError:
    return Refused(failed.code) if failed.code else Busy("provider_down", status=500)


async def told(*frames: Frame | BotError) -> list[Piece]:
    return [piece async for piece in read_pieces(of(*frames), judge)]


async def wrong(*frames: Frame | BotError) -> BotError:
    with pytest.raises(BotError) as raised:
        await told(*frames)
    return raised.value


async def test_words_come_as_they_are_said_and_the_usage_last() -> None:
    assert await told(TextFrame("A "), TextFrame(""), TextFrame("cat."), EndFrame()) == [
        Text("A"),
        Text(" cat."),
        Usage(),
    ]
    assert await told(TextFrame("A cat."), ResultFrame("", Usage(None, 3, 4, 0.1))) == [
        Text("A cat."),
        Usage(None, 3, 4, 0.1),
    ]


async def test_the_whole_text_of_the_record_is_told_when_no_words_came() -> None:
    assert await told(ResultFrame(" A cat. ", Usage(5))) == [Text("A cat."), Usage(5)]
    assert await told(TextFrame("A cat."), ResultFrame("A cat.", Usage(5))) == [Text("A cat."), Usage(5)]


async def test_what_breaks_off_after_words_is_cut_and_before_is_what_it_is() -> None:
    lost = Busy("provider_unreachable")

    for broken in ((lost,), (ServiceFailure("stream"),), ()):
        cut = await wrong(TextFrame("A cat"), *broken)
        assert isinstance(cut, Cut)
        assert cut.code == "answer_cut"
    assert await wrong(lost) is lost
    assert (await wrong(TextFrame(" "), ServiceFailure("stream"))).code == "provider_down"
    assert isinstance(await wrong(), Busy)


@pytest.mark.parametrize("key", ["provider_no_credits", "provider_filtered"])
async def test_some_things_are_worth_saying_after_half_an_answer(key: str) -> None:
    said = await wrong(TextFrame("A cat"), ServiceFailure("stream", key))

    assert isinstance(said, Refused)
    assert said.code == key


async def test_an_empty_answer_is_named_as_such() -> None:
    for frames in ((EndFrame(),), (TextFrame(" \n"), EndFrame()), (ResultFrame(" ", Usage()),)):
        assert (await wrong(*frames)).code == "provider_empty"


async def test_an_answer_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_LENGTH", 10)

    assert (await wrong(TextFrame("A cat. "), TextFrame("A dog."))).code == "provider_too_long"
    assert (await wrong(ResultFrame("A cat. A dog.", Usage()))).code == "provider_too_long"


@pytest.mark.parametrize("last", [EndFrame(), ResultFrame("A cat", Usage(5))])
async def test_a_stream_that_does_not_close_after_its_end_is_left(monkeypatch: pytest.MonkeyPatch, last: Frame) -> None:
    monkeypatch.setattr(answers, "DRAIN_TIMEOUT", 0.05)

    async with asyncio.timeout(30):
        got = [piece async for piece in read_pieces(open_end(TextFrame("A cat"), last), judge)]
    assert got[0] == Text("A cat")


@given(st.text(alphabet=" \n\ta\u00a0"), st.lists(st.integers(0, 50), max_size=8))
def test_blanks_at_both_ends_go_wherever_it_is_cut(text: str, cuts: list[int]) -> None:
    at = sorted(min(cut, len(text)) for cut in cuts)
    parts = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    blanks = BlankTrimmer()

    assert "".join(map(blanks.feed, parts)) + blanks.end() == text.strip()
