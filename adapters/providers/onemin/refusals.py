"""What 1min.ai says when it does not answer, and what that means to us.

The shapes and codes are those of https://docs.1min.ai/docs/api/chat-with-ai-api and of what its clients met.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import structlog

from bot.errors import BotError, Busy, Forgotten, Refused, Unreadable

log = structlog.get_logger(__name__)

PAUSE = 30.0  # seconds to wait after "too many requests" when nothing else is said
LONGEST_PAUSE = 3600.0
MOST = 1_000  # characters of a code or a message that are looked at

Where = int | Literal["record", "stream", "page"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Something went wrong over there, as far as the reply tells. Its words are for the log only."""

    where: Where  # the HTTP status; in a 200: the record, an event of the stream, a page instead of an answer
    code: str = ""  # INSUFFICIENT_CREDITS ...; HTML for a page
    message: str = ""
    retry_after: float | None = None  # seconds


class AssetsLost(Refused):
    """A photo that was uploaded is gone: upload it again, ask again once."""


class EndpointMissing(Refused):
    """Questions are not taken at this address, or not any more."""


# Reading


def failure(where: Where, body: bytes, headers: Mapping[str, str] | None = None) -> Failure:
    """Read any error body: nested, flat, only a message, HTML, plain text, nothing."""
    pause = _retry_after((headers or {}).get("retry-after"))
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return Failure(where, "HTML", _headline(text), pause)
    try:
        said = json.loads(text)
    except ValueError:
        return Failure(where, "", text, pause)
    code, message = words(said) if isinstance(said, dict) else ("", text)
    return Failure(where, code, message, pause)


