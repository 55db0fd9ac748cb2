"""The reader of chat completions: turns a reply of any shape into frames.

Shapes: the events of https://platform.openai.com/docs/api-reference/chat-streaming as services really send them, one
chat.completion although a stream was asked, objects in lines, an error in any of them, a page instead of anything.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from math import inf
from typing import Any

from adapters.providers.answer_stream import Frame, Frames, PictureFrame, ResultFrame, TextFrame, ThoughtFrame, rejoin
from adapters.providers.error_rules import (
    BASE_STATUS,
    ServiceFailure,
    Where,
    parse_failure,
    parse_lines,
    read_base_code,
    read_code_and_message,
)
from adapters.providers.stream_filters import MAX_PICTURES, decode_picture, picture_file
from bot.errors import BotError
from bot.messages import File, Unfinished, Usage
from bot.util.http import Event, events

USAGE_TIMEOUT = 5.0  # seconds for the usage, which comes after the answer
DONE = "[DONE]"
SAME = 40  # characters by which the whole answer is recognised when it is repeated

# Lines of an event stream that are none by the standard: objects without `data:`, and llama.cpp's errors.
_BARE_LINE = re.compile(rb"(?<=[\r\n])(\{|error:)")
_MAY_BE_BARE = re.compile(rb"(?<=[\r\n])e(?:r(?:r(?:or?)?)?)?\Z")

# Reasons to end of which people should know that there is more to say, by how the makers of models call them.
UNFINISHED: Mapping[str, Unfinished] = {
    **dict.fromkeys(
        ("length", "length_limit", "limit", "max_length", "max_tokens", "max_new_tokens", "max_output_tokens"),
        Unfinished("length"),
    ),
    **dict.fromkeys(("model_length", "token_limit", "truncated", "incomplete", "error_limit"), Unfinished("length")),
    **dict.fromkeys(("model_context_window_exceeded", "context_length_exceeded"), Unfinished("length")),
    **dict.fromkeys(("insufficient_system_resource", "overloaded", "time_limit", "timeout"), Unfinished("resources")),
}
# Finish reasons of failures: what the makers of models call filters, and answers that broke off.
FAILURES: Mapping[str, str] = {
    **dict.fromkeys(
        ("content_filter", "content-filter", "safety", "image_safety", "prohibited_content", "blocklist", "spii"),
        "content_filter",
    ),
    **dict.fromkeys(("recitation", "refusal", "sensitive", "guardrail_intervened"), "content_filter"),
    **dict.fromkeys(("content_filtered", "content_blocked", "blocked", "moderation", "error_toxic"), "content_filter"),
    **dict.fromkeys(("error", "network_error", "model_error", "server_error", "internal_error", "abort"), "error"),
}


async def read_frames(content_type: str, body: AsyncIterator[bytes]) -> Frames:
    """Read the body of a successful reply. Its first bytes tell more than its Content-Type."""
    head = b""
    async for chunk in body:
        head = (head + chunk).removeprefix(b"\xef\xbb\xbf")
        if head.strip():
            break
    async with aclosing(rejoin(head, body)) as whole, aclosing(_choose_reader(content_type, head)(whole)) as read:
        async for frame in read:
            yield frame


def _choose_reader(content_type: str, head: bytes) -> Any:
    start = head.lstrip()[:1]
    if start in (b"{", b"["):
        return _read_json
    return _read_page if start == b"<" or content_type.startswith("text/html") else _read_events


async def _read_page(body: AsyncIterator[bytes]) -> Frames:
    yield parse_failure("page", b"".join([chunk async for chunk in body]))


async def _read_json(body: AsyncIterator[bytes]) -> Frames:
    text = b"".join([chunk async for chunk in body]).decode("utf-8", "replace")
    reply_json = _parse(text)
    is_whole = reply_json is not None
    chunks = [reply_json[0] if isinstance(reply_json, list) and reply_json else reply_json]
    if not is_whole:
        chunks = [*parse_lines(text)]
    state = _CompletionState("record")
    for chunk in chunks:
        for frame in state.take(chunk) if isinstance(chunk, dict) else ():
            yield frame
    if not state.has_begun:
        yield ServiceFailure("record")
    elif is_whole or state.is_finished or text.rstrip().endswith(DONE):
        yield state.record


async def _read_events(body: AsyncIterator[bytes]) -> Frames:
    """Read server-sent events. An answer is complete with a finish_reason or with [DONE]."""
    state = _CompletionState("stream")
    async with aclosing(_as_event_stream(body)) as mended, aclosing(events(mended)) as stream:
        while (event := await _next_event(stream, state)) and event.data.strip() != DONE:
            for chunk in _parse_chunks(event):
                for frame in state.take(chunk):
                    yield frame
        if state.is_finished or event:
            yield state.record
        async for _ in stream:  # to its end, so that the connection can be used again
            pass


async def _next_event(stream: AsyncGenerator[Event, None], state: "_CompletionState") -> Event | None:
    """Return the next event; None at the end, or when none comes in time after the finish_reason."""
    try:
        async with asyncio.timeout(USAGE_TIMEOUT if state.is_finished else None):
            return await anext(stream, None)
    except (BotError, TimeoutError):
        if state.is_finished:
            return None
        raise


async def _as_event_stream(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the body with bare lines made data, and with a blank line at its end, without which no event counts."""
    before, pending = b"\n", b""  # the last byte that was passed on, and what may be the beginning of a bare line
    async for chunk in body:
        text = before + pending + chunk
        cut = _MAY_BE_BARE.search(text)
        end = cut.start() if cut else len(text)
        text, pending = text[:end], text[end:]
        yield _BARE_LINE.sub(_as_data, text)[1:]
        before = text[-1:]
    yield pending + b"\n\n"


