"""However a service says how long to wait, we wait that long, within reason."""

import time
from email.utils import formatdate

import pytest

from adapters.providers.error_rules import LONGEST, SHORTEST, read_retry_delay


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, SHORTEST),
        ({"retry-after": "99999999"}, LONGEST),
        ({"retry-after": "7", "retry-after-ms": "6500"}, 6.5),
        ({"retry-after": formatdate(time.time() - 60, usegmt=True)}, SHORTEST),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h1m1.5s"}, 3600),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, SHORTEST),
        ({"x-ratelimit-remaining-tokens": "150", "x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "whenever"}, None),
    ],
)
def test_the_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_delay(headers) == seconds


def test_the_end_of_the_pause_may_be_a_moment(fixed_time: float) -> None:
    in_a_minute = fixed_time + 60

    for headers in (
        {"retry-after": formatdate(in_a_minute, usegmt=True)},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(in_a_minute))},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(in_a_minute * 1000))},
    ):
        seconds = read_retry_delay(headers)
        assert seconds is not None
        assert 59 < seconds <= 60


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached for gpt-4o. Please try again in 20s. Visit ...", 20),
        ("Please try again in 1.242s.", 1.242),
        ("Please try again in 6m0s.", 360),
        ("Please try again in 890ms. Bye", SHORTEST),
        ("Please retry in 34.07s", 34.07),
        ("Please try again in a few minutes", None),
        ("Retry after lunch", None),
    ],
)
def test_the_message_says(message: str, seconds: float | None) -> None:
    assert read_retry_delay({}, message) == seconds


def test_headers_are_worth_more_than_words() -> None:
    assert read_retry_delay({"retry-after": "3"}, "Please try again in 20s.") == 3


@pytest.mark.parametrize("said", ["-", "1.2.3", "Mon, 99 Foo 2026", "Fri, 31 Dec 9999 23:59:59 -2359", "9" * 400])
def test_what_cannot_be_read_is_no_pause(said: str) -> None:
    assert read_retry_delay({"retry-after": said}) in (None, LONGEST)


def test_a_hostile_message_is_read_in_no_time() -> None:
    started = time.thread_time()
    read_retry_delay({}, "try again in " + "1m" * 100_000)
    read_retry_delay({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1m" * 100_000})

    assert time.thread_time() - started < 2
