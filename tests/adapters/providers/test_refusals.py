"""Error bodies of any shape are read, the first rule that fits decides, and the log holds no secrets."""

import json
import time

import pytest
from structlog.testing import capture_logs

from adapters.providers.error_rules import (
    GATEKEEPER,
    REST,
    TOO_MANY,
    ErrorRule,
    ServiceFailure,
    at,
    mask_private,
    parse_failure,
    refused,
    to_bot_error,
)
from bot.errors import BotError, Busy, FailureCode, Refused

RULES = (*TOO_MANY, *GATEKEEPER, *REST)


def judged(status: int, body: bytes = b"", **headers: str) -> BotError:
    return to_bot_error(parse_failure(status, body, headers), "some/model", RULES, "A service")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "BAD", "message": "No."}}, "BAD", "No."),
        ({"error": {"code": 400, "message": "No.", "status": "INVALID"}}, "400 INVALID", "No."),
        (
            {"error": {"message": "No.", "type": "invalid_request_error", "param": "messages", "code": None}},
            "invalid_request_error messages",
            "No.",
        ),
        ({"error": {"message": "No.", "metadata": {"raw": "why"}}}, "", 'No. {"raw": "why"}'),
        ([{"error": {"code": 400, "message": "No."}}], "400", "No."),
        ({"errorCode": "BAD", "message": "No."}, "BAD", "No."),
        ({"message": "No.", "statusCode": 400, "path": "/v1"}, "", "No."),
        ({"message": {"detail": ["why"]}}, "", '{"detail": ["why"]}'),
        ({"detail": "No."}, "", "No."),
        ({"error": "No."}, "", "No."),
        ({"error": {}}, "", ""),
        ({"base_resp": {"status_code": 1027, "status_msg": "No."}}, "1027 content_filter", "No."),
        ({"base_resp": {"status_code": 0, "status_msg": ""}, "message": "No."}, "", "No."),
        ([1], "", "[1]"),
    ],
)
def test_an_error_body_says(body: object, code: str, message: str) -> None:
    assert parse_failure(400, json.dumps(body).encode()) == ServiceFailure(400, code, message)


@pytest.mark.parametrize(
    "around", ["{}\n", "data: {}\n\n", "event: error\r\ndata: {}\r\n\r\n", '{{"id": 1}}\n{}\n{}\n']
)
def test_an_error_may_be_a_line_of_a_body(around: str) -> None:
    error = json.dumps({"error": {"code": "BAD", "message": "No."}})
    assert parse_failure(400, around.format(error, "{}").encode()) == ServiceFailure(400, "BAD", "No.")


def test_pages_and_garbage_are_read_as_well() -> None:
    page = parse_failure(502, b"<html><title> Bad gateway </title> by Cloudflare")

    assert (page.code, page.message) == ("HTML", "Bad gateway Cloudflare")
    assert parse_failure(500, b"out of order").message == "out of order"
    assert parse_failure(500, b"").message == ""
    assert parse_failure(500, b"\xff\xfe").code == ""
    assert parse_failure(500, b"[" * 50_000).code == ""


def test_the_pause_comes_from_the_headers_or_from_the_message() -> None:
    assert parse_failure(429, b"", {"retry-after": "3"}).retry_after == 3
    assert parse_failure(429, b'{"error": {"message": "Please try again in 20s."}}').retry_after == 20


@pytest.mark.parametrize(
    ("status", "body", "type", "key"),
    [
        (429, b"", Busy, "provider_rate_limited"),
        (403, b"error code: 1015", Busy, "provider_rate_limited"),
        (403, b"error code: 1010", Refused, "provider_blocked"),
        (403, b"<title>Just a moment...</title>", Refused, "provider_blocked"),
        (403, b"", Refused, "provider_blocked"),
        (503, b"<title>Origin is down</title> Cloudflare", Busy, "provider_down"),
        (408, b"", Busy, "provider_down"),
        (529, b"", Busy, "provider_down"),
        (404, b"", Refused, "provider_unsupported"),
        (418, b"", Refused, "provider_bad_request"),
        (302, b"", Refused, "provider_bad_request"),
    ],
)
def test_what_is_said_everywhere_means(status: int, body: bytes, type: type[BotError], key: str) -> None:
    problem = judged(status, body)

    assert problem.__class__ is type
    assert problem.code == key


def test_who_is_asked_to_slow_down_waits_as_long_as_they_say() -> None:
    short, unsaid = judged(429, b"", **{"retry-after": "3"}), judged(429)

    assert isinstance(short, Busy)
    assert isinstance(unsaid, Busy)
    assert (short.retry_after, unsaid.retry_after) == (3, 30)


def test_the_first_rule_that_fits_decides() -> None:
    rules = (
        ErrorRule(at(400), "cat", refused(FailureCode.PROVIDER_EMPTY)),
        ErrorRule(None, "", refused(FailureCode.PROVIDER_FAILED)),
    )

    assert to_bot_error(ServiceFailure(400, "", "A CAT"), "", rules, "").code == "provider_empty"
    assert to_bot_error(ServiceFailure(400, "cats", ""), "", rules, "").code == "provider_empty"
    assert to_bot_error(ServiceFailure(401, "", "cat"), "", rules, "").code == "provider_failed"


def test_neither_keys_nor_addresses_get_into_the_log() -> None:
    said = "Incorrect API key provided: sk-proj-abc***xyz. See https://x.example/?k=1"

    with capture_logs() as logs:
        judged(401, json.dumps({"error": {"message": said}}).encode())

    assert [(line["event"], line["status"]) for line in logs] == [("A service did not answer", 401)]
    assert "abc" not in str(logs)
    assert "x.example" not in str(logs)
    assert mask_private("a task-force of key people") == "a task-force of key people"


def test_a_hostile_message_is_read_in_no_time() -> None:
    started = time.thread_time()
    judged(400, b"sk-" * 1_000_000)
    mask_private("sk-" * 300_000)

    assert time.thread_time() - started < 2
