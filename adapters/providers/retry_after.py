"""How long a service asks us to wait, in whichever of its ways it says so."""

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


def pause(headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds to wait, between SHORTEST and LONGEST; None where nothing is said.

    Read are Retry-After (seconds or a date), retry-after-ms, x-ratelimit-reset... of what has run out (seconds, a
    duration such as 6m0s, or a moment), and "try again in 20s" in the message.
    """
    said = _retry_after(headers) or _reset(headers) or _advised(message)
    return None if said is None else min(max(said, SHORTEST), LONGEST)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    if milliseconds := _number(headers.get("retry-after-ms", "")):
        return milliseconds / 1000
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    # Zero seconds are said as well: as little as there is.
    return max(seconds, SHORTEST) if (seconds := _number(said)) is not None else _until(said)


def _reset(headers: Mapping[str, str]) -> float | None:
    """When what has run out is there again: x-ratelimit-reset, or -requests and -tokens with what remains of them."""
    gone = [kind for kind in ("", "-requests", "-tokens") if headers.get(f"x-ratelimit-remaining{kind}") == "0"]
    resets = [_moment(headers.get(f"x-ratelimit-reset{kind}", "")) for kind in gone]
    return max((reset for reset in resets if reset is not None), default=None)


def _advised(message: str) -> float | None:
    advice = _ADVICE.search(message)
    return _duration(advice[1]) if advice else None


def _moment(said: str) -> float | None:
    """Seconds, a duration, or a moment in seconds or milliseconds since 1970."""
    number = _number(said)
    if number is None:
        return _duration(said)
    if number > EPOCH * 1000:
        number /= 1000
    return max(number - time.time(), SHORTEST) if number > EPOCH else number


def _duration(said: str) -> float | None:
    if not said or not re.fullmatch(_DURATION, said):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(said))


def _number(said: str) -> float | None:
    said = said.strip()
    return float(said) if re.fullmatch(r"\d{1,16}(?:\.\d{1,9})?", said) else None


def _until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
        return max((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - time.time(), SHORTEST)
    except (ValueError, TypeError, OverflowError):
        return None
