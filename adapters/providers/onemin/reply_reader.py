"""The reader of 1min.ai's replies: turns a reply of any shape into frames.

Shapes: the events of https://docs.1min.ai/docs/api/chat-with-ai-api, data lines without events as gateways send them,
raw text as `/api/features` streams it, one JSON record although a stream was asked, a page instead of anything.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Literal

from adapters.providers.error_rules import ServiceFailure, parse_failure, read_code_and_message
from adapters.providers.frames import EndFrame, Frame, Frames, PendingFrame, ResultFrame, TextFrame, rejoin
from adapters.providers.onemin.sources import read_sources
from adapters.providers.onemin.stream_cleaner import DuplicateTailFilter
from bot.errors import FailureCode, Refused
from bot.messages import Usage
from bot.util.http import Event, events, texts

Kind = Literal["sse", "json", "page", "text"]

PENDING = ("PROCESSING", "PENDING", "QUEUED", "IN_PROGRESS")  # the first one is documented


RecordFrame = ResultFrame | ServiceFailure | PendingFrame


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


async def read_frames(content_type: str, body: AsyncIterator[bytes]) -> Frames:
    """Read the body of a successful reply."""
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
    """Detect the kind of a body by its head; None when it takes more of it."""
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
    yield EndFrame()  # raw text ends only with the body


async def _read_page(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    yield parse_failure("page", b"".join([chunk async for chunk in body]))


# JSON


async def _read_json(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    raw = b"".join([chunk async for chunk in body])
    reply_json = _parse(raw.decode("utf-8", "replace"))
    if not isinstance(reply_json, dict):
        raise Refused(FailureCode.PROVIDER_NONSENSE)
    yield _read_object(reply_json) or parse_failure("record", raw)
    yield EndFrame()


def _read_object(reply_json: Mapping[str, Any]) -> RecordFrame | None:
    """Read an answer in one piece: {aiRecord: {...}}, the record alone, or {content | text | response}."""
    record = reply_json.get("aiRecord", reply_json if "aiRecordDetail" in reply_json else None)
    if isinstance(record, dict):
        return read_record(record)
    text = _text(reply_json)
    return None if text is None else ResultFrame(text, Usage())


def read_record(record: Mapping[str, Any]) -> RecordFrame:
    """Read an aiRecord: its text and its usage, its failure, or where to look for its result."""
    detail, metadata = _dict(record.get("aiRecordDetail")), _dict(record.get("metadata"))
    result = detail.get("resultObject")
    if isinstance(result, dict) and (result.get("code") or result.get("errorCode")):
        return ServiceFailure("record", *read_code_and_message(result))
    if {record.get("status"), metadata.get("status")} & {"FAILED", "FAILURE"}:
        return ServiceFailure("record", "FAILED", str(detail.get("errorMessage") or ""))
    if record.get("status") in PENDING and not result:
        uuid = record.get("uuid")
        return PendingFrame(uuid) if isinstance(uuid, str) and uuid else ServiceFailure("record")
    usage_numbers = (_number(metadata.get(name)) for name in ("credit", "inputToken", "outputToken"))
    return ResultFrame(_result_text(result), Usage(*usage_numbers), sources=read_sources(record))


def _result_text(result: object) -> str:
    """Read a resultObject; documented as a list, also seen as a string and as an object."""
    if isinstance(result, str):
        return result
    if isinstance(result, dict):
        return _text(result) or ""
    if isinstance(result, list):
        return "\n\n".join(filter(None, map(_result_text, result)))
    return ""


def _text(json_object: Mapping[str, Any]) -> str | None:
    return next(
        (json_object[name] for name in ("content", "text", "response") if isinstance(json_object.get(name), str)), None
    )


def _number(value: object) -> int | None:
    return round(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _parse(text: str) -> Any:
    """Parse JSON; return the text itself when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


# Events


async def _read_events(type: str, body: AsyncGenerator[bytes, None]) -> Frames:
    """Read server-sent events. Where there are no names of events, the end of the body is the end of the answer."""
    tail_filter = DuplicateTailFilter()
    needs_end_event = type == "text/event-stream"
    async with aclosing(events(body)) as stream:
        async for event in stream:
            needs_end_event = needs_end_event or event.event != "message"
            frame = _read_event(event)
            if isinstance(frame, TextFrame):
                frame = TextFrame(tail_filter.feed(frame.text))
            elif frame and (rest := tail_filter.end(frame.text if isinstance(frame, ResultFrame) else None)):
                yield TextFrame(rest)
            if frame:
                yield frame
    if not needs_end_event:
        yield EndFrame()


def _read_event(event: Event) -> Frame | None:
    if event.data.strip() == "[DONE]":
        return EndFrame()
    event_json = _parse(event.data)
    if event.event == "error" or (
        isinstance(event_json, dict) and (event_json.get("error") or event_json.get("errorCode"))
    ):
        code, message = read_code_and_message(event_json) if isinstance(event_json, dict) else ("", str(event_json))
        return ServiceFailure("stream", code, message)
    if event.event == "done":
        return EndFrame()
    if isinstance(event_json, dict):
        return _read_data(event.event, event_json)
    return TextFrame(event.data) if event.event in ("message", "content") and event_json is not None else None


def _read_data(name: str, event_json: Mapping[str, Any]) -> Frame | None:
    if name == "result" and event_json.get("code"):
        return ServiceFailure("record", *read_code_and_message(event_json))
    frame = _read_object(event_json)
    # Only an aiRecord ends an answer; a text by itself is a piece of one.
    return TextFrame(frame.text) if isinstance(frame, ResultFrame) and _text(event_json) is not None else frame


_READERS: Mapping[Kind, Callable[[str, AsyncGenerator[bytes, None]], Frames]] = {
    "sse": _read_events,
    "json": _read_json,
    "page": _read_page,
    "text": _read_text,
}
