"""Whatever the shape and the cuts of a reply, people read the same words."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers import answer_stream as answers
from adapters.providers.answer_stream import EndFrame, Frame, TextFrame, read_pieces
from adapters.providers.onemin.errors import to_bot_error
from adapters.providers.onemin.reply_reader import StreamCleaner, read_frames
from bot.errors import BotError, Busy, Cut, Forgotten, Refused
from bot.messages import Text, Usage

SSE, JSON, PLAIN, HTML = "text/event-stream; charset=utf-8", "application/json", "text/plain", "text/html"
ANSWER = "Eine Katze 🐈‍⬛, naïve & 写真.\n\nEnde."


async def cut(body: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for chunk in body:
        yield chunk


async def read(type: str, *body: bytes) -> tuple[str, Usage]:
    text, usage = "", None
    async with aclosing(read_frames(type, cut(body))) as reply_frames:
        async for piece in read_pieces(
            reply_frames, lambda failed: to_bot_error(failed, "onemin/gpt-4o"), StreamCleaner
        ):
            if isinstance(piece, Text):
                text += piece.text
            elif isinstance(piece, Usage):
                usage = piece
    assert usage is not None
    return text, usage


async def wrong(type: str, *body: bytes) -> BotError:
    with pytest.raises(BotError) as raised:
        await read(type, *body)
    return raised.value


def event(name: str, **data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def content(*texts: str) -> bytes:
    return b"".join(event("content", content=text) for text in texts)


def record(result: Any = ANSWER, **more: Any) -> dict[str, Any]:
    metadata = {"credit": 1277, "inputToken": 31, "outputToken": 120}
    return {"metadata": metadata, "status": "SUCCESS", "aiRecordDetail": {"resultObject": result}, **more}


RESULT = event("result", aiRecord=record([ANSWER]))
DONE = event("done", message="Stream completed")
USAGE = Usage(1277, 31, 120)
DOCUMENTED = content("", ANSWER[:7], ANSWER[7:], "") + RESULT + DONE

BODIES: dict[str, tuple[str, bytes]] = {
    "events": (SSE, DOCUMENTED),
    "events with other line ends": (SSE, DOCUMENTED.replace(b"\n", b"\r\n")),
    "events with a comment first": (SSE, b": welcome\n\n" + DOCUMENTED),
    "events behind a byte order mark": (SSE, b"\xef\xbb\xbf" + DOCUMENTED),
    "events of another type": (PLAIN, DOCUMENTED),
    "events without a type": ("", DOCUMENTED),
    "events that call themselves JSON": (JSON, DOCUMENTED),
    "events without their done": (SSE, content(ANSWER) + RESULT),
    "only a result": (SSE, content("") + RESULT + DONE),
    "everything said twice": (SSE, content(ANSWER[:5], ANSWER[5:], ANSWER, "") + RESULT + DONE),
    "data without events": (SSE, f"data: {json.dumps({'content': ANSWER})}\n\ndata: [DONE]\n\n".encode()),
    "data with texts": (PLAIN, f"data: {json.dumps({'text': ANSWER})}\n\n".encode()),
    "data with responses": ("", f"data:{json.dumps({'response': ANSWER})}\n\n".encode()),
    "events without JSON": (
        SSE,
        b"event: content\ndata: " + ANSWER.replace("\n", "\ndata: ").encode() + b"\n\n" + DONE,
    ),
    "raw text": (PLAIN, ANSWER.encode()),
    "raw text without a type": ("", ANSWER.encode()),
    "raw text of a wrong charset": ("text/plain; charset=latin-1", ANSWER.encode()),
    "JSON with a list": (JSON, json.dumps({"aiRecord": record([ANSWER])}).encode()),
    "JSON with a string": (JSON, json.dumps({"aiRecord": record(ANSWER)}, ensure_ascii=False).encode()),
    "JSON with an object": (JSON, json.dumps({"aiRecord": record({"text": ANSWER})}, indent=2).encode()),
    "JSON that calls itself a stream": (SSE, json.dumps({"aiRecord": record([ANSWER])}).encode()),
    "JSON that calls itself text": (PLAIN, json.dumps({"aiRecord": record([ANSWER])}).encode()),
    "JSON of the record alone": (JSON, json.dumps(record([ANSWER])).encode()),
    "JSON with a text": (JSON, json.dumps({"response": ANSWER}).encode()),
}


@pytest.mark.parametrize("name", BODIES)
async def test_every_shape_is_read(name: str) -> None:
    type, body = BODIES[name]
    text, usage = await read(type, body)

    assert text == ANSWER
    assert usage in (USAGE, Usage())


@pytest.mark.parametrize("name", BODIES)
async def test_every_byte_may_come_by_itself(name: str) -> None:
    type, body = BODIES[name]

    assert await read(type, *(body[at : at + 1] for at in range(len(body)))) == await read(type, body)


@given(name=st.sampled_from(sorted(BODIES)), data=st.data())
@settings(max_examples=150, deadline=None)
def test_it_does_not_matter_where_a_body_is_cut(name: str, data: st.DataObject) -> None:
    type, body = BODIES[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    assert asyncio.run(read(type, *chunks))[0] == ANSWER


@given(st.text(min_size=1), st.lists(st.integers(0, 200), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_text_comes_through_whole(text: str, cuts: list[int]) -> None:
    if not text.strip():
        return
    at = sorted(min(cut, len(text)) for cut in cuts)
    parts = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    body = content(*parts) + event("result", aiRecord=record([text])) + DONE

    assert asyncio.run(read(SSE, body))[0] == text.strip()


async def test_a_stream_without_figures_has_an_empty_usage() -> None:
    bare = event("result", aiRecord={"metadata": None, "aiRecordDetail": {"resultObject": ["x"]}})

    assert (await read(SSE, content("x") + bare + DONE))[1] == Usage()
    assert (await read(PLAIN, b"x"))[1] == Usage()


async def test_figures_may_be_missing_or_strange() -> None:
    strange = record(["x"], metadata={"credit": 12.6, "inputToken": None, "outputToken": "many"})

    assert (await read(JSON, json.dumps({"aiRecord": strange}).encode()))[1] == Usage(13, None, None)


# What breaks off


@pytest.mark.parametrize("type", [SSE, PLAIN])
async def test_events_that_end_without_an_end_are_cut(type: str) -> None:
    cut_off = await wrong(type, content("A cat"))
    assert isinstance(cut_off, Cut)
    assert cut_off.code == "answer_cut"
    silent = await wrong(type, content("", ""))
    assert isinstance(silent, Busy)
    assert silent.code == "provider_unreachable"


async def test_nothing_at_all_is_tried_again() -> None:
    assert isinstance(await wrong(SSE, b""), Busy)


async def test_an_empty_answer_is_named_as_such() -> None:
    for type, body in ((SSE, content("", " ") + DONE), (PLAIN, b" \n"), (JSON, b'{"aiRecord": {}}')):
        assert (await wrong(type, body)).code == "provider_empty"


async def test_a_connection_that_breaks_keeps_what_was_said() -> None:
    async def breaking(body: bytes) -> AsyncGenerator[bytes, None]:
        yield body
        raise Busy("provider_unreachable")

    async def until_it_breaks(body: bytes) -> tuple[str, BotError | None]:
        said = ""
        try:
            async for piece in read_pieces(
                read_frames(SSE, breaking(body)), lambda failed: to_bot_error(failed, ""), StreamCleaner
            ):
                said += piece.text if isinstance(piece, Text) else ""
        except BotError as broken:
            return said, broken
        return said, None

    said, broken = await until_it_breaks(content("A cat. Here is "))
    assert said == "A cat. Here is"
    assert isinstance(broken, Cut)
    assert broken.code == "answer_cut"
    assert isinstance((await until_it_breaks(content("")))[1], Busy)
    assert await until_it_breaks(content("A cat.") + RESULT) == ("A cat.", None), "with the record it is complete"


async def test_errors_in_a_stream_mean_what_they_mean_elsewhere() -> None:
    broke = "The feature requires 4800 credits, but the Singapore Office team only has 46 credits"
    before: dict[str, tuple[type[BotError], str]] = {
        "Something is wrong": (Busy, "provider_down"),
        broke: (Refused, "provider_no_credits"),
        "Model x is not supported": (Refused, "provider_unknown_model"),
        "Conversation not found": (Forgotten, "provider_forgot"),
        "": (Busy, "provider_down"),
    }
    for message, (kind, key) in before.items():
        for body in (event("error", error=message), event("error", message=message)):
            failed = await wrong(SSE, content("") + body)
            assert (kind, key) == (failed.__class__, failed.code)

    assert (await wrong(SSE, content("A cat") + event("error", error="Oh"))).code == "answer_cut"
    assert (await wrong(SSE, content("A cat") + event("error", error=broke))).code == "provider_no_credits"
    assert (await wrong(SSE, b"event: error\ndata: out of order\n\n")).code == "provider_down"


async def test_a_result_that_is_an_error_is_one() -> None:
    broke = {"code": "INSUFFICIENT_CREDITS", "message": "no"}
    busy = {"code": "OPEN_AI_UNEXPECTED_ERROR", "message": "busy"}
    failed = record([], status="FAILED", metadata=None)
    soft = record([], status="SUCCESS", metadata={"status": "FAILURE"})
    meanings = ((record(broke), "provider_no_credits"), (record(busy), "provider_down"), (failed, "provider_failed"))
    for said, key in (*meanings, (soft, "provider_failed"), (record({"code": "ODD"}), "provider_failed")):
        assert (await wrong(JSON, json.dumps({"aiRecord": said}).encode())).code == key
        assert (await wrong(SSE, content("") + event("result", aiRecord=said) + DONE)).code == key


async def test_a_reply_that_says_yes_and_means_no_is_understood() -> None:
    for type in (JSON, PLAIN, SSE):
        body = json.dumps({"success": False, "error": {"code": "RATE_LIMITED", "message": "Too many requests"}})
        assert (await wrong(type, body.encode())).code == "provider_rate_limited"


async def test_pages_are_no_answers() -> None:
    challenge = b"<!DOCTYPE html><title>Just a moment...</title>"

    assert (await wrong(HTML, challenge)).code == "provider_blocked"
    assert (await wrong(HTML, b"<html><title>Log in</title>")).code == "provider_nonsense"
    assert (await wrong(JSON, b"[1, 2]")).code == "provider_nonsense"
    assert (await wrong(JSON, b'{"half": ')).code == "provider_nonsense"
    assert (await wrong(JSON, b'{"some": "thing"}')).code == "provider_nonsense"
    assert (await wrong(JSON, b"[" * 100_000)).code == "provider_nonsense"


async def test_answers_may_look_like_something_else() -> None:
    for text in (
        "<html>is a tag",
        "data: the plural of datum",
        '{"colour": "red"}',
        "event: a wedding",
        "e",
        "{",
        "42",
    ):
        assert (await read(PLAIN, text.encode()))[0] == text
    for text in ("42", '"quoted"', "null and void", "[1, 2]"):
        assert (await read(SSE, content(text) + DONE))[0] == text
    assert (await read(SSE, b"event: content\ndata: 42\n\n" + DONE))[0] == "42"


# What is too much


async def test_an_answer_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_LENGTH", 1_000)
    endless = content(*["word " * 20] * 20)
    whole = json.dumps({"aiRecord": record("word " * 1_000)}).encode()

    assert (await wrong(SSE, endless + DONE)).code == "provider_too_long"
    assert (await wrong(PLAIN, *[b"word " * 20] * 20)).code == "provider_too_long"
    assert (await wrong(JSON, whole)).code == "provider_too_long"


async def test_a_million_small_pieces_do_not_take_forever() -> None:
    async def many() -> AsyncGenerator[Frame, None]:
        for n in range(100_000):
            yield TextFrame("word \n" if n % 7 else "🌐 ")
        yield EndFrame()

    async with asyncio.timeout(10):
        count = len(
            [piece async for piece in read_pieces(many(), lambda failed: to_bot_error(failed, ""), StreamCleaner)]
        )
    assert count > 50_000

    body = content(*["ha ", "\n"] * 10_000)
    async with asyncio.timeout(10):
        assert (await read(SSE, body + DONE))[0].count("ha") == 10_000
