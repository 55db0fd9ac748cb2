"""What can go wrong, by name: every error that the facts know of, and all that a stream can do wrong."""

import asyncio
import zlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from aiohttp import web

from tests.doubles.openai import checks, wire
from tests.doubles.openai.answers import Telling
from tests.doubles.openai.checks import Ask
from tests.doubles.openai.dialects import Body, Dialect, Name, Words, reply
from tests.doubles.openai.seen import Seen
from tests.doubles.openai.wire import Frame, Heading, Pause

PLACES = ("chat", "models", "billing")
OPTIONS = {"seconds", "retry_after", "headers", "sha256", "text"}
Options = Mapping[str, Any]


class Aborted(Exception):
    """The connection was broken before any byte."""


@dataclass(slots=True)
class Visit:
    """A request on its way."""

    request: web.Request
    dialect: Dialect
    seen: Seen
    key: str = ""  # as it was sent
    body: Body = field(default_factory=dict)
    ask: Ask | None = None  # what the body asks
    fault: "Fault" = field(default_factory=lambda: Fault())
    options: Options = field(default_factory=dict)  # of the fault

    @property
    def traits(self) -> frozenset[str]:
        """What a fault may wait for."""
        found = {name for name in ("stream", "max_tokens", "stream_options") if self.body.get(name)}
        return frozenset({*found, *(f"a {role}" for role in self.seen.roles), *["a photo"] * bool(self.seen.photos)})


