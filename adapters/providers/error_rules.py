"""What a service says when it does not answer, and how rules find out what that means to us.

Each service brings its own rules; what is said in the same way everywhere stands here.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import structlog

from adapters.providers.retry_after import pause
from bot.errors import BotError, Busy, Refused, Unreadable

log = structlog.get_logger(__name__)

PAUSE = 30.0  # seconds to wait after "too many requests" when nothing else is said
MOST = 1_000  # characters of a code or a message that are looked at

Where = int | Literal["record", "stream", "page"]


@dataclass(frozen=True, slots=True)
class ServiceFailure:
    """Something went wrong over there, as far as the reply tells. Its words are for the log only."""

    where: Where  # the HTTP status; in a 200: the record, an event of the stream, a page instead of an answer
    code: str = ""  # INSUFFICIENT_CREDITS ...; HTML for a page
    message: str = ""
    retry_after: float | None = None  # seconds


# Reading


def failure(where: Where, body: bytes, headers: Mapping[str, str] | None = None) -> ServiceFailure:
    """Read any error body: nested, flat, in a list, only a message, HTML, plain text, nothing."""
    text = body.decode("utf-8", "replace").strip()
    code, message = ("HTML", _headline(text)) if text.startswith("<") else _words_in(text)
    return ServiceFailure(where, code, message, pause(headers or {}, message[:MOST]))


def _words_in(text: str) -> tuple[str, str]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return "", text
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    return words(said) if isinstance(said, dict) else ("", text)


def words(said: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and message of an error, whichever of the known shapes it has.

    The shapes: {error: {code, message, details}}, {error: {code, type, param, message, metadata}}, {errorCode,
    message}, {code, message}, {message}, {detail}, {error: text}.
    """
    error = said.get("error")
    inner: Mapping[str, Any] = error if isinstance(error, dict) else said
    code = inner.get("code") or inner.get("errorCode") or said.get("errorCode") or ""
    kinds = (code, inner.get("type"), inner.get("status"), inner.get("param")) if inner is error else (code,)
    message = inner.get("message") or inner.get("detail") or (error if isinstance(error, str) else "")
    details = inner.get("details") or inner.get("metadata") if inner is error else inner.get("details")
    return (
        " ".join(_text(kind) for kind in kinds if kind),
        " ".join(filter(None, (_text(message), json.dumps(details) if details else ""))),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _headline(page: str) -> str:
    """Return the title of a page, and whose page it is."""
    title = re.search(r"<title>([^<]{0,100})", page, re.IGNORECASE)
    names = [name for name in ("Cloudflare", "error code: 1010", "error code: 1015") if name.lower() in page.lower()]
    return " ".join([title[1].strip() if title else "", *names]).strip()


# Judging

Judge = Callable[[ServiceFailure, str], BotError]
"""From a failure, and the model that was asked."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """Holds for failures at these places whose code or message holds these words (a pattern)."""

    where: frozenset[Where] | None  # None: anywhere
    words: str
    judge: Judge

    def fits(self, failure: ServiceFailure) -> bool:
        """Whether it holds."""
        here = self.where is None or failure.where in self.where
        return here and re.search(self.words, f"{failure.code} {failure.message}", re.IGNORECASE) is not None


def at(*where: Where) -> frozenset[Where]:
    """The places at which a rule holds."""
    return frozenset(where)


ANYTHING = ""
NOTHING = r"^ $"


def refused(key: str) -> Judge:
    """Asking again would not help, for this reason."""
    return lambda _, __: Refused(key)


def unreadable(key: str) -> Judge:
    """It is the photo's fault, for this reason."""
    return lambda _, __: Unreadable(key)


def slow_down(failure: ServiceFailure, model: str) -> BotError:
    """Too many requests: wait as long as they say."""
    return Busy("provider_rate_limited", PAUSE if failure.retry_after is None else failure.retry_after)


def down(failure: ServiceFailure, model: str) -> BotError:
    """Trouble on their side."""
    status = "in its answer" if isinstance(failure.where, str) else failure.where
    return Busy("provider_down", failure.retry_after, status=status)


def unknown_model(failure: ServiceFailure, model: str) -> BotError:
    """They have no such model."""
    return Refused("provider_unknown_model", model=model)


def bad_request(failure: ServiceFailure, model: str) -> BotError:
    """They do not want it, and nothing better is known."""
    return Refused("provider_bad_request", status=failure.where)


# What Cloudflare says, which stands before most services.
GATEKEEPER: tuple[ErrorRule, ...] = (
    ErrorRule(at(403, 503, "page"), r"error code: 1010|just a moment", refused("provider_blocked")),
    # Not 503: there Cloudflare's pages also tell of a server that is down.
    ErrorRule(at(403, "page"), r"cloudflare", refused("provider_blocked")),
    ErrorRule(at(403), rf"^HTML |{NOTHING}", refused("provider_blocked")),
)
TOO_MANY: tuple[ErrorRule, ...] = (
    ErrorRule(None, r"error code: 1015|\bRATE_LIMITED\b", slow_down),
    ErrorRule(at(429), ANYTHING, slow_down),
)
# What is left when nobody knows more.
REST: tuple[ErrorRule, ...] = (
    ErrorRule(at(408, 425, *range(500, 600), "stream"), ANYTHING, down),
    ErrorRule(at("record"), NOTHING, refused("provider_nonsense")),
    ErrorRule(at("record"), ANYTHING, refused("provider_failed")),
    ErrorRule(at("page"), ANYTHING, refused("provider_nonsense")),
    ErrorRule(at(404, 405, 410), ANYTHING, refused("provider_unsupported")),
    ErrorRule(None, ANYTHING, bad_request),
)


def masked(message: str) -> str:
    """Return the message without addresses and keys."""
    message = re.sub(r"https?://\S+", "(an address)", message)
    return re.sub(r"\b(?:sk|org|proj|key)-[\w*.-]{6,}", "(a key)", message)


def error(
    failure: ServiceFailure, model: str, rules: Sequence[ErrorRule], service: str, mask: Callable[[str], str] = masked
) -> BotError:
    """Say what a failure means: the first rule that fits decides, and the last one fits anything.

    `model` is the one that was asked, as people name it. The details go to the log, `mask` takes out what is private.
    """
    failure = replace(failure, code=failure.code[:MOST], message=failure.message[:MOST])
    log.warning(f"{service} did not answer", status=failure.where, code=failure.code, message=mask(failure.message))
    rule = next(rule for rule in rules if rule.fits(failure))
    return rule.judge(failure, model)