def _as_data(line: re.Match[bytes]) -> bytes:
    return b"data: {" if line[1] == b"{" else b"event: error\ndata:"


def _parse_chunks(event: Event) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of an event: one, except from services that forget the blank lines between events."""
    event_json = _parse(event.data)
    for chunk in [event_json] if event_json is not None else map(_parse, event.data.splitlines()):
        if isinstance(chunk, dict):
            yield {"error": chunk} if event.event == "error" and "error" not in chunk else chunk
    if event.event == "error" and event_json is None:
        yield {"error": event.data}


class _CompletionState:
    """The state of an answer while its chunks come."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self.has_begun = False  # there was a chunk of an answer, even an empty one
        self.is_finished = False
        self._usage = Usage()
        self._finish_reason = ""
        self._said = list[str]()
        self._drawn = list[bytes]()

    @property
    def record(self) -> ResultFrame:
        return ResultFrame("", self._usage, UNFINISHED.get(self._finish_reason.lower()))

    def take(self, chunk: Mapping[str, Any]) -> Iterator[Frame]:
        """Process a chunk. Only the first choice counts; tool calls are not part of the answer."""
        self._usage = _usage(chunk, self._usage)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        self.has_begun = self.has_begun or bool(choice)
        if thought := _thought(choice):
            yield ThoughtFrame(thought)
        for file in self._new_pictures(choice):
            yield PictureFrame(file)
        if text := self._new_text(choice):
            self._said.append(text)
            yield TextFrame(text)
        if service_failure := _find_failure(chunk, choice, self._where):
            yield service_failure
        if finish_reason := choice.get("finish_reason"):
            native = str(choice.get("native_finish_reason") or "")  # OpenRouter's, more exact at times
            is_cut = native.lower() in UNFINISHED
            self.is_finished, self._finish_reason = True, native if is_cut else str(finish_reason)

    def _new_pictures(self, choice: Mapping[str, Any]) -> Iterator[File]:
        """Yield the pictures that a choice adds: `images` beside the content, or parts of it. None comes twice."""
        for encoded in _encoded_pictures(choice):
            data = decode_picture(encoded)
            if data and data not in self._drawn and len(self._drawn) < MAX_PICTURES:
                self._drawn.append(data)
                yield picture_file(data, f"picture-{len(self._drawn)}")

    def _new_text(self, choice: Mapping[str, Any]) -> str:
        """Return the text that a choice adds. Some services repeat the whole answer as a message in the last chunk."""
        text = _delta_text(choice)
        if not self._said or not text or _dict(choice.get("delta")):
            return text
        said = "".join(self._said)
        if text.startswith(said):
            return text[len(said) :]
        is_repeated = text.lstrip()[:SAME] == said.lstrip()[:SAME] and len(text) >= len(said) // 2
        return "" if is_repeated else text


