"""No secret reaches the log, whichever way it goes there."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs

KEY = "an-api-key-without-any-shape"
TELEGRAM = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What has been logged, in either style."""
    stream = io.StringIO()
    handlers = logging.getLogger().handlers[:]
    logs.set_up(request.param, "info", [KEY], stream)
    yield stream
    structlog.reset_defaults()
    logging.basicConfig(handlers=handlers, force=True)


def test_a_secret_is_hidden_in_our_own_lines(log: io.StringIO) -> None:
    structlog.get_logger("bot").warning("asked", header=f"API-KEY: {KEY}", link=f"https://x.test/bot{TELEGRAM}/getMe")
    text = log.getvalue()
    assert "asked" in text
    assert KEY not in text
    assert TELEGRAM not in text


def test_a_secret_is_hidden_in_the_lines_of_libraries(log: io.StringIO) -> None:
    logging.getLogger("some.library").error("POST https://x.test/?key=abcdef123&a=1 Bearer abcdefghijklmnop %s", KEY)
    text = log.getvalue()
    assert "abcdef123" not in text
    assert "abcdefghijklmnop" not in text
    assert KEY not in text


def test_a_secret_is_hidden_in_tracebacks(log: io.StringIO) -> None:
    try:
        raise RuntimeError(f"cannot reach postgresql://bot:hunter22@db/bot with {KEY}")
    except RuntimeError:
        structlog.get_logger("bot").exception("broken")
    text = log.getvalue()
    assert "Traceback" in text
    assert KEY not in text
    assert "hunter22" not in text


def test_signed_links_are_cut(log: io.StringIO) -> None:
    link = "https://s3.test/a.jpg?X-Amz-Signature=deadbeef&X-Amz-Expires=60"
    structlog.get_logger("bot").info("result", link=link)
    assert "deadbeef" not in log.getvalue()


@pytest.mark.parametrize("log", ["json"], indirect=True)
def test_a_json_line_is_json(log: io.StringIO) -> None:
    structlog.get_logger("bot").info("heard", channel="web:1")
    line = json.loads(log.getvalue())
    assert (line["event"], line["channel"], line["level"]) == ("heard", "web:1", "info")


def test_http_libraries_do_not_log_every_address(log: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://api.test/bot%s/x", TELEGRAM)
    assert log.getvalue() == ""
