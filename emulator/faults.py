"""The faults of the chat, and the queue of faults that are to happen."""

import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import web

from emulator import answers, wire
from emulator.fault import Fault, Options, abort, hang, page, refusal, reshaped, streamed, wait
from emulator.media_faults import MEDIA_FAULTS, MEDIA_PLACES
from emulator.order_faults import ORDER_FAULTS, crawl
from emulator.payloads import UNAUTHORIZED, Body, flat, insufficient, nested, reply
from emulator.recording import RecordedRequest
from emulator.state import AccountState

PLACES = ("assets", "conversations", "chat", "models", "pictures", "sound", "results", "records")
PURSE = insufficient(4800, 46)
CREDITS = PURSE["message"]


async def _forget_conversations(request: web.Request, memory: AccountState, options: Options) -> None:
    memory.conversations.clear()


async def _forget_assets(request: web.Request, memory: AccountState, options: Options) -> None:
    memory.assets.forget()


@cache
def _bomb() -> bytes:
    """Pack 50 MB of zeros; zlib cannot go below 49 kB for them."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(50)), packer.flush()])


def _explode(seen: RecordedRequest) -> web.Response:
    kind = "text/event-stream" if seen.stream else "application/json"
    return web.Response(body=_bomb(), headers={"Content-Encoding": "gzip", "Content-Type": kind})


def _unknown_model(seen: RecordedRequest) -> web.Response:
    return reply(flat("UNSUPPORTED_MODEL", f"Model {seen.model} is not supported"), 400)


def _detail(body: Body, **changes: Any) -> Body:
    record = body["aiRecord"]
    return {"aiRecord": {**record, "aiRecordDetail": {**record["aiRecordDetail"], **changes}}}


def _broke(body: Body) -> Body:
    error = {"code": "INSUFFICIENT_CREDITS", "message": CREDITS}
    return {"aiRecord": {"model": body["aiRecord"]["model"], "aiRecordDetail": {"resultObject": error}}}


def _failed(body: Body) -> Body:
    failed = _detail(body, resultObject=[], errorMessage="The AI provider could not answer")
    failed["aiRecord"] |= {"status": "FAILED", "temporaryUrl": ""}
    return failed


def _error(message: str) -> wire.Frame:
    return "error", {"error": message}


def _some(frames: list[wire.Frame]) -> list[wire.Frame]:
    return frames[: max(3, len(frames) // 3)]


def _ending(frames: list[wire.Frame]) -> list[wire.Frame]:
    return [frame for frame in frames if frame[0] != "content"]


def _repeat(frames: list[wire.Frame]) -> list[wire.Frame]:
    said = [frame for frame in frames if frame[0] == "content"]
    return [*said[:-1], wire.content("".join(frame[1]["content"] for frame in said)), wire.EMPTY, *_ending(frames)]


_CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    '<body><div id="cf-challenge">Enable JavaScript and cookies to continue.</div>'
    "<p>Cloudflare Ray ID: 8f0000000000</p></body></html>"
)
_GATEWAY = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)

FAULTS: dict[str, Fault] = {
    # What is wrong with the key or the purse.
    "wrong_key": refusal("401, as documented", 401, UNAUTHORIZED),
    "key_inactive": refusal(
        "401: somebody blocked the key",
        401,
        flat("HTTP_EXCEPTION", "API Key is not active. Please contact your team administrator to be unblocked"),
    ),
    "key_deleted": refusal("401: the key is gone", 401, flat("HTTP_EXCEPTION", "API Key has been deleted")),
    "no_credits_406": refusal("406 with the team's name in its message", 406, PURSE),
    "no_credits_200": reshaped(
        "200, JSON even for a stream: resultObject is the error", _broke, whole=True, spoils=True, also=MEDIA_PLACES
    ),
    "no_credits_event": streamed(
        "an error event about credits", lambda frames: [wire.EMPTY, _error(CREDITS)], "unified", spoils=True
    ),
    # What is wrong with the question.
    "rate_limited": refusal("429; Retry-After by option", 429, nested("RATE_LIMITED", "Too many requests")),
    "unsupported_model": Fault(meaning="400: no such model", instead=_unknown_model),
    "bad_request": refusal(
        "400: the body lacks something",
        400,
        flat("REQUEST_BODY_VALIDATION_FAILED", "Request body validation failed"),
    ),
    "prompt_invalid": refusal(
        "422 with details",
        422,
        nested(
            "PROMPT_OBJECT_VALIDATION_FAILED",
            "Invalid prompt object",
            details=[{"field": "prompt", "message": "prompt must be a string"}],
        ),
    ),
    "too_large": page("413 without a body", 413, place="assets"),
    "file_type": refusal(
        "400: a file it does not take", 400, flat("HTTP_EXCEPTION", "file type isn't supported"), place="assets"
    ),
    # What is wrong over there, or on the way.
    "upstream_busy": refusal(
        "400 although the upstream is only busy", 400, flat("OPEN_AI_UNEXPECTED_ERROR", "OpenAI unexpected error")
    ),
    "cloudflare_challenge": page("403 with a page that wants JavaScript", 403, _CHALLENGE),
    "cloudflare_1015": page("429 from Cloudflare", 429, "error code: 1015", "text/plain"),
    "server_error": refusal("500 with JSON", 500, flat("INTERNAL_SERVER_ERROR", "Internal server error")),
    "bad_gateway": page("502 with a page", 502, _GATEWAY),
    "unavailable": page("503 without a body", 503),
    "no_models": refusal(
        "500 for the list of models", 500, flat("INTERNAL_SERVER_ERROR", "Internal server error"), place="models"
    ),
    "slow": Fault(meaning="waits `seconds` before the first byte", act=wait),
    "hang": Fault(meaning="never answers", act=hang, spoils=True),
    "cut_before": Fault(meaning="the connection breaks before any byte", act=abort, spoils=True),
    "gzip_bomb": Fault(meaning="49 kB that unpack to 50 MB", instead=_explode),
    # What it forgets. Nobody has seen how the real one says so.
    "forget_conversation": Fault(meaning="all conversations are gone", act=_forget_conversations),
    "forget_asset": Fault(meaning="all uploads are gone", act=_forget_assets, also=MEDIA_PLACES),
    # Streams that end badly.
    "stream_error": streamed(
        "some content, then an error event",
        lambda frames: [*_some(frames), _error("Stream interrupted")],
        "unified",
        spoils=True,
    ),
    "error_first": streamed(
        "an error event before any content",
        lambda _: [_error("The AI provider is not available at the moment")],
        "unified",
        spoils=True,
    ),
    "cut_stream": streamed(
        "some content, then the connection breaks", lambda frames: [*_some(frames), wire.CUT], spoils=True
    ),
    "no_done": streamed(
        "no done event", lambda frames: [frame for frame in frames if frame is not wire.DONE], "unified"
    ),
    "nothing": streamed("a stream without a word", lambda _: [wire.EMPTY, wire.EMPTY, wire.DONE], spoils=True),
    # Answers that look different.
    "json_instead": Fault(meaning="JSON although a stream was asked", whole=True, wants=frozenset({"stream"})),
    "failed_record": reshaped(
        "the record says FAILED",
        _failed,
        frames=lambda frames: [wire.EMPTY, *_ending(frames)],
        spoils=True,
        also=MEDIA_PLACES,
    ),
    "result_string": reshaped(
        "resultObject is a string",
        lambda body: _detail(body, resultObject=body["aiRecord"]["aiRecordDetail"]["resultObject"][0]),
        also=MEDIA_PLACES,
    ),
    "result_object": reshaped(
        "resultObject is an object with a text",
        lambda body: _detail(body, resultObject={"text": body["aiRecord"]["aiRecordDetail"]["resultObject"][0]}),
        also=MEDIA_PLACES,
    ),
    "flat_uuid": reshaped(
        "a new conversation is answered without its wrapping",
        lambda body: dict(body["conversation"]),
        place="conversations",
        wants=frozenset({"begin"}),
    ),
    "repeat_all": streamed("the last content repeats the whole text", _repeat),
    "crawl_noise": Fault(meaning="lines about crawled sites and a footer of links", text=crawl),
    "split_utf8": Fault(
        meaning="every byte is written apart",
        text=lambda _: answers.SHORT,
        encode=wire.bytewise,
        pace=0.0005,
        wants=frozenset({"stream"}),
    ),
    "no_event_names": Fault(
        meaning="data lines without events, then [DONE]",
        encode=lambda _: wire.nameless,
        wants=frozenset({"stream", "unified"}),
    ),
    "raw_sse": Fault(
        meaning="the raw stream of /api/features comes as data lines",
        encode=lambda _: wire.framed_raw,
        wants=frozenset({"stream", "features"}),
    ),
    # Endpoints that are not there, until cleared.
    "unified_unknown": refusal(
        "404: there is no /api/chat-with-ai",
        404,
        {"message": "Cannot POST /api/chat-with-ai", "error": "Not Found", "statusCode": 404},
        wants=frozenset({"unified"}),
        lasts=True,
    ),
    "features_retired": refusal(
        "400: no chat at /api/features any more",
        400,
        flat("UNSUPPORTED_FEATURE", "Chat requests are not supported on this endpoint"),
        wants=frozenset({"features"}),
        lasts=True,
    ),
}


ALL_FAULTS: dict[str, Fault] = FAULTS | MEDIA_FAULTS | ORDER_FAULTS


@dataclass(slots=True)
class QueuedFault:
    """A fault that will happen."""

    name: str
    times: int
    at: str
    options: Options = field(default_factory=dict)

    @property
    def fault(self) -> Fault:
        """The fault by its name."""
        return ALL_FAULTS[self.name]

    def fits(self, place: str, traits: frozenset[str]) -> bool:
        """Tell whether it happens to such a request."""
        return self.at == place and self.fault.wants <= traits


class Faults:
    """The faults that wait for their request, first come first served; one request meets one of them."""

    def __init__(self) -> None:
        self.waiting: list[QueuedFault] = []

    def add(self, name: str, times: int = 1, at: str | None = None, **options: Any) -> None:
        """Let a fault happen `times` times, at its natural place or `at` another; ValueError if that cannot be."""
        fault = ALL_FAULTS.get(name)
        if fault is None:
            raise ValueError(f"There is no fault {name!r}; there are {', '.join(ALL_FAULTS)}.")
        if not isinstance(times, int) or times < 1:
            raise ValueError("times must be a whole number, 1 or more.")
        if set(options) - {"seconds", "retry_after"} or not isinstance(options.get("seconds", 1), int | float):
            raise ValueError("The only options are seconds (a number) and retry_after.")
        if at is not None and at not in PLACES:
            raise ValueError(f"There is no place {at!r}; there are {', '.join(PLACES)}.")
        if at not in (None, fault.place, *fault.also) and not fault.portable:
            raise ValueError(f"{name} can only happen at {fault.place}.")
        self.waiting.append(QueuedFault(name, times, at or fault.place, options))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.waiting.clear()

    def take(self, place: str, traits: frozenset[str]) -> QueuedFault | None:
        """Return the fault that happens to this request, and count it."""
        found = next((waiting for waiting in self.waiting if waiting.fits(place, traits)), None)
        if found and not found.fault.lasts:
            found.times -= 1
            if not found.times:
                self.waiting.remove(found)
        return found