Say = Callable[[Visit], Words]
Instead = Callable[[Visit], web.Response]
Change = Callable[[list[Frame], Heading, Visit], list[Frame]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. Whatever a field does not say goes as usual."""

    meaning: str = ""
    place: str = "chat"  # its natural place
    wants: frozenset[str] = frozenset()  # it waits for such a request
    lasts: bool = False  # until it is cleared
    when: Callable[[Visit, Options], bool] | None = None  # it waits for such a request, in more words
    say: Say | None = None  # an error, in the dialect's shape
    instead: Instead | None = None  # another answer, whatever its shape
    act: Callable[[Visit], Coroutine[Any, Any, None]] | None = None  # done before the answer
    tell: Callable[[Telling], Telling] | None = None  # the answer reads differently
    frames: Change | None = None  # the stream holds something else
    encode: wire.Encode = wire.sse
    whole: bool = False  # JSON although a stream was asked
    status: int | None = None  # of a good answer


NONE = Fault()


def _error(
    meaning: str, openai: Words, *, vapi: Words | None = None, aimlapi: Words | None = None, **more: Any
) -> Fault:
    """An error that the others word as OpenAI does unless they have their own words."""
    said: dict[Name, Words] = {"openai": openai, "vapi": vapi or openai, "aimlapi": aimlapi or openai}
    return Fault(meaning=meaning, say=lambda visit: said[visit.dialect.name], **more)


def _upstream(meaning: str, words: Words, **more: Any) -> Fault:
    """An error of who stands behind a relay: AI/ML API wraps it in a 400 or 500 that begins with the real status."""
    wrapped = replace(words, message=f"{words.status} {words.message}")
    return _error(meaning, words, vapi=replace(words, type="upstream_error"), aimlapi=wrapped, **more)


def _page(meaning: str, status: int, text: str = "", **more: Any) -> Fault:
    def instead(visit: Visit) -> web.Response:
        return web.Response(text=text, status=status, content_type="text/html")

    return Fault(meaning=meaning, instead=instead, **more)


def _stream(meaning: str, frames: Change, **more: Any) -> Fault:
    return Fault(meaning=meaning, frames=frames, wants=frozenset({"stream"}), **more)


def _encode(meaning: str, encode: wire.Encode) -> Fault:
    return Fault(meaning=meaning, encode=encode, wants=frozenset({"stream"}))


def _tell(meaning: str, **changes: Any) -> Fault:
    return Fault(meaning=meaning, tell=lambda telling: replace(telling, **changes))


async def _abort(visit: Visit) -> None:
    if visit.request.transport is not None:
        visit.request.transport.abort()
    raise Aborted


async def _wait(visit: Visit) -> None:
    await asyncio.sleep(float(visit.options.get("seconds", 1)))


async def _hang(visit: Visit) -> None:
    await asyncio.Event().wait()  # cancelled when the client leaves


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(50)), packer.flush()])


def _explode(visit: Visit) -> web.Response:
    kind = "text/event-stream" if visit.body.get("stream") else "application/json"
    return web.Response(body=_bomb(), headers={"Content-Encoding": "gzip", "Content-Type": kind})


def _echo_key(visit: Visit) -> Words:
    return Words(401, f"Incorrect API key provided: {visit.key}. You can find it in your account.", "invalid_api_key")


def wrong_key(visit: Visit) -> Words:
    """Say that the key is not good, as each dialect does."""
    shown = f"{visit.key[:8]}{'*' * 12}{visit.key[-4:]}"  # as OpenAI shows it
    match visit.dialect.name:
        case "aimlapi":
            return Words(
                401,
                "This request requires a valid API key. You can create a new API key on the Billing page: "
                "https://aimlapi.com/app/keys",
            )
        case "vapi":
            return Words(401, "Invalid token")
    message = f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com/api-keys."
    return Words(401, message, "invalid_api_key")


def _unknown_model(visit: Visit) -> Words:
    return checks.unknown_model(visit.dialect.name, visit.seen.model)


def _unable(visit: Visit) -> Words:
    message = f"Unable to access model {visit.seen.model}. "
    if visit.dialect.name == "aimlapi":
        return Words(500, f"400 {message}")
    return Words(500, f"400 {message}", None, "server_error")


def _some(frames: list[Frame]) -> list[Frame]:
    return frames[: max(4, len(frames) // 3)]


def _silent_words(frames: list[Frame]) -> list[Frame]:
    """All but the words and how they ended."""
    return frames[:1]


def _error_event(visit: Visit) -> Frame:
    words = Words(500, "The server had an error while processing your request.", None, "server_error")
    return visit.dialect.error(words, visit.request.path)


def _nulls(frames: list[Frame], heading: Heading, visit: Visit) -> list[Frame]:
    first, *rest = frames
    odd: list[Frame] = [
        heading.chunk([{"index": 0, "delta": None, "finish_reason": None}]),
        heading.delta({"content": None}),
        heading.chunk([{"index": 0, "finish_reason": None}]),
        heading.chunk([]),
        {**heading.chunk([]), "choices": None},
    ]
    return [first, *(each for n, frame in enumerate(rest) for each in (odd[n % 5], frame))]


def _comments(frames: list[Frame], heading: Heading, visit: Visit) -> list[Frame]:
    return [each for frame in frames for each in (wire.COMMENT, frame)]


def _without_end(frames: list[Frame], heading: Heading, visit: Visit) -> list[Frame]:
    return [frame for frame in frames if wire.words(frame)]


def _noise(frames: list[Frame], heading: Heading, visit: Visit) -> list[Frame]:
    return [*frames[:3], b"data: {not json\n\n", b"data: 7\n\n", b"event: ping\ndata: {}\n\n", *frames[3:]]


def _poisoned(visit: Visit, options: Options) -> bool:
    return options.get("sha256") in visit.seen.photos


def _bad_words(visit: Visit, options: Options) -> bool:
    return any(options.get("text", "") in said for said in visit.seen.texts)


_CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    '<body><div id="cf-challenge">Enable JavaScript and cookies to continue.</div>'
    "<p>Cloudflare Ray ID: 8f0000000000</p></body></html>"
)
_GATEWAY = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
_HOME = "<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>The best models</h1></body></html>"
_LOW_BALANCE = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
_ORGANISATION = "org-9f8e7d6c5b4a"  # OpenAI tells whose limit it is; nobody in a chat needs to know

FAULTS: dict[str, Fault] = {
    # What is wrong with the key or the purse.
    "wrong_key": Fault(meaning="401", say=wrong_key),
    "key_echoed": Fault(meaning="401 that repeats the whole key", say=_echo_key),
    "no_credits": _error(
        "no money: 429 at OpenAI, 403 at the others",
        Words(
            429,
            "You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
            "insufficient_quota",
            "insufficient_quota",
        ),
        vapi=Words(
            403, "User quota is not enough, remaining quota: ＄0.000000", "insufficient_user_quota", "new_api_error"
        ),
        aimlapi=Words(
            403,
            "You've run out of credits. Please top up your balance or update your payment method to continue: "
            "https://aimlapi.com/app/billing/",
        ),
    ),
    "no_credits_plan": _error(
        "403 about a plan",
        Words(403, "You have exhausted the available [plan.rule:api_credit] resource limit"),
    ),
    "no_credits_402": _error("402", Words(402, "Insufficient Balance", "invalid_request_error", "unknown_error")),
    "no_credits_upstream": _upstream("whom the relay asks has no money left there", Words(400, _LOW_BALANCE)),
    "rate_limited": _error(
        "429; Retry-After by option",
        Words(
            429,
            f"Rate limit reached for gpt-4o in organization {_ORGANISATION} on requests per min (RPM): "
            "Limit 3, Used 3.",
            "rate_limit_exceeded",
            "requests",
        ),
        vapi=Words(
            429, "The upstream load of the current group is saturated, please try again later", None, "upstream_error"
        ),
        aimlapi=Words(429, "Too Many Requests"),
    ),
    "free_tier": _error(
        "429: no more for free in this hour",
        Words(
            429,
            "Free-tier limit: You've reached your free limit for the hour. Get AI/ML API Subscription to continue "
            "https://aimlapi.com/app/billing",
        ),
    ),
    # What is wrong with the question.
    "unknown_model": Fault(meaning="there is no such model, each in its own way", say=_unknown_model),
    "unable": Fault(meaning="500 that wraps the upstream's 400: no such model", say=_unable),
    "invalid": _error(
        "400: the body breaks a rule",
        Words(400, "Invalid type for 'messages[0].content': expected an array, but got null.", "invalid_type"),
        aimlapi=Words(400, "Body validation error\nInvalid type. Expected array, received null"),
    ),
    "system": _upstream(
        "400 for every question with a message of the system",
        Words(
            400,
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            "unsupported_value",
            param="messages[0].role",
        ),
        wants=frozenset({"a system"}),
        lasts=True,
    ),
    "max_tokens": _upstream(
        "400 for every question with max_tokens",
        Words(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "unsupported_parameter",
            param="max_tokens",
        ),
        wants=frozenset({"max_tokens"}),
        lasts=True,
    ),
    "stream_options": _error(
        "400 for every question with stream_options",
        Words(400, "Unrecognized request argument supplied: stream_options"),
        aimlapi=Words(400, "Body validation error\nUnrecognized key(s) in object: 'stream_options'"),
        wants=frozenset({"stream_options"}),
        lasts=True,
    ),
    "image_refused": Fault(
        meaning="400: a picture it does not take",
        say=lambda visit: checks.unsupported_image(visit.dialect.name),
        wants=frozenset({"a photo"}),
    ),
    "image_too_large": _upstream(
        "400: a picture of too many bytes",
        Words(
            400, "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes"
        ),
        wants=frozenset({"a photo"}),
    ),
    "blind": Fault(
        meaning="400: the model takes no pictures",
        say=lambda visit: checks.blind(visit.dialect.name, visit.seen.model),
        wants=frozenset({"a photo"}),
    ),
    "too_large": _page("413 with a page", 413, _GATEWAY.format("413 Request Entity Too Large")),
    "context": _upstream(
        "400: too much was said",
        Words(
            400,
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130417 tokens. "
            "Please reduce the length of the messages.",
            "context_length_exceeded",
            param="messages",
        ),
    ),
    "content_filter": _upstream(
        "400: a filter does not like the question",
        Words(
            400,
            "The response was filtered due to the prompt triggering the content management policy. Please modify your "
            "prompt and retry.",
            "content_filter",
            param="prompt",
        ),
    ),
    "poison": _upstream(
        "400, which says little, while a photo of this sha256 is among those sent",
        Words(400, "Could not process the request."),
        when=_poisoned,
        lasts=True,
    ),
    "poison_text": _upstream(
        "400, which says little, while the text is in a message",
        Words(400, "Could not process the request."),
        when=_bad_words,
        lasts=True,
    ),
    # What is wrong over there, or on the way.
    "server_error": _error(
        "500",
        Words(500, "The server had an error while processing your request. Sorry about that!", None, "server_error"),
        vapi=Words(500, "bad response status code 500", "bad_response_status_code", "upstream_error"),
        aimlapi=Words(500, "Something wrong with the server. Please, try again later."),
    ),
    "maintenance": _error(
        "the model is looked after",
        Words(503, "That model is currently overloaded with other requests.", None, "server_error"),
        vapi=Words(503, "The upstream load is saturated, please try again later", None, "upstream_error"),
        aimlapi=Words(
            500,
            "The model is under maintenance, please contact us at help@aimlapi.com. "
            "Your Request ID is 798b860e-98c2-4e8e-8c50-550bcfc2eccc.",
        ),
    ),
    "bad_gateway": _page("502 with a page", 502, _GATEWAY.format("502 Bad Gateway")),
    "unavailable": _error("503", Words(503, "Service unavailable", None, "server_error")),
    "timeout": _error("504", Words(504, "Generation timeout", None, "server_error")),
    "unavailable_page": _page("503 without a body", 503),
    "blocked": _page("403 with a page that wants JavaScript", 403, _CHALLENGE),
    "not_found": _page("404 with a page", 404, _GATEWAY.format("404 Not Found")),
    "no_models": _error("500 for the list of models", Words(500, "Internal server error"), place="models"),
    "abort": Fault(meaning="the connection breaks before any byte", act=_abort),
    "slow": Fault(meaning="waits `seconds` before the first byte", act=_wait),
    "hang": Fault(meaning="never answers", act=_hang),
    "gzip_bomb": Fault(meaning="49 kB that unpack to 50 MB", instead=_explode),
    # Streams that end badly.
    "cut_before": _stream(
        "the stream begins and breaks before a word", lambda said, *_: [*_silent_words(said), wire.CUT]
    ),
    "cut_after": _stream("some words, then the connection breaks", lambda said, *_: [*_some(said), wire.CUT]),
    "ends_before": _stream("the stream begins and ends before a word", lambda said, *_: _silent_words(said)),
    "ends_after": _stream("some words, then the end, without a reason", lambda said, *_: _some(said)),
    "error_before": _stream(
        "an error in the stream before a word", lambda said, _, visit: [*_silent_words(said), _error_event(visit)]
    ),
    "error_after": _stream(
        "some words, then an error in the stream", lambda said, _, visit: [*_some(said), _error_event(visit), wire.DONE]
    ),
    "silence_before": _stream(
        "the stream begins, and nothing follows", lambda said, *_: [*_silent_words(said), Pause(None)]
    ),
    "silence_after": _stream("some words, and nothing follows", lambda said, *_: [*_some(said), Pause(None)]),
    "slow_words": _stream(
        "waits `seconds` between the head and the first word",
        lambda said, _, visit: [said[0], Pause(float(visit.options.get("seconds", 1))), *said[1:]],
    ),
    "never_ends": _stream(
        "the whole answer with its reason, and the connection stays open", lambda said, *_: [*said[:-1], Pause(None)]
    ),
    # Streams that are odd and good all the same.
    "no_done": _stream("a reason to end, but no [DONE]", lambda said, *_: said[:-1]),
    "no_reason": _stream(
        "[DONE], but no reason to end",
        lambda said, *_: [*(frame for frame in said[:-1] if wire.words(frame)), wire.DONE],
    ),
    "nulls": _stream("null deltas, null contents, chunks without choices", _nulls),
    "comments": _stream("comments that keep the connection alive", _comments),
    "noise": _stream("lines that are no chunks", _noise),
    "crlf": _encode("lines end in CR LF", wire.crlf),
    "tight": _encode("no blank behind the colon", wire.tight),
    "bytewise": _encode("seven bytes at a time", wire.bytewise),
    "at_once": _encode("everything in one piece", wire.at_once),
    "json_instead": Fault(meaning="JSON although a stream was asked", whole=True, wants=frozenset({"stream"})),
    "created": Fault(meaning="201 for a good answer", status=201),
    # Answers that are none, or odd ones.
    "html_instead": _page("200 with a page", 200, _HOME),
    "text_instead": Fault(meaning="200 with words", instead=lambda _: web.Response(text="OK")),
    "error_200": Fault(
        meaning="200 with an error inside",
        instead=lambda visit: reply(
            visit.dialect.error(Words(500, "Upstream error", None, "server_error"), visit.request.path)
        ),
    ),
    "empty": _tell("not a word", text=""),
    "no_choices": _tell("no choices at all", choices=False),
    "content_list": _tell("the content is a list of parts", listed=True),
    "thinking": _tell("thoughts come before the words", thinking="Hm, let me think: secret thoughts."),
    "refusal": _tell("the model declines in a field of its own", text="", refusal="I'm sorry, I can't help with that."),
    "filtered": _tell("a filter stops it before a word", text="", finish="content_filter"),
    "filtered_after": _tell("a filter stops it after some words", text="I see a cat that", finish="content_filter"),
    "length": _tell("it ends because it is too long", text="I see a cat that", finish="length"),
}


@dataclass(slots=True)
class Waiting:
    """A fault that will happen."""

    name: str
    times: int
    at: str
    options: Options

    @property
    def fault(self) -> Fault:
        return FAULTS[self.name]

    def fits(self, place: str, visit: Visit) -> bool:
        """Whether it happens to such a request."""
        here = self.at == place and self.fault.wants <= visit.traits
        return here and (self.fault.when is None or self.fault.when(visit, self.options))


class Faults:
    """The faults that wait for their request, first come first served; one request meets one of them."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []

    def add(self, name: str, times: int = 1, at: str | None = None, **options: Any) -> None:
        """Let a fault happen `times` times, at its natural place or `at` another; ValueError if that cannot be."""
        if name not in FAULTS:
            raise ValueError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
        if set(options) - OPTIONS:
            raise ValueError(f"The only options are {', '.join(sorted(OPTIONS))}.")
        if at not in (None, *PLACES):
            raise ValueError(f"There is no place {at!r}; there are {', '.join(PLACES)}.")
        self.waiting.append(Waiting(name, times, at or FAULTS[name].place, options))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.waiting.clear()

    def take(self, place: str, visit: Visit) -> Fault:
        """Return the fault that happens to this request, and count it."""
        for waiting in self.waiting:
            if waiting.fits(place, visit):
                visit.seen.fault, visit.options = waiting.name, waiting.options
                waiting.times -= not waiting.fault.lasts
                self.waiting = [each for each in self.waiting if each.times]
                return waiting.fault
        return NONE
