"""The reader of replies: whatever shape an answer has on the wire, it becomes words, a record or a failure.

Shapes: the events of https://platform.openai.com/docs/api-reference/chat-streaming as services really send them, one
chat.completion although a stream was asked, an error in either, a page instead of anything.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from math import inf
from typing import Any

from adapters.providers.error_rules import ServiceFailure, Where, failure, words
from adapters.providers.frames import Frame, Frames, ResultFrame, TextFrame, rejoin
from bot.errors import BotError
from bot.messages import Usage
from bot.util.http import Event, events

AFTERWARDS = 5.0  # seconds for the figures, which come after the answer
DONE = "[DONE]"


async def frames(content_type: str, body: AsyncIterator[bytes]) -> Frames:
    """Read the body of a reply that promises an answer. How it begins tells more than its Content-Type."""
    head = b""
    async for chunk in body:
        head = (head + chunk).removeprefix(b"\xef\xbb\xbf")
        if head.strip():
            break
    async with aclosing(rejoin(head, body)) as whole, aclosing(_reader(content_type, head)(whole)) as read:
        async for frame in read:
            yield frame


def _reader(content_type: str, head: bytes) -> Any:
    start = head.lstrip()[:1]
    if start in (b"{", b"["):
        return _read_json
    return _read_page if start == b"<" or content_type.startswith("text/html") else _read_events


async def _read_page(body: AsyncIterator[bytes]) -> Frames:
    yield failure("page", b"".join([chunk async for chunk in body]))


async def _read_json(body: AsyncIterator[bytes]) -> Frames:
    raw = b"".join([chunk async for chunk in body])
    said = _parsed(raw.decode("utf-8", "replace"))
    reading = _CompletionState("record")
    if isinstance(said, list) and said:
        said = said[0]
    for frame in reading.take(said) if isinstance(said, dict) else ():
        yield frame
    yield reading.record if reading.begun else ServiceFailure("record")


async def _read_events(body: AsyncIterator[bytes]) -> Frames:
    """Read server-sent events. An answer is complete when a reason to finish was named, or with [DONE]."""
    reading = _CompletionState("stream")
    async with aclosing(_closed(body)) as closed, aclosing(events(closed)) as stream:
        while (event := await _next(stream, reading)) and event.data.strip() != DONE:
            for said in _chunks(event):
                for frame in reading.take(said):
                    yield frame
        if reading.finished or event:
            yield reading.record
        async for _ in stream:  # to its end, so that the connection can be used again
            pass


async def _next(stream: AsyncGenerator[Event, None], reading: "_CompletionState") -> Event | None:
    """The next event; None when no more comes, or is waited for."""
    try:
        async with asyncio.timeout(AFTERWARDS if reading.finished else None):
            return await anext(stream, None)
    except (BotError, TimeoutError):
        if reading.finished:
            return None
        raise


async def _closed(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The body with a blank line at its end, without which the last event would not count."""
    async for chunk in body:
        yield chunk
    yield b"\n\n"


def _chunks(event: Event) -> Iterator[Mapping[str, Any]]:
    """The objects that an event holds: one, but for those who forget the blank lines between events."""
    said = _parsed(event.data)
    for each in [said] if said is not None else map(_parsed, event.data.splitlines()):
        if isinstance(each, dict):
            yield {"error": each} if event.event == "error" and "error" not in each else each
    if event.event == "error" and said is None:
        yield {"error": event.data}


class _CompletionState:
    """What is known of an answer while its chunks come."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self.begun = False  # there was a chunk of an answer, even an empty one
        self.finished = False
        self._usage = Usage()

    @property
    def record(self) -> ResultFrame:
        return ResultFrame("", self._usage)

    def take(self, said: Mapping[str, Any]) -> Iterator[Frame]:
        """Take a chunk in. Only the first choice counts; thoughts and calls of tools are none of the answer."""
        self._usage = _usage(said, self._usage)
        choices = said.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        self.begun = self.begun or bool(choice)
        if text := _said(choice):
            yield TextFrame(text)
        if failed := _failed(said, choice, self._where):
            yield failed
        self.finished = self.finished or bool(choice.get("finish_reason"))


def _said(choice: Mapping[str, Any]) -> str:
    message = _dict(choice.get("delta")) or _dict(choice.get("message"))
    return _text(message.get("content")) + _text(message.get("refusal")) or _text(choice.get("text"))


def _text(content: object) -> str:
    """The words of a content, which may be a list of parts."""
    if isinstance(content, list):
        return "".join(map(_text, content))
    if isinstance(content, dict):
        return _text(content.get("text")) if content.get("type", "text") in ("text", "output_text") else ""
    return content if isinstance(content, str) else ""


def _failed(said: Mapping[str, Any], choice: Mapping[str, Any], where: Where) -> ServiceFailure | None:
    """The error that a chunk tells of: as OpenAI does, as AI/ML API does, or by the reason to finish."""
    if said.get("error") or said.get("object") == "error" or ("choices" not in said and said.get("message")):
        return ServiceFailure(_status(said) or "stream", *words(said))
    reason = choice.get("finish_reason")
    return ServiceFailure(where, reason) if reason in ("content_filter", "error") else None


def _status(said: Mapping[str, Any]) -> int | None:
    """The HTTP status that an error names where it is too late to send one."""
    error = _dict(said.get("error"))
    for value in (said.get("statusCode"), error.get("status"), error.get("code"), said.get("code")):
        if str(value).isdecimal() and 400 <= int(str(value)) < 600:
            return int(str(value))
    return None


def _usage(said: Mapping[str, Any], known: Usage) -> Usage:
    """What an answer took, by what is known and what a chunk adds: tokens, and dollars (AI/ML API, OpenRouter)."""
    usage, spent = _dict(said.get("usage")), _dict(_dict(said.get("meta")).get("usage"))
    taken, given = (_number(usage.get(f"{side}_tokens")) for side in ("prompt", "completion"))
    dollars = _number(spent.get("usd_spent", usage.get("cost")))
    return Usage(
        input_tokens=known.input_tokens if taken is None else round(taken),
        output_tokens=known.output_tokens if given is None else round(given),
        dollars=known.dollars if dollars is None else dollars,
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _parsed(text: str) -> Any:
    """Return what the JSON text holds; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
