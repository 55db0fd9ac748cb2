"""Reads the time that a service asks us to wait, from headers and from the message."""

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

SHORTEST, LONGEST = 1.0, 3600.0  # seconds
EPOCH = 1_000_000_000  # a larger number of seconds is a moment

_NUMBER = r"\d{1,12}(?:\.\d{1,12})?"
_DURATION = rf"(?:\d{{1,12}}h)?(?:\d{{1,12}}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?"
_PARTS = re.compile(rf"({_NUMBER})(ms|[hms])")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_ADVICE = re.compile(rf"\b(?:try again|retry)\s+(?:in|after)\s+({_DURATION})(?=\s|\.?$|\.\s|,)", re.IGNORECASE)


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