def _encoded_pictures(choice: Mapping[str, Any]) -> Iterator[str]:
    """Yield pictures in base64: of data URLs, as OpenRouter has them, or of fields beside."""
    message = _dict(choice.get("delta")) or _dict(choice.get("message"))
    content, images = message.get("content"), message.get("images")
    for part in [*(images if isinstance(images, list) else ()), *(content if isinstance(content, list) else ())]:
        link = _dict(part).get("image_url")
        url = _dict(link).get("url") if isinstance(link, dict) else link
        inline = _dict(_dict(part).get("inline_data") or _dict(part).get("inlineData"))
        for value in (url, inline.get("data"), _dict(part).get("b64_json"), _dict(part).get("data")):
            if isinstance(value, str) and (value.startswith("data:image/") or value is not url):
                yield value.partition(",")[2] if value.startswith("data:") else value


def _delta_text(choice: Mapping[str, Any]) -> str:
    message = _dict(choice.get("delta")) or _dict(choice.get("message"))
    return _text(message.get("content")) + _text(message.get("refusal")) or _text(choice.get("text"))


def _thought(choice: Mapping[str, Any]) -> str:
    """Return what the model thinks: fields beside the content (DeepSeek, OpenRouter), or parts of it (Mistral)."""
    message = _dict(choice.get("delta")) or _dict(choice.get("message"))
    fields = (message.get(name) for name in ("reasoning_content", "reasoning", "thinking"))
    if thought := next((field for field in fields if isinstance(field, str) and field), ""):
        return thought
    details = message.get("reasoning_details")
    if isinstance(details, list) and details:
        return "".join(_text(_dict(detail).get("text") or _dict(detail).get("summary")) for detail in details)
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "".join(_text(part.get("thinking")) for part in parts if part.get("type") == "thinking")


def _text(content: object) -> str:
    """Return the text of a content, which may be a list of parts."""
    if isinstance(content, list):
        return "".join(map(_text, content))
    if isinstance(content, dict):
        return _text(content.get("text")) if content.get("type", "text") in ("text", "output_text") else ""
    return content if isinstance(content, str) else ""


def _find_failure(chunk: Mapping[str, Any], choice: Mapping[str, Any], where: Where) -> ServiceFailure | None:
    """Return the error in a chunk: in OpenAI's shape, in AI/ML API's, in MiniMax's, or as its finish_reason."""
    is_error = any(chunk.get(name) for name in ("error", "errors")) or chunk.get("object") == "error"
    is_error = is_error or read_base_code(chunk) != 0
    if is_error or (not chunk.get("choices") and any(chunk.get(name) for name in ("message", "detail", "msg"))):
        return ServiceFailure(_status(chunk) or "stream", *read_code_and_message(chunk))
    finish_reason = FAILURES.get(str(choice.get("finish_reason")).lower())
    return ServiceFailure(where, finish_reason) if finish_reason else None


def _status(chunk: Mapping[str, Any]) -> int | None:
    """Return the HTTP status that an error names in its body, where it was too late to send one."""
    if base_code := read_base_code(chunk):
        return BASE_STATUS.get(base_code)
    error = _dict(chunk.get("error"))
    for value in (chunk.get("statusCode"), error.get("status"), error.get("code"), chunk.get("code")):
        if str(value).isdecimal() and 400 <= int(str(value)) < 600:
            return int(str(value))
    return None


def _usage(chunk: Mapping[str, Any], previous: Usage) -> Usage:
    """Return the usage, updated by a chunk: tokens, and dollars (AI/ML API, OpenRouter)."""
    usage_json, meta_usage = _dict(chunk.get("usage")), _dict(_dict(chunk.get("meta")).get("usage"))
    input_tokens, output_tokens = (_number(usage_json.get(f"{side}_tokens")) for side in ("prompt", "completion"))
    dollars = _number(meta_usage.get("usd_spent", usage_json.get("cost")))
    return Usage(
        input_tokens=previous.input_tokens if input_tokens is None else round(input_tokens),
        output_tokens=previous.output_tokens if output_tokens is None else round(output_tokens),
        dollars=previous.dollars if dollars is None else dollars,
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _parse(text: str) -> Any:
    """Parse JSON; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
