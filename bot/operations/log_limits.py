"""Limits on log lines that strangers can cause: only a few of the same kind are written per minute."""

import logging
from collections.abc import Iterable

MOST_LINES = 10  # of a kind per window
WINDOW_SECONDS = 60.0
MOST_KINDS = 1_000  # kinds remembered at the same time

# Modules of the core with log lines that anybody can cause without any permission.
EXPOSED = ("aiohttp", "asyncio", "bot.web")

Kind = tuple[str, int, str]


class RepeatFilter(logging.Filter):
    """Lets the first lines of a kind pass in each window; the next one announces that more are left out.

    Lines are of the same kind if logger, level and event are equal, whatever their values.
    """

    def __init__(self, exposed: Iterable[str] = EXPOSED) -> None:
        super().__init__()
        self._exposed = tuple(exposed)
        self._counts: dict[Kind, tuple[float, int]] = {}  # start of the window, and the number of lines

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write the line."""
        if not any(record.name == name or record.name.startswith(f"{name}.") for name in self._exposed):
            return True
        kind = (record.name, record.levelno, _event(record))
        since, count = self._counts.get(kind, (record.created, 0))
        if record.created - since >= WINDOW_SECONDS:
            since, count = record.created, 0
        self._remember(kind, since, count + 1)
        if count == MOST_LINES:
            _announce(record, kind[2])
        return count <= MOST_LINES

    def _remember(self, kind: Kind, since: float, count: int) -> None:
        if kind not in self._counts and len(self._counts) >= MOST_KINDS:
            self._counts.pop(next(iter(self._counts)))
        self._counts[kind] = since, count


def _event(record: logging.LogRecord) -> str:
    event = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    return str(event).partition("\n")[0]


def _announce(record: logging.LogRecord, event: str) -> None:
    """Replace the record's message with the note that more lines like it are left out."""
    text = f"{event} (more lines like this are left out for up to a minute)"
    if isinstance(record.msg, dict):
        own = {key: value for key, value in record.msg.items() if key.startswith("_")}
        record.msg = {**own, "event": text, "level": record.msg.get("level"), "timestamp": record.msg.get("timestamp")}
    else:
        record.msg, record.args = text, None
    record.exc_info = record.exc_text = record.stack_info = None
