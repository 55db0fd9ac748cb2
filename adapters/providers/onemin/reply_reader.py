"""The reader of 1min.ai's replies: turns a reply of any shape into frames, without the noise that is in it.

Shapes: the events of https://docs.1min.ai/docs/api/chat-with-ai-api, data lines without events as gateways send them,
raw text as `/api/features` streams it, one JSON record although a stream was asked, a page instead of anything.
Noise: the text repeated, lines about crawled sites and a footer of links, of which the sources are kept.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters.providers.answer_stream import EndFrame, Frame, Frames, PendingFrame, ResultFrame, TextFrame, rejoin
from adapters.providers.error_rules import ServiceFailure, parse_failure, read_code_and_message
from bot.errors import FailureCode, Refused
from bot.messages import Usage, WebSource
from bot.util.http import Event, events, texts
from bot.words import say

MAX_SHOWN = 8
MAX_ADDRESS, MAX_TITLE = 500, 80  # characters

# Fields of the record's prompt that hold what was read; documented by their names, always empty in its examples.
_LISTS = ("searchContentList", "linkContentList")
_ADDRESS_FIELDS = ("url", "link", "href", "source", "address")
_TITLE_FIELDS = ("title", "name")
_MARKUP = re.compile(r"[\[\]()<>`*_~|\\\s]+")

CRAWL = "🌐 Crawling site http"
FOOTER = "Here is some information from the links you provided"
MAX_HELD = 4_000  # characters; anything longer is no noise

_CRAWL = r"^(?:🌐 Crawling site https?://[^\s🌐]+(?:[ \t]*\r?\n|[ \t]+(?=\S)|(?=🌐)END))+"
_CRAWLED = re.compile(_CRAWL.replace("END", ""), re.MULTILINE)
_CRAWLED_AT_END = re.compile(_CRAWL.replace("END", r"|\s*\Z"), re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s🌐]+")
_LINK = re.compile(r"https?://\S+|[-*•]|\d+[.)]?")

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


def read_sources(record: Mapping[str, Any]) -> tuple[WebSource, ...]:
    """Return what a record says was read."""
    detail = record.get("aiRecordDetail")
    prompt = detail.get("promptObject") if isinstance(detail, dict) else None
    lists = [prompt.get(name) for name in _LISTS] if isinstance(prompt, dict) else []
    return tuple(source for each in lists if isinstance(each, list) for source in _read_list(each))


def _read_list(entries: list[Any]) -> Iterator[WebSource]:
    for entry in entries:
        if isinstance(entry, str):
            yield WebSource(entry)
        elif isinstance(entry, dict):
            address, title = _first_text(entry, _ADDRESS_FIELDS), _first_text(entry, _TITLE_FIELDS)
            yield WebSource(address, title)


def _first_text(entry: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((entry[name] for name in names if isinstance(entry.get(name), str) and entry[name]), "")


class SourceList:
    """The sources of one answer: each address once, with its title if one is known, and none of the question's own."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._titles: dict[str, str] = {}  # by address

    def add(self, source: WebSource) -> None:
        """Add a source, unless its address is none, or one that was asked about."""
        address = source.address.strip().rstrip(".,;")
        if _is_address(address) and address.rstrip("/") not in self._question:
            known = next((each for each in self._titles if each.rstrip("/") == address.rstrip("/")), address)
            self._titles[known] = self._titles.get(known) or _MARKUP.sub(" ", source.title).strip()[:MAX_TITLE]

    def render(self) -> str:
        """Return them as Markdown, to stand behind the answer; empty where there are none."""
        lines = [_line(address, title) for address, title in self._titles.items()][:MAX_SHOWN]
        return "\n\n" + "\n".join([f"**{say('sources')}**", *lines]) if lines else ""


def _line(address: str, title: str) -> str:
    return f"- [{title}]({address})" if title else f"- {address}"


def _is_address(text: str) -> bool:
    if not re.fullmatch(r"https?://[^\s<>()\[\]\"'`\\]+", text) or len(text) > MAX_ADDRESS:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


