"""No secret reaches the log, whichever way it goes there."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.operations import logs

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


# no value can forge a line

FORGED = "2026-12-01T00:00:00Z [info     ] let in                         [bot.intake.inbox] author=admin"
NASTY = [
    f"a cat\n{FORGED}",
    f"a cat\r\n{FORGED}",
    f"cat\x1b[2J\x1b[1;1H{FORGED}",
    "cat\x1b]0;title\x07",
    "cat\x85new",
    f"cat\u2028{FORGED}",
    f"cat\u2029{FORGED}",
    "cat\u202egpj.exe",
    "cat\u2066\u200f",
    "cat\x00\x08\x7f\x9b31m",
    "cat\ud800",
]


def lines_of(log: io.StringIO) -> list[str]:
    """The lines of the log as a terminal or a viewer might cut them."""
    text = log.getvalue()
    assert all(sign == "\n" or sign.isprintable() for sign in text)
    return text.splitlines()


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
def test_a_value_stays_in_its_line(log: io.StringIO, nasty: str) -> None:
    structlog.get_logger("bot").info("refused", reason=nasty, more={"words": [nasty]}, error=ValueError(nasty))
    assert len(lines_of(log)) == 1


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
def test_what_happened_stays_in_its_line(log: io.StringIO, nasty: str) -> None:
    structlog.get_logger("bot").warning(nasty)
    assert len(lines_of(log)) == 1


@pytest.mark.parametrize("nasty", NASTY[:-1], ids=ascii)  # pytest-xdist dies of half a character in a library's line
def test_a_line_of_a_library_is_one_line(log: io.StringIO, nasty: str) -> None:
    logging.getLogger("some.library").error("got %s", nasty)
    logging.getLogger(f"library.{nasty}").error("got it")
    assert len(lines_of(log)) == 2


@pytest.mark.parametrize("log", ["text"], indirect=True)
@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
def test_the_message_of_an_exception_is_one_line_of_its_traceback(log: io.StringIO, nasty: str) -> None:
    try:
        try:
            raise KeyError(nasty)
        except KeyError as error:
            error.add_note(nasty)
            raise ExceptionGroup(nasty, [RuntimeError(nasty)]) from error
    except ExceptionGroup:
        structlog.get_logger("bot").exception("broken", text=nasty)
    lines = lines_of(log)
    assert sum(line.startswith("20") for line in lines) == 1
    assert [line for line in lines if line.startswith(("KeyError", "ExceptionGroup", "  | RuntimeError"))]
    assert lines.count("Traceback (most recent call last):") == 2


@pytest.mark.parametrize("log", ["text"], indirect=True)
def test_a_stack_keeps_its_lines_and_none_of_them_passes_for_a_line_of_the_log(log: io.StringIO) -> None:
    structlog.get_logger("bot").error("the loop stands still", stack=f'File "app.py", line 5\n{FORGED}\x1b[0m')
    first, *rest = lines_of(log)
    assert "the loop stands still" in first
    assert [line.strip().partition(" ")[0] for line in rest] == ["File", "2026-12-01T00:00:00Z"]
    assert all(line.startswith("  ") for line in rest)


@pytest.mark.parametrize("log", ["text"], indirect=True)
def test_an_exception_that_goes_round_in_a_circle_is_written_once(log: io.StringIO) -> None:
    first, second = ValueError("one"), ValueError("two")
    first.__cause__, second.__cause__ = second, first
    structlog.get_logger("bot").error("broken", exc_info=first)
    assert [line for line in lines_of(log) if line.startswith("ValueError")] == ["ValueError: two", "ValueError: one"]


@pytest.mark.parametrize("log", ["text"], indirect=True)
def test_ordinary_values_read_as_before(log: io.StringIO) -> None:
    structlog.get_logger("bot").info("heard", channel="web:1", words="ein Kätzchen, 猫, बिल्ली", files=2)
    [line] = lines_of(log)
    assert line.endswith("channel=web:1 files=2 words='ein Kätzchen, 猫, बिल्ली'")


def test_of_libraries_that_an_adapter_names_only_warnings_are_written() -> None:
    stream = io.StringIO()
    logs.set_up("text", "info", [], stream, quiet=["toy_library"])
    logging.getLogger("toy_library.http").info("GET https://x.test/secret")
    logging.getLogger("toy_library.http").warning("away")
    assert "secret" not in stream.getvalue()
    assert "away" in stream.getvalue()
