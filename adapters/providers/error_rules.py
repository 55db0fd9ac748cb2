"""Rules that map the failure of a service to an error of ours.

Each service brings its own rules; the ones that hold for all services stand here.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import structlog

from bot.errors import BotError, Busy, FailureCode, Refused, Unreadable
from bot.util.http import Reply, read_capped
from bot.words import SERVICE

SHORTEST, LONGEST = 1.0, 3600.0  # seconds
EPOCH = 1_000_000_000  # a larger number of seconds is a moment

_NUMBER = r"\d{1,12}(?:\.\d{1,12})?"
_DURATION = rf"(?:\d{{1,12}}h)?(?:\d{{1,12}}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?"
_PARTS = re.compile(rf"({_NUMBER})(ms|[hms])")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_ADVICE = re.compile(rf"\b(?:try again|retry)\s+(?:in|after)\s+({_DURATION})(?=\s|\.?$|\.\s|,)", re.IGNORECASE)

log = structlog.get_logger(__name__)

DEFAULT_DELAY = 30.0  # seconds to wait after "too many requests" without a Retry-After
GATEWAY_GAVE_UP = (408, 502, 504, 520, 524)  # statuses of a gateway behind which the work may go on
MAX_LENGTH = 1_000  # characters of a code or a message that are matched

Where = int | Literal["record", "stream", "page"]

MAX_ERROR_BYTES = 64 * 1024

# MiniMax's codes (https://platform.minimax.io/docs/api-reference/errorcode) as the HTTP status that it does not send,
# and as the kind of failure where a status would not tell. The others are outages.
BASE_STATUS: Mapping[int, int] = {
    **dict.fromkeys((1002, 1041, 2045, 2056), 429),
    **dict.fromkeys((1004, 2049), 401),
    1008: 402,
    **dict.fromkeys((1026, 1027, 1039, 1042, 2013), 400),
}
_BASE_KINDS: Mapping[int, str] = {
    **dict.fromkeys((1026, 1027), "content_filter"),
    1039: "context_length_exceeded",
}


def read_retry_delay(headers: Mapping[str, str], message: str = "") -> float | None:
    """Return the seconds to wait, between SHORTEST and LONGEST; None where the reply names none.

    Read are Retry-After (seconds or a date), retry-after-ms, x-ratelimit-reset... of what has run out (seconds, a
    duration such as 6m0s, or a moment), and "try again in 20s" in the message.
    """
    seconds = _retry_after(headers) or _reset(headers) or _advice(message)
    return None if seconds is None else min(max(seconds, SHORTEST), LONGEST)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    if milliseconds := _number(headers.get("retry-after-ms", "")):
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    # Services also send zero seconds, which means the shortest time.
    return max(seconds, SHORTEST) if (seconds := _number(value)) is not None else _until(value)


def _reset(headers: Mapping[str, str]) -> float | None:
    """Return the reset time of what has run out: x-ratelimit-reset, or -requests and -tokens where none remain."""
    used_up = [kind for kind in ("", "-requests", "-tokens") if headers.get(f"x-ratelimit-remaining{kind}") == "0"]
    resets = [_moment(headers.get(f"x-ratelimit-reset{kind}", "")) for kind in used_up]
    return max((reset for reset in resets if reset is not None), default=None)


def _advice(message: str) -> float | None:
    match = _ADVICE.search(message)
    return _duration(match[1]) if match else None


def _moment(value: str) -> float | None:
    """Parse seconds, a duration, or a moment in seconds or milliseconds since 1970."""
    number = _number(value)
    if number is None:
        return _duration(value)
    if number > EPOCH * 1000:
        number /= 1000
    return max(number - time.time(), SHORTEST) if number > EPOCH else number


def _duration(value: str) -> float | None:
    if not value or not re.fullmatch(_DURATION, value):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(value))


def _number(value: str) -> float | None:
    value = value.strip()
    return float(value) if re.fullmatch(r"\d{1,16}(?:\.\d{1,9})?", value) else None


def _until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
        return max((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - time.time(), SHORTEST)
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class ServiceFailure:
    """A failure on the service's side, as far as the reply tells. Its message is for the log only."""

    where: Where  # the HTTP status; in a 200: the record, an event of the stream, a page instead of an answer
    code: str = ""  # INSUFFICIENT_CREDITS ...; HTML for a page
    message: str = ""
    retry_after: float | None = None  # seconds