class StreamCleaner:
    """A filter that removes the noise from a stream of text, wherever its pieces are cut, and blanks at both ends."""

    def __init__(self, add_source: Callable[[WebSource], None] | None = None) -> None:
        """Make a filter; `add_source` is told the addresses in what is removed."""
        self._add_source = add_source
        self._pending = ""  # may turn out to be noise
        self._has_begun = False
        self._at_line_start = True  # of the pending text

    def feed(self, piece: str) -> str:
        """Accept the next piece, and return the text that is certainly part of the answer."""
        text = self._without_crawls(_CRAWLED, self._pending + piece)
        safe_length = self._safe_length(text)
        if len(text) - safe_length > MAX_HELD:
            safe_length = len(text)
        clean_text, self._pending = text[:safe_length], text[safe_length:]
        if not self._has_begun:
            clean_text = clean_text.lstrip()
        if clean_text:
            self._has_begun, self._at_line_start = True, clean_text.endswith("\n")
        return clean_text

    def end(self) -> str:
        """Return what is left when nothing more comes."""
        text = self._without_crawls(_CRAWLED_AT_END, self._pending)
        footer = text.rfind(FOOTER)
        if footer >= 0 and _only_links(text[footer + len(FOOTER) :], ended=True):
            self._note(text[footer:])
            text = text[:footer]
        self._pending = ""
        return text.rstrip() if self._has_begun else text.strip()

    def _without_crawls(self, pattern: re.Pattern[str], text: str) -> str:
        before = "" if self._at_line_start else "x"  # so that the text does not look like a line's beginning
        return pattern.sub(self._remove, before + text)[len(before) :]

    def _remove(self, noise: re.Match[str]) -> str:
        self._note(noise[0])
        return ""

    def _note(self, noise: str) -> None:
        if self._add_source:
            for address in _ADDRESS.findall(noise):
                self._add_source(WebSource(address))

    def _safe_length(self, text: str) -> int:
        """Return how many characters of the text are certainly no noise."""
        safe_length = len(text)
        line = text.rfind("\n") + 1
        if (line or self._at_line_start) and _may_begin(text[line:], CRAWL):
            safe_length = line
        footer = text.rfind(FOOTER, 0, safe_length)
        if footer >= 0 and _only_links(text[footer + len(FOOTER) : safe_length], ended=False):
            safe_length = footer
        else:
            safe_length -= _overlap(text[max(0, safe_length - len(FOOTER)) : safe_length], FOOTER)
        return len(text[:safe_length].rstrip())


def clean(text: str) -> str:
    """Return a whole text without the noise."""
    cleaner = StreamCleaner()
    return cleaner.feed(text) + cleaner.end()


class DuplicateTailFilter:
    """A filter that drops the last piece of a stream when it repeats the whole answer, as some models do (gpt-5.4).

    Such a piece is held back until it is known to be the last one: "ha" may well follow "ha".
    """

    def __init__(self) -> None:
        self._passed: list[str] = []
        self._length = 0
        self._pending = ""

    def feed(self, piece: str) -> str:
        """Accept the next piece, and return the text that may be passed on."""
        if not piece:
            return ""
        released = self._pass(self._pending)
        self._pending = ""
        if self._repeats(piece):
            self._pending = piece
            return released
        return released + self._pass(piece)

    def end(self, whole: str | None = None) -> str:
        """Return the text that is left at the end; `whole` is the whole answer, where the service repeats it."""
        pending, self._pending = self._pending, ""
        passed_text = "".join(self._passed)
        # The whole text tells whether the last piece belongs to it.
        return pending if pending and whole and clean(whole).startswith(clean(passed_text + pending)) else ""

    def _pass(self, piece: str) -> str:
        if piece:
            self._passed.append(piece)
            self._length += len(piece)
        return piece

    def _repeats(self, piece: str) -> bool:
        # Only a long piece is worth the look: what it is compared with has grown by an eighth since the last time.
        if self._length < 2 or 8 * len(piece) < self._length:
            return False
        self._passed = ["".join(self._passed)]
        return piece == self._passed[0] or clean(piece) == clean(self._passed[0])


def _may_begin(line: str, start: str) -> bool:
    return start.startswith(line) or line.startswith(start)


def _overlap(text: str, start: str) -> int:
    """Return how many characters at the end of the text may begin `start`."""
    at = text.find(start[0])
    while at >= 0 and not start.startswith(text[at:]):
        at = text.find(start[0], at + 1)
    return len(text) - at if at >= 0 else 0


def _only_links(text: str, *, ended: bool) -> bool:
    """Tell whether there is nothing but links, bullets and numbers; the last one may not be complete yet."""
    links = text.lstrip(":.").split()
    if links and not ended and any(protocol.startswith(links[-1]) for protocol in ("http://", "https://")):
        links.pop()
    return all(_LINK.fullmatch(link) for link in links)


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
