"""No secret reaches the log, whichever way it goes there."""

import json
import logging

import pytest
import structlog

from bot import logs

KEY = "an-api-key-without-any-shape"
TELEGRAM = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"


@pytest.fixture(params=["text", "json"])
def style(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> str:
    logs.set_up(request.param, "info", [KEY])
    return str(request.param)


@pytest.fixture(autouse=True)
def put_back() -> object:
    yield
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_secret_is_hidden_in_our_own_lines(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("bot").warning("asked", header=f"API-KEY: {KEY}", link=f"https://x.test/bot{TELEGRAM}/getMe")
    text = printed(capsys)
    assert "asked" in text
    assert KEY not in text
    assert TELEGRAM not in text


def test_a_secret_is_hidden_in_the_lines_of_libraries(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").error("POST https://x.test/?key=abcdef123&a=1 Bearer abcdefghijklmnop %s", KEY)
    text = printed(capsys)
    assert "abcdef123" not in text
    assert "abcdefghijklmnop" not in text
    assert KEY not in text


def test_a_secret_is_hidden_in_tracebacks(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError(f"cannot reach postgresql://bot:hunter22@db/bot with {KEY}")
    except RuntimeError:
        structlog.get_logger("bot").exception("broken")
    text = printed(capsys)
    assert "Traceback" in text
    assert KEY not in text
    assert "hunter22" not in text


def test_signed_links_are_cut(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    link = "https://s3.test/a.jpg?X-Amz-Signature=deadbeef&X-Amz-Expires=60"
    structlog.get_logger("bot").info("result", link=link)
    assert "deadbeef" not in printed(capsys)


def test_a_json_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("json", "info", [])
    structlog.get_logger("bot").info("heard", channel="web:1")
    line = json.loads(printed(capsys))
    assert (line["event"], line["channel"], line["level"]) == ("heard", "web:1", "info")


def test_http_libraries_do_not_log_every_address(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://api.test/bot%s/x", TELEGRAM)
    assert printed(capsys) == ""
