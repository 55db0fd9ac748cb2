"""Logging: one line per event, with every secret redacted on the finished line."""

import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog

from bot.operations.log_limits import EXPOSED, RepeatFilter
from bot.operations.log_text import escape_values, write_traceback

SHAPES = re.compile(
    r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"  # Telegram token; in links it follows the word bot
    r"|\b[MNO][A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}"  # Discord token
    r"|\bsk-[A-Za-z0-9_-]{16,}"  # keys of most providers
    r"|(?i:(?<=bearer )[A-Za-z0-9._~+/=-]{12,})"
    r"|(?i:(?<=[?&])(?:key|token|sig|signature|hm|ex|is|x-amz-[a-z-]+)=[^&\s\"']+)"  # signed links
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password@host
    r"|(?<=/webhooks/)\d+/[^/\s?]+|(?<=/interactions/)\d+/[^/\s?]+"  # Discord's tokens to answer an interaction
)
HIDDEN = "***"

# Libraries of the core that log each URL, with tokens in it, or people's messages.
CHATTY = ("aiosqlite", "asyncio", "httpcore", "httpx", "matplotlib", "PIL")


class Redacting(logging.Formatter):
    """Redacts secrets after another formatter: they occur in exception texts and foreign messages too."""

    def __init__(self, formatter: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._formatter = formatter
        longest_first = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)
        self._literal = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted line without secrets."""
        return SHAPES.sub(HIDDEN, self._literal.sub(HIDDEN, self._formatter.format(record)))


def set_up(
    style: str,
    level: str,
    secrets: Iterable[str],
    stream: TextIO | None = None,
    *,
    quiet: Iterable[str] = (),
    exposed: Iterable[str] = (),
) -> None:
    """Send everything, our own lines and those of libraries, through one formatter to `stream` (standard error).

    Of the loggers in `quiet` only warnings are written, and of those in `exposed`, which strangers can make write, only
    so many lines a minute: adapters bring both.
    """
    logging.raiseExceptions = False  # or a line that cannot be written is printed elsewhere, secrets included
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "json"
        else [
            escape_values,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_traceback),
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=shared
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Redacting(formatter, secrets))
    handler.addFilter(RepeatFilter((*EXPOSED, *exposed)))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in (*CHATTY, *quiet):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
