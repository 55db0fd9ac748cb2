"""Strangers cannot fill the log."""

import io
import logging

import pytest
import structlog

from bot.operations import log_limits, logs


@pytest.fixture(params=["text", "json"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    logs.set_up(request.param, "info", [], stream)
    return stream


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_of_lines_of_one_kind_only_some_are_written_and_the_rest_is_named(stream: io.StringIO) -> None:
    log = structlog.get_logger("bot.web.connections")
    for n in range(1000):
        log.warning("refused", address=f"203.0.113.{n}")
    log.warning("something else")
    assert len(lines(stream)) == log_limits.MOST_LINES + 2
    assert "refused (more lines like this are left out" in lines(stream)[-2]


def test_tracebacks_of_libraries_are_limited_too(stream: io.StringIO) -> None:
    log = logging.getLogger("asyncio")
    for n in range(1000):
        try:
            raise OSError(24, "Too many open files")
        except OSError:
            log.exception("accept() out of system resource\nsocket: <%s>", n)
    assert stream.getvalue().count("[Errno 24]") == log_limits.MOST_LINES


def test_a_minute_later_lines_of_that_kind_are_written_again() -> None:
    repeats = log_limits.RepeatFilter()

    def passes(moment: float) -> bool:
        record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "again", (), None)
        record.created = moment
        return repeats.filter(record)

    assert sum(passes(1.0) for _ in range(100)) == log_limits.MOST_LINES + 1
    assert passes(1.0 + log_limits.WINDOW_SECONDS)


def test_lines_that_no_stranger_brings_about_are_all_written(stream: io.StringIO) -> None:
    for n in range(100):
        structlog.get_logger("bot.turns.worker").warning("a turn failed", turn=n)
    assert len(lines(stream)) == 100


def test_an_adapter_names_modules_whose_lines_strangers_bring_about() -> None:
    stream = io.StringIO()
    logs.set_up("text", "info", [], stream, exposed=["adapters.toy.webhook"])
    for _ in range(100):
        structlog.get_logger("adapters.toy.webhook").warning("refused")
    assert len(lines(stream)) == log_limits.MOST_LINES + 1
