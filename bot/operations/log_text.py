"""Escaping for the log on a terminal: one event is one line, and no value can forge another or move the cursor.

Text from strangers, models and services gets into values and into the messages of exceptions. A line break there would
start a line that looks like ours, an escape sequence would rewrite the screen of the terminal, and a character that
changes the direction of writing would display something else than the real text.
"""

import traceback
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, TextIO

from structlog.typing import ExcInfo

COLUMNS = frozenset({"event", "level", "logger", "logger_name", "timestamp"})  # values written unescaped
BLOCKS = frozenset({"exception", "stack"})  # keys with lines of their own
RAW = frozenset({"exc_info"})  # written by `write_traceback`
CAUSED = "The exception above caused this one:"
MEANWHILE = "While the exception above was handled, this one was raised:"


def escape(text: str) -> str:
    """Return the text with each invisible character escaped as in a Python literal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def escape_values(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape every value of a log line; a processor for structlog, right before the renderer."""
    for name, value in event.items():
        if name in COLUMNS:
            event[name] = escape(str(value))
        elif name in BLOCKS:
            event[name] = "\n".join(f"  {escape(line)}" for line in str(value).split("\n"))
        elif name not in RAW:
            event[name] = _quoted(value)
    return event


def write_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    """Write an exception with those that caused it; the message of each is one line, whatever is in it."""
    for line in _lines(exc_info[1], set()):
        stream.write(f"\n{line}")


@dataclass(frozen=True, slots=True)
class _Verbatim:
    """Text that the renderer writes unchanged; it would quote plain text once more."""

    text: str

    def __repr__(self) -> str:
        return self.text


def _quoted(value: object) -> object:
    text = value if isinstance(value, str) else repr(value)
    if text.isprintable():
        return value
    return _Verbatim(repr(text) if isinstance(value, str) else escape(text))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and id(earlier) not in seen:
        yield from _lines(earlier, seen)
        yield CAUSED if error.__cause__ else MEANWHILE
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        for frame in traceback.format_tb(error.__traceback__):
            yield from map(escape, frame.rstrip("\n").split("\n"))
    yield escape("".join(traceback.format_exception_only(error)).rstrip("\n"))
    for inner in getattr(error, "exceptions", ()):
        if isinstance(inner, BaseException) and id(inner) not in seen:
            yield from (f"  | {line}" for line in _lines(inner, seen))
