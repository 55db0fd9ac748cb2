"""Whatever the shape and the cuts of a reply, people read the same words."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.answer_stream import ResultFrame, read_pieces
from adapters.providers.openai import completion_reader as wire
from adapters.providers.openai.completion_reader import read_frames
from adapters.providers.openai.errors import to_bot_error
from bot.errors import BotError, Busy, Cut, Refused
from bot.messages import Text, Unfinished, Usage
from tests.adapters.providers.openai.conftest import delta, event

SSE, JSON, HTML = "text/event-stream; charset=utf-8", "application/json", "text/html"
ANSWER = "Eine Katze 🐈‍⬛, naïve & 写真.\n\nEnde."
USAGE = Usage(None, 31, 120)
INCLUDE_USAGE = {"prompt_tokens": 31, "completion_tokens": 120, "total_tokens": 151}
ROLE, DONE = delta("", role="assistant", refusal=None), b"data: [DONE]\n\n"
WORDS, STOP = delta(ANSWER[:7]) + delta(ANSWER[7:]), delta(None, "stop")
USED = event(choices=[], usage=INCLUDE_USAGE)
USUAL = ROLE + WORDS + STOP + USED + DONE


def completion(content: Any = ANSWER, finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return {"object": "chat.completion", "choices": choices, "usage": INCLUDE_USAGE, **more}


async def cut(body: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for chunk in body:
        yield chunk


async def breaking(*body: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in body:
        yield chunk
    raise Busy("provider_unreachable")


async def hanging(*body: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in body:
        yield chunk
    await asyncio.Event().wait()


async def told(type: str, body: AsyncGenerator[bytes, None]) -> tuple[str, Usage]:
    text, usage = "", None
    async with aclosing(read_frames(type, body)) as reply_frames:
        async for piece in read_pieces(reply_frames, lambda failed: to_bot_error(failed, "openai/gpt-4o", "It")):
            if isinstance(piece, Text):
                text += piece.text
            elif isinstance(piece, Usage):
                usage = piece
    assert usage is not None
    return text, usage


async def read(type: str, *body: bytes) -> tuple[str, Usage]:
    return await told(type, cut(body))


async def wrong(type: str, *body: bytes) -> BotError:
    with pytest.raises(BotError) as raised:
        await read(type, *body)
    return raised.value


BODIES: dict[str, tuple[str, bytes]] = {
    "the usual": (SSE, USUAL),
    "other line ends": (SSE, USUAL.replace(b"\n", b"\r\n")),
    "a byte order mark": (SSE, b"\xef\xbb\xbf" + USUAL),
    "comments to keep it alive": (SSE, b": OPENROUTER PROCESSING\n\n" + USUAL.replace(STOP, b":\n\n" + STOP)),
    "blank lines first": (SSE, b"\n\n\n" + USUAL),
    "no type": ("", USUAL),
    "a wrong type": (JSON, USUAL),
    "no blank after data": (SSE, USUAL.replace(b"data: ", b"data:")),
    "no blank lines at all": (SSE, USUAL.replace(b"\n\n", b"\n")),
    "no end of the last line": (SSE, USUAL.rstrip()),
    "no DONE": (SSE, ROLE + WORDS + STOP + USED),
    "no reason to finish": (SSE, ROLE + WORDS + USED + DONE),
    "an empty reason with each piece": (SSE, USUAL.replace(b"null}]", b'""}]')),
    "a reason with each piece": (SSE, USUAL.replace(b'"finish_reason": null', b'"finish_reason": "stop"')),
    "the reason with the last words": (SSE, ROLE + delta(ANSWER[:7]) + delta(ANSWER[7:], "stop") + USED + DONE),
    "cut for its length": (SSE, ROLE + WORDS + delta(None, "length") + USED + DONE),
    "the usage with the reason": (
        SSE,
        WORDS + event(choices=[{"delta": {}, "finish_reason": "stop"}], usage=INCLUDE_USAGE) + DONE,
    ),
    "a usage with each piece": (SSE, event(choices=[], usage={"prompt_tokens": 31, "completion_tokens": 1}) + USUAL),
    "an empty usage with each piece": (SSE, USUAL.replace(b'{"choices": [{', b'{"usage": null, "choices": [{')),
    "choices that are null": (SSE, event(choices=None) + event() + USUAL),
    "deltas that are null": (SSE, event(choices=[{"delta": None, "finish_reason": None}]) + USUAL),
    "a prompt's filter first": (SSE, event(choices=[], prompt_filter_results=[{"prompt_index": 0}]) + USUAL),
    "content in parts": (SSE, delta([{"type": "text", "text": ANSWER}, {"type": "image_url"}]) + STOP + USED + DONE),  # type: ignore[arg-type]
    "thoughts": (SSE, delta(None, reasoning_content="Hm.", reasoning="Hm.") + USUAL),
    "thoughts in details": (SSE, delta("", reasoning_details=[{"type": "reasoning.text", "text": "Hm."}]) + USUAL),
    "thoughts in parts": (SSE, delta([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]) + USUAL),  # type: ignore[arg-type]
    "calls of tools": (SSE, delta(None, tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]) + USUAL),
    "a refusal": (SSE, ROLE + delta(None, refusal=ANSWER) + STOP + USED + DONE),
    "a message for a delta": (SSE, USUAL.replace(b'"delta"', b'"message"')),
    "the old way": (SSE, event(choices=[{"text": ANSWER, "finish_reason": "stop"}]) + USED + DONE),
    "garbage between": (SSE, b"data: {half\n\ndata: 42\n\ndata: [1]\n\nevent: ping\ndata: {}\n\n" + USUAL),
    "JSON": (JSON, json.dumps(completion()).encode()),
    "JSON with spaces": (JSON, b"\n  " + json.dumps(completion(), indent=2, ensure_ascii=False).encode() + b"\n"),
    "JSON that calls itself a stream": (SSE, json.dumps(completion()).encode()),
    "JSON without a reason": (JSON, json.dumps(completion(finish=None)).encode()),
    "JSON with parts": (JSON, json.dumps(completion([{"type": "text", "text": ANSWER}])).encode()),
    "JSON in lines": (JSON, USUAL.replace(b"data: ", b"").replace(b"\n\n", b"\n")),
    "events without data": (SSE, b": ping\n\n" + USUAL.replace(b"data: {", b"{")),
    "JSON in a list": (JSON, json.dumps([completion()]).encode()),
}


@pytest.mark.parametrize("name", BODIES)
async def test_every_shape_is_read(name: str) -> None:
    assert await read(*BODIES[name]) == (ANSWER, USAGE)


@pytest.mark.parametrize("name", BODIES)
async def test_every_byte_may_come_by_itself(name: str) -> None:
    type, body = BODIES[name]

    assert await read(type, *(body[at : at + 1] for at in range(len(body)))) == (ANSWER, USAGE)


@given(name=st.sampled_from(sorted(BODIES)), data=st.data())
@settings(max_examples=150, deadline=None)
def test_it_does_not_matter_where_a_body_is_cut(name: str, data: st.DataObject) -> None:
    type, body = BODIES[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    assert asyncio.run(read(type, *chunks))[0] == ANSWER


@given(st.text(min_size=1))
@settings(max_examples=100, deadline=None)
def test_any_text_comes_through_whole(text: str) -> None:
    if text.strip():
        assert asyncio.run(read(SSE, delta(text), STOP, DONE))[0] == text.strip()


async def test_figures_may_be_missing_or_strange() -> None:
    assert (await read(SSE, WORDS + STOP + DONE))[1] == Usage()
    strange = b'data: {"usage": {"prompt_tokens": NaN, "completion_tokens": "many", "cost": -1}}\n\n'
    assert (await read(SSE, WORDS + STOP + strange + DONE))[1] == Usage()
    assert (await read(SSE, WORDS + STOP + event(usage=[]) + DONE))[1] == Usage()


async def test_dollars_are_read_where_they_are_told() -> None:
    spent = event(meta={"usage": {"credits_used": 2574, "usd_spent": 0.001287}})

    assert (await read(SSE, WORDS + STOP + USED + spent + DONE))[1] == Usage(None, 31, 120, 0.001287)
    assert (await read(SSE, WORDS + STOP + spent + USED + DONE))[1] == Usage(None, 31, 120, 0.001287)
    own = json.dumps(completion(meta={"usage": {"credits_used": 2, "usd_spent": 0.5}})).encode()
    assert (await read(JSON, own))[1] == Usage(None, 31, 120, 0.5)
    cost = event(choices=[], usage={**INCLUDE_USAGE, "cost": 0.25})
    assert (await read(SSE, WORDS + STOP + cost + DONE))[1] == Usage(None, 31, 120, 0.25)


# What breaks off


async def test_a_stream_without_an_end_is_cut_after_words_and_tried_again_before() -> None:
    assert isinstance(await wrong(SSE, ROLE + WORDS), Cut)
    assert isinstance(await wrong(SSE, ROLE + WORDS + b'data: {"choices": [{"del'), Cut)
    for body in (ROLE, b"", b"upstream timed out", b": ping\n\n"):
        silent = await wrong(SSE, body)
        assert isinstance(silent, Busy)
        assert silent.code == "provider_unreachable"


async def test_a_connection_that_breaks_after_the_reason_to_finish_has_told_all() -> None:
    assert await told(SSE, breaking(WORDS, STOP)) == (ANSWER, Usage())
    with pytest.raises(Cut):
        await told(SSE, breaking(WORDS))
    with pytest.raises(Busy):
        await told(SSE, breaking(ROLE))


async def test_figures_that_never_come_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "USAGE_TIMEOUT", 0.05)

    async with asyncio.timeout(30):
        assert await told(SSE, hanging(WORDS, STOP)) == (ANSWER, Usage())


@pytest.mark.parametrize(
    "reason", ["MAX_TOKENS", "length_limit", "ERROR_LIMIT", "context_length_exceeded", "time_limit"]
)
async def test_an_answer_that_is_not_all_says_so_in_any_words(reason: str) -> None:
    async with aclosing(read_frames(SSE, cut([ROLE + WORDS + delta(None, reason) + DONE]))) as frames:
        *_, last = [frame async for frame in frames]
    assert isinstance(last, ResultFrame)
    assert last.unfinished == Unfinished("resources" if reason == "time_limit" else "length")


async def test_an_empty_answer_is_named_as_such() -> None:
    for body in (ROLE + STOP + DONE, delta(" \n", "stop"), DONE, delta(None, "tool_calls") + DONE):
        assert (await wrong(SSE, body)).code == "provider_empty"
    assert (await wrong(JSON, json.dumps(completion(None)).encode())).code == "provider_empty"


# Errors


@pytest.mark.parametrize(
    ("body", "type", "key"),
    [
        (event(error={"message": "Oh.", "type": "server_error", "code": None}), Busy, "provider_down"),
        (event(error={"message": "Oh.", "code": 502}), Busy, "provider_down"),
        (event(error={"message": "Slow down.", "code": "429"}), Busy, "provider_rate_limited"),
        (event(error={"message": "Slow down.", "type": "rate_limit_exceeded"}), Busy, "provider_rate_limited"),
        (event(error={"message": "No money.", "code": "insufficient_quota"}), Refused, "provider_no_credits"),
        (event(error="The model `x` does not exist"), Refused, "provider_unknown_model"),
        (event(message="400 Unable to access model x.", statusCode=500), Refused, "provider_unknown_model"),
        (event(message="Oh.", statusCode="503", path="/v1"), Busy, "provider_down"),
        (event(object="error", message="Oh.", code=400), Refused, "provider_bad_request"),
        (b'event: error\ndata: {"message": "Oh.", "code": 503}\n\n', Busy, "provider_down"),
        (b"event: error\ndata: out of order\n\n", Busy, "provider_down"),
        (b'error: {"code": 500, "message": "Oh.", "type": "server_error"}\n\n', Busy, "provider_down"),
        (b'{"error": {"message": "Oh.", "code": 503}}\n', Busy, "provider_down"),
        (event(choices=None, base_resp={"status_code": 1002, "status_msg": "Oh."}), Busy, "provider_rate_limited"),
        (event(choices=[{"delta": {"content": ""}, "finish_reason": "error"}]), Busy, "provider_down"),
        (delta(None, "content_filter"), Refused, "provider_filtered"),
        (delta(None, "ERROR_TOXIC"), Refused, "provider_filtered"),
        (delta(None, "internal_error"), Busy, "provider_down"),
    ],
)
async def test_errors_in_a_stream_mean_what_they_mean_elsewhere(body: bytes, type: type[BotError], key: str) -> None:
    failed = await wrong(SSE, ROLE + body + DONE)

    assert failed.__class__ is type
    assert failed.code == key


async def test_an_error_after_words_cuts_the_answer_off() -> None:
    assert isinstance(await wrong(SSE, WORDS + event(error={"message": "Oh."})), Cut)
    assert (await wrong(SSE, WORDS + delta(None, "content_filter") + DONE)).code == "provider_filtered"
    assert (await wrong(SSE, WORDS + event(error={"code": "insufficient_quota"}))).code == "provider_no_credits"


async def test_a_reply_that_says_yes_and_means_no_is_understood() -> None:
    for type in (JSON, SSE, ""):
        flat = {"message": "You've run out of credits.", "statusCode": 403, "path": "/v1/chat/completions"}
        assert (await wrong(type, json.dumps(flat).encode())).code == "provider_no_credits"
        nested = {"error": {"message": "Overloaded", "code": 529}}
        assert (await wrong(type, json.dumps([nested]).encode())).code == "provider_down"
    filtered = completion("", "content_filter")
    assert (await wrong(JSON, json.dumps(filtered).encode())).code == "provider_filtered"


async def test_pages_and_garbage_are_no_answers() -> None:
    assert (await wrong(HTML, b"<!DOCTYPE html><title>Just a moment...</title>")).code == "provider_blocked"
    assert (await wrong(SSE, b"<html><title>Log in</title>")).code == "provider_nonsense"
    assert (await wrong(HTML, b"It works!")).code == "provider_nonsense"
    for body in (b"[1, 2]", b"[]", b"{}", b'{"some": "thing"}', b'{"half": ', b"[" * 100_000):
        assert (await wrong(JSON, body)).code == "provider_nonsense"


async def test_a_hundred_thousand_small_pieces_do_not_take_forever() -> None:
    async with asyncio.timeout(20):
        assert (await read(SSE, *[delta("ha ")] * 50_000, STOP, DONE))[0].count("ha") == 50_000