# Reading


def parse_failure(where: Where, body: bytes, headers: Mapping[str, str] | None = None) -> ServiceFailure:
    """Parse any error body: nested, flat, in a list, in lines, only a message, HTML, plain text, nothing."""
    text = body.decode("utf-8", "replace").strip()
    code, message = ("HTML", _page_title(text)) if text.startswith("<") else _parse_text(text)
    return ServiceFailure(where, code, message, read_retry_delay(headers or {}, message[:MAX_LENGTH]))


def _parse_text(text: str) -> tuple[str, str]:
    try:
        error_json = json.loads(text)
    except (ValueError, RecursionError):
        error_json = next((line for line in parse_lines(text) if any(read_code_and_message(line))), None)
    if isinstance(error_json, list) and len(error_json) == 1:
        error_json = error_json[0]
    return read_code_and_message(error_json) if isinstance(error_json, dict) else ("", text)


def parse_lines(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a body that has one in a line (NDJSON), with or without `data:` in front."""
    for line in text.split("\n"):
        line = line.strip().removeprefix("data:").lstrip()
        if line.startswith("{"):
            with suppress(ValueError, RecursionError):
                yield json.loads(line)


def read_code_and_message(error_json: Mapping[str, Any]) -> tuple[str, str]:
    """Return the code and the message of an error in any of the known shapes.

    The shapes: {errors: [{code, message}]}, {error: {code, message, details}}, {error: {code, type, param, message,
    metadata}}, {errorCode, message}, {code, message}, {message}, {detail}, {error: text},
    {base_resp: {status_code, status_msg}}.
    """
    if base_code := read_base_code(error_json):
        kind = f"{base_code} {_BASE_KINDS.get(base_code, '')}".strip()
        return kind, _text(error_json["base_resp"].get("status_msg") or "")
    errors = error_json.get("errors")  # Cloudflare's list
    if isinstance(errors, list) and errors and isinstance(errors[0], dict) and not error_json.get("error"):
        error_json = {"error": errors[0]}
    error = error_json.get("error")
    inner: Mapping[str, Any] = error if isinstance(error, dict) else error_json
    code = inner.get("code") or inner.get("errorCode") or error_json.get("errorCode") or ""
    kinds = (code, inner.get("type"), inner.get("status"), inner.get("param")) if inner is error else (code,)
    message = (
        inner.get("message") or inner.get("detail") or inner.get("msg") or (error if isinstance(error, str) else "")
    )
    details = inner.get("details") or inner.get("metadata") if inner is error else inner.get("details")
    return (
        " ".join(_text(kind) for kind in kinds if kind),
        " ".join(filter(None, (_text(message), json.dumps(details) if details else ""))),
    )


def read_base_code(reply_json: Mapping[str, Any]) -> int:
    """Return the code of MiniMax's `base_resp`, which also stands in answers; 0 where all is well."""
    base = reply_json.get("base_resp")
    code = base.get("status_code") if isinstance(base, dict) else 0
    return code if isinstance(code, int) else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _page_title(page: str) -> str:
    """Return the title of a page, and the gatekeeper whose page it is."""
    title = re.search(r"<title>([^<]{0,100})", page, re.IGNORECASE)
    names = [name for name in ("Cloudflare", "error code: 1010", "error code: 1015") if name.lower() in page.lower()]
    return " ".join([title[1].strip() if title else "", *names]).strip()


# Judging

Judge = Callable[[ServiceFailure, str], BotError]
"""A function from a failure and the model that was asked to an error."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A rule for failures at these places whose code or message matches `words`, a pattern."""

    where: frozenset[Where] | None  # None: anywhere
    words: str
    judge: Judge

    def matches(self, failure: ServiceFailure) -> bool:
        """Tell whether the rule holds for this failure."""
        at_this_place = self.where is None or failure.where in self.where
        return at_this_place and re.search(self.words, f"{failure.code} {failure.message}", re.IGNORECASE) is not None


def at(*where: Where) -> frozenset[Where]:
    """Return the places at which a rule holds."""
    return frozenset(where)


ANYTHING = ""
NOTHING = r"^ $"


def refused(code: FailureCode) -> Judge:
    """Judge that asking again would not help, for this reason."""
    return lambda _, __: Refused(code)


def unreadable(code: FailureCode) -> Judge:
    """Judge that the photo is at fault, for this reason."""
    return lambda _, __: Unreadable(code)


def slow_down(failure: ServiceFailure, model: str) -> BotError:
    """Judge that there were too many requests: wait as long as the service says."""
    return Busy(
        FailureCode.PROVIDER_RATE_LIMITED, DEFAULT_DELAY if failure.retry_after is None else failure.retry_after
    )


def down(failure: ServiceFailure, model: str) -> BotError:
    """Judge that the service is down."""
    status = "in its answer" if isinstance(failure.where, str) else failure.where
    lost_reply = failure.where in GATEWAY_GAVE_UP
    return Busy(FailureCode.PROVIDER_DOWN, failure.retry_after, lost_reply=lost_reply, status=status)


def unknown_model(failure: ServiceFailure, model: str) -> BotError:
    """Judge that the service has no such model."""
    return Refused(FailureCode.PROVIDER_UNKNOWN_MODEL, model=model)


def too_many_photos(failure: ServiceFailure, model: str) -> BotError:
    """Judge that there are more photos in the question than the model takes; `most` is None where it is not told."""
    return Refused(FailureCode.PROVIDER_TOO_MANY_PHOTOS, most=read_photo_limit(f"{failure.code} {failure.message}"))


def read_photo_limit(message: str) -> int | None:
    """Return the number of photos that a refusal allows; None where it names none."""
    for pattern in _PHOTO_LIMITS:
        if match := re.search(pattern, message, re.IGNORECASE):
            word = match[1].lower()
            most = int(word) if word.isdecimal() else _WORDS.index(word) + 1 if word in _WORDS else 1
            return most if 0 < most <= _MOST_PHOTOS else None
    return None


def bad_request(failure: ServiceFailure, model: str) -> BotError:
    """Judge that the request was bad, for want of anything more precise."""
    return Refused(FailureCode.PROVIDER_BAD_REQUEST, status=failure.where)


_MOST_PHOTOS = 1_000  # a larger number counts something else
_IMAGES = r"(?:image|photo|picture)(?:s\b|\(s\)|\b)"
_LIMIT = (
    r"(?:at most|up to|max(?:imum)?\.?(?: of| is|:)?|no more than|more than|(?<!any )only|exactly"
    r"|not (?:to )?exceed|no (?:greater|larger|higher) than|limit(?:ed to|s? of|s? is|:)?)"
)
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_EXTENT = r"\b(?:width|height|dimension|side|edge|resolution|size|length|area)"  # numbers behind it count no photos
_COUNT = rf"(\d{{1,3}}|single|{'|'.join(_WORDS)})"
_UNIT = r"(?![\d.,]*\s*(?:[kmg]i?b\b|bytes?\b|px\b|pixels?\b|megapixels?\b|tokens?\b|channels?\b|[x×]\s*\d))"
_PHOTO_LIMITS = (
    rf"\b{_LIMIT}\W{{0,3}}(?:supports? )?(?:a )?(?!0\b){_COUNT}\b{_UNIT}\s*(?:\w+\s){{0,3}}{_IMAGES}",
    rf"\b{_IMAGES}(?: (?:inputs?|files?|parts?))?"
    rf"(?:(?!{_EXTENT})[^.]){{0,60}}?\b{_LIMIT}\D{{0,12}}(?!0\b){_COUNT}\b{_UNIT}",
    rf"\bmax(?:imum)?\.? (?:number of )?{_IMAGES}(?: (?:inputs?|files?|exceeded|allowed|per \w+)){{0,3}}"
    rf"\D{{0,10}}(?!0\b)(\d{{1,4}})\b{_UNIT}",
    rf"too many {_IMAGES}.{{0,40}}?\b{_LIMIT}\D{{0,12}}(?!0\b)(\d{{1,4}})\b{_UNIT}",
    r"\bimage=(\d{1,4})\b.{0,80}limit-mm-per-prompt",
    rf"\b(one|single) {_IMAGES} (?:per|at a time|is supported|only)",
    rf"too many {_IMAGES}.{{0,40}}>\s*(\d{{1,4}})\b",
    rf"\b(?:multiple|several|more than one|two or more) {_IMAGES}.{{0,30}}(?:not|n't|unsupported)()",
    rf"\b{_COUNT} {_IMAGES}(?: \w+){{0,2}} (?:at (?:the )?most|maximum|max)\b",
    rf"\b{_IMAGES} count (?:exceeds|is over|is above|over|>)\D{{0,12}}(?!0\b)(\d{{1,4}})\b{_UNIT}",
    rf"\bmaximal (\d{{1,3}}) (?:{_IMAGES}|Bilder)",
    rf"\bmulti[- ]?{_IMAGES}(?: \w+)?.{{0,20}}(?:not|n't|unsupported)()",
    rf"(?:not|n't) (?:currently )?(?:support|accept|allow|take)\w* (?:multiple|several|more than one) {_IMAGES}()",
)
TOO_MANY_PHOTOS = (
    rf"too many {_IMAGES}|(?:number|count) of {_IMAGES}.{{0,40}}exceed|exceed\w*.{{0,40}}(?:number|count) of {_IMAGES}|"
    + "|".join(_PHOTO_LIMITS)
)
"""Matches refusals of the number of photos."""

# Cloudflare's replies: it stands before most services.
GATEKEEPER: tuple[ErrorRule, ...] = (
    ErrorRule(at(403, 503, "page"), r"error code: 1010|just a moment", refused(FailureCode.PROVIDER_BLOCKED)),
    # Not 503: there Cloudflare's pages also tell of a server that is down.
    ErrorRule(at(403, "page"), r"cloudflare", refused(FailureCode.PROVIDER_BLOCKED)),
    ErrorRule(at(403), rf"^HTML |{NOTHING}", refused(FailureCode.PROVIDER_BLOCKED)),
)
TOO_MANY: tuple[ErrorRule, ...] = (
    ErrorRule(None, r"error code: 1015|\bRATE_LIMITED\b", slow_down),
    ErrorRule(at(429), ANYTHING, slow_down),
)
# The rules for failures that no other rule explains.
REST: tuple[ErrorRule, ...] = (
    ErrorRule(at(408, 425, *range(500, 600), "stream"), ANYTHING, down),
    ErrorRule(at("record"), NOTHING, refused(FailureCode.PROVIDER_NONSENSE)),
    ErrorRule(at("record"), ANYTHING, refused(FailureCode.PROVIDER_FAILED)),
    ErrorRule(at("page"), ANYTHING, refused(FailureCode.PROVIDER_NONSENSE)),
    ErrorRule(at(404, 405, 410), ANYTHING, refused(FailureCode.PROVIDER_UNSUPPORTED)),
    ErrorRule(None, ANYTHING, bad_request),
)


def mask_private(message: str) -> str:
    """Replace addresses and keys in the message."""
    message = re.sub(r"https?://\S+", "(an address)", message)
    return re.sub(r"\b(?:sk|org|proj|key)-[\w*.-]{6,}", "(a key)", message)


def to_bot_error(
    failure: ServiceFailure,
    model: str,
    rules: Sequence[ErrorRule],
    service: str,
    mask: Callable[[str], str] = mask_private,
) -> BotError:
    """Map a failure to an error: the first rule that matches decides, and the last one matches anything.

    `model` is the one that was asked, as people name it. The details go to the log, `mask` removes what is private.
    """
    failure = replace(failure, code=failure.code[:MAX_LENGTH], message=failure.message[:MAX_LENGTH])
    log.warning(f"{service} did not answer", status=failure.where, code=failure.code, message=mask(failure.message))
    rule = next(rule for rule in rules if rule.matches(failure))
    error = rule.judge(failure, model)
    error.values.setdefault(SERVICE, service)
    return error


@contextmanager
def naming(service: str) -> Iterator[None]:
    """Let the sentence of any failure name the service."""
    try:
        yield
    except BotError as error:
        error.values.setdefault(SERVICE, service)
        raise


def is_success(reply: Reply) -> bool:
    """Tell whether the status is 2xx; some services answer with 201."""
    return 200 <= reply.status_code < 300


async def read_failure(reply: Reply) -> ServiceFailure:
    """Read the failure from the body of an error, as far as it can be read."""
    try:
        body = await read_capped(reply, MAX_ERROR_BYTES)
    except BotError:  # the status says enough
        body = b""
    return parse_failure(reply.status_code, body, reply.headers)


def parse_json(body: bytes) -> Any:
    """Parse JSON. Raises Refused (provider_nonsense) when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Refused(FailureCode.PROVIDER_NONSENSE) from problem