def words(said: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and message of an error, whichever of the known shapes it has.

    The shapes: {error: {code, message, details}}, {errorCode, message}, {code, message}, {message}, {error: text}.
    """
    error = said.get("error")
    inner: Mapping[str, Any] = error if isinstance(error, dict) else said
    code = inner.get("code") or inner.get("errorCode") or said.get("errorCode") or ""
    message = inner.get("message") or (error if isinstance(error, str) else "")
    details = inner.get("details")
    return _text(code), " ".join(filter(None, (_text(message), json.dumps(details) if details else "")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _headline(page: str) -> str:
    """Return the title of a page, and whose page it is."""
    title = re.search(r"<title>([^<]{0,100})", page, re.IGNORECASE)
    names = [name for name in ("Cloudflare", "error code: 1010", "error code: 1015") if name.lower() in page.lower()]
    return " ".join([title[1].strip() if title else "", *names]).strip()


def _retry_after(said: str | None) -> float | None:
    """Read the header: seconds, or a date."""
    if not said:
        return None
    try:
        seconds = float(said) if re.fullmatch(r"[\d.]+", said.strip()) else _until(said)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 1.0), LONGEST_PAUSE)


def _until(date: str) -> float:
    then = parsedate_to_datetime(date)
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


# Judging

Judge = Callable[[Failure, str], BotError]  # from a failure and the model that was asked


def _refused(key: str) -> Judge:
    return lambda _, __: Refused(key)


def _unreadable(key: str) -> Judge:
    return lambda _, __: Unreadable(key)


def _slow_down(failure: Failure, model: str) -> BotError:
    return Busy("provider_rate_limited", PAUSE if failure.retry_after is None else failure.retry_after)


def _down(failure: Failure, model: str) -> BotError:
    status = "in its answer" if isinstance(failure.where, str) else failure.where
    return Busy("provider_down", failure.retry_after, status=status)


def _unknown_model(failure: Failure, model: str) -> BotError:
    return Refused("provider_unknown_model", model=model)


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds for failures at these places whose code or message holds these words (a pattern)."""

    where: frozenset[Where] | None  # None: anywhere
    words: str
    judge: Judge

    def fits(self, failure: Failure) -> bool:
        """Whether it holds."""
        here = self.where is None or failure.where in self.where
        return here and re.search(self.words, f"{failure.code} {failure.message}", re.IGNORECASE) is not None


def _at(*where: Where) -> frozenset[Where]:
    return frozenset(where)


_GONE = r"(?:\bnot found|NOT_FOUND|does not exist|doesn't exist|\binvalid|\bunknown|\bexpired|\bdeleted)"
_ANYTHING = ""
_WRONG = _at(400, 404, 410, 422, "record", "stream")

# The first rule that fits decides.
RULES: tuple[Rule, ...] = (
    Rule(None, r"INSUFFICIENT_CREDITS|requires\s+[\d,]+\s+credits", _refused("provider_no_credits")),
    Rule(_at(402, 406), _ANYTHING, _refused("provider_no_credits")),
    Rule(None, r"error code: 1015|\bRATE_LIMITED\b", _slow_down),
    Rule(_at(429), _ANYTHING, _slow_down),
    Rule(_at(401), _ANYTHING, _refused("provider_wrong_key")),
    Rule(_at(403, 503, "page"), r"error code: 1010|just a moment", _refused("provider_blocked")),
    # Not 503: there Cloudflare's pages also tell of a server that is down.
    Rule(_at(403, "page"), r"cloudflare", _refused("provider_blocked")),
    Rule(_at(403), r"^HTML |^ $", _refused("provider_blocked")),
    Rule(
        None,
        r"UNSUPPORTED_MODEL|MODEL_NOT_FOUND|invalid model|\bmodel\b.*\b(?:not|no longer) supported",
        _unknown_model,
    ),
    Rule(
        _at(400, 422),
        r"\btype must be\b|conversation type|UNSUPPORTED_FEATURE|not supported (?:by|on) this|no longer supported",
        lambda _, __: EndpointMissing("provider_unsupported"),
    ),
    Rule(_WRONG, rf"conversation.*{_GONE}|{_GONE}.*conversation", lambda _, __: Forgotten("provider_forgot")),
    Rule(
        _WRONG,
        rf"\b(?:asset|image|file)s?(?:\b|_).*{_GONE}|NoSuchKey",
        lambda failure, _: AssetsLost("provider_bad_request", status=failure.where),
    ),
    Rule(_at(413), _ANYTHING, _refused("provider_too_large")),
    Rule(None, r"OPEN_AI_UNEXPECTED_ERROR(?!.*supported values are)", _down),
    Rule(_at(408, 425, *range(500, 600), "stream"), _ANYTHING, _down),
    Rule(_at("record"), r"^ $", _refused("provider_nonsense")),
    Rule(_at("record"), _ANYTHING, _refused("provider_failed")),
    Rule(_at("page"), _ANYTHING, _refused("provider_nonsense")),
    Rule(_at(404, 405, 410), _ANYTHING, lambda _, __: EndpointMissing("provider_unsupported")),
    Rule(None, _ANYTHING, lambda failure, _: Refused("provider_bad_request", status=failure.where)),
)

# What is wrong with a photo only, in front of the others.
UPLOAD_RULES: tuple[Rule, ...] = (
    Rule(_at(413), _ANYTHING, _unreadable("photo_too_large")),
    Rule(_at(415), _ANYTHING, _unreadable("photo_refused")),
    Rule(
        _at(400, 422),
        r"file type|FILE_TYPE|mime|unsupported (?:file|image)|invalid (?:file|image)",
        _unreadable("photo_refused"),
    ),
    *RULES,
)


def error(failure: Failure, model: str, rules: Sequence[Rule] = RULES) -> BotError:
    """Say what a failure means; `model` is the one that was asked, as people name it. The details go to the log."""
    failure = replace(failure, code=failure.code[:MOST], message=failure.message[:MOST])
    log.warning("1min.ai did not answer", status=failure.where, code=failure.code, message=masked(failure.message))
    rule = next(rule for rule in rules if rule.fits(failure))
    return rule.judge(failure, model)


def masked(message: str) -> str:
    """Return the message without the name of the team, which it tells with the credits, and without addresses."""
    message = re.sub(
        r"requires\s+([\d,.]+)\s+credits,?\s+but\b.*?\bonly\s+has\s+([\d,.]+)\s+credits",
        r"requires \1 credits, and \2 are left",
        message,
        flags=re.IGNORECASE | re.DOTALL,
    )
    return re.sub(r"https?://\S+", "(an address)", message)
