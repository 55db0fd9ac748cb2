"""The reader of replies: whatever shape an answer has on the wire, it becomes words, a record, a failure, an end.

Shapes: the events of https://docs.1min.ai/docs/api/chat-with-ai-api, data lines without events as gateways send them,
raw text as `/api/features` streams it, one JSON record although a stream was asked, a page instead of anything.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Literal

from adapters.providers.error_rules import ServiceFailure, failure, words
from adapters.providers.frames import EndFrame, Frame, Frames, ResultFrame, TextFrame, rejoin
from adapters.providers.onemin.stream_cleaner import DuplicateTailFilter
from bot.errors import Refused
from bot.messages import Usage
from bot.util.http import Event, events, texts

Kind = Literal["sse", "json", "page", "text"]

# How a body begins, without blanks and in lower case. This tells more than its Content-Type.
_BEGINNINGS: Mapping[bytes, Kind] = {
    b"event:content": "sse",
    b"event:result": "sse",
    b"event:error": "sse",
    b"event:done": "sse",
    b"data:{": "sse",
    b"data:[done]": "sse",
    b'{"airecord"': "json",
    b'{"errorcode"': "json",
    b'{"success"': "json",
    b'{"error"': "json",
}
_TYPES: Mapping[str, Kind] = {"text/event-stream": "sse", "application/json": "json", "text/html": "page"}
_LONGEST_BEGINNING = max(map(len, _BEGINNINGS))


async def frames(content_type: str, body: AsyncIterator[bytes]) -> Frames:
    """Read the body of a reply that promises an answer."""
    type = content_type.partition(";")[0].strip().lower()
    head = b""
    kind: Kind | None = None
    async for chunk in body:
        head = (head + chunk).removeprefix(b"\xef\xbb\xbf")
        kind = _kind(type, head)
        if kind:
            break
    reader = _READERS[kind or _TYPES.get(type, "text")]
    async with aclosing(rejoin(head, body)) as whole, aclosing(reader(type, whole)) as read:
        async for frame in read:
            yield frame


def _kind(type: str, head: bytes) -> Kind | None:
    """Decide what a body is; None when it takes more of it."""
    start = head[:256].translate(None, b" \t\r\n")[:_LONGEST_BEGINNING].lower()
    if not start:
        return None
    for beginning, kind in _BEGINNINGS.items():
        if start.startswith(beginning):
            return kind
    if start[:1] == b"<" and type in _TYPES:  # in plain text it may be an answer about HTML
        return "page"
    if any(beginning.startswith(start) for beginning in _BEGINNINGS):
        return None
    if type == "text/event-stream" and start[:1] == b"{":
        return "json"
    return "text" if type == "text/html" else _TYPES.get(type, "text")


# Text and pages


async def _read_text(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    async with aclosing(texts(body)) as pieces:
        async for piece in pieces:
            yield TextFrame(piece)
    yield EndFrame()  # raw text has no other end than that of the body


async def _read_page(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    yield failure("page", b"".join([chunk async for chunk in body]))


# JSON


async def _read_json(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    raw = b"".join([chunk async for chunk in body])
    said = _parsed(raw.decode("utf-8", "replace"))
    if not isinstance(said, dict):
        raise Refused("provider_nonsense")
    yield _read_object(said) or failure("record", raw)
    yield EndFrame()


def _read_object(said: Mapping[str, Any]) -> ResultFrame | ServiceFailure | None:
    """Read an answer in one piece: {aiRecord: {...}}, the record alone, or {content | text | response}."""
    record = said.get("aiRecord", said if "aiRecordDetail" in said else None)
    if isinstance(record, dict):
        return read_record(record)
    text = _text(said)
    return None if text is None else ResultFrame(text, Usage())


def read_record(record: Mapping[str, Any]) -> ResultFrame | ServiceFailure:
    """Read an aiRecord: what it says, what it took, or that it failed."""
    detail, metadata = _dict(record.get("aiRecordDetail")), _dict(record.get("metadata"))
    result = detail.get("resultObject")
    if isinstance(result, dict) and (result.get("code") or result.get("errorCode")):
        return ServiceFailure("record", *words(result))
    if {record.get("status"), metadata.get("status")} & {"FAILED", "FAILURE"}:
        return ServiceFailure("record", "FAILED", str(detail.get("errorMessage") or ""))
    figures = (_number(metadata.get(name)) for name in ("credit", "inputToken", "outputToken"))
    return ResultFrame(_result(result), Usage(*figures))


def _result(result: object) -> str:
    """Read a resultObject; documented as a list, also seen as a string and as an object."""
    if isinstance(result, str):
        return result
    if isinstance(result, dict):
        return _text(result) or ""
    if isinstance(result, list):
        return "\n\n".join(filter(None, map(_result, result)))
    return ""


def _text(said: Mapping[str, Any]) -> str | None:
    return next((said[name] for name in ("content", "text", "response") if isinstance(said.get(name), str)), None)


def _number(value: object) -> int | None:
    return round(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _parsed(text: str) -> Any:
    """Return what the JSON text holds; the text itself when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


# Events


async def _read_events(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    """Read server-sent events. Where there are no names of events, the end of the body is the end of the answer."""
    echo = DuplicateTailFilter()
    must_say_so = type == "text/event-stream"
    async with aclosing(events(body)) as stream:
        async for event in stream:
            must_say_so = must_say_so or event.event != "message"
            frame = _read_event(event)
            if isinstance(frame, TextFrame):
                frame = TextFrame(echo.feed(frame.text))
            elif frame and (rest := echo.end(frame.text if isinstance(frame, ResultFrame) else None)):
                yield TextFrame(rest)
            if frame:
                yield frame
    if not must_say_so:
        yield EndFrame()


def _read_event(event: Event) -> Frame | None:
    if event.data.strip() == "[DONE]":
        return EndFrame()
    said = _parsed(event.data)
    if event.event == "error" or (isinstance(said, dict) and (said.get("error") or said.get("errorCode"))):
        code, message = words(said) if isinstance(said, dict) else ("", str(said))
        return ServiceFailure("stream", code, message)
    if event.event == "done":
        return EndFrame()
    if isinstance(said, dict):
        return _read_data(event.event, said)
    return TextFrame(event.data) if event.event in ("message", "content") and said is not None else None


def _read_data(name: str, said: Mapping[str, Any]) -> Frame | None:
    if name == "result" and said.get("code"):
        return ServiceFailure("record", *words(said))
    frame = _read_object(said)
    # Only an aiRecord ends an answer; a text by itself is a piece of one.
    return TextFrame(frame.text) if isinstance(frame, ResultFrame) and _text(said) is not None else frame


_READERS: Mapping[Kind, Callable[[str, AsyncGenerator[bytes, None]], Frames]] = {
    "sse": _read_events,
    "json": _read_json,
    "page": _read_page,
    "text": _read_text,
}
