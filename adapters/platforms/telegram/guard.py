"""Keeps what the Markdown library would drop: raw HTML, and definitions of links that no link uses."""

from collections.abc import Iterator
from typing import Any

import pyromark

# As telegramify-markdown reads it; read otherwise, other places would look like HTML.
OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)
ROUNDS = 12  # escaping the first line of a block can expose more


def guard(markdown: str) -> str:
    """Escape whatever CommonMark would read and not show: `Vec<T>` stays `Vec<T>`."""
    if "<" not in markdown and "]:" not in markdown:
        return markdown
    for n in range(ROUNDS):
        events: list[Any] = list(pyromark.events_with_range(markdown, options=OPTIONS))
        source = markdown.encode()
        cuts = {*_html(events, source, everything=n == ROUNDS - 1), *_definitions(events, markdown)}
        if not cuts:
            break
        markdown = _escaped(source, sorted(cuts))
    return markdown


def _html(events: list[Any], source: bytes, *, everything: bool) -> Iterator[int]:
    """Where raw HTML begins, in bytes; `everything`: also where it goes on, at the price of a backslash in code."""
    for event, span in events:
        if isinstance(event, dict) and ("InlineHtml" in event or "Html" in event):
            found = source[span["start"] : span["end"]]
            places = [span["start"] + at for at, byte in enumerate(found) if byte == ord("<")]
            if everything:
                yield from places
            elif found.lstrip().startswith(b"<"):  # the rest may turn out to be code
                yield places[0]


def _definitions(events: list[Any], markdown: str) -> Iterator[int]:
    """Where definitions begin that no link uses, in bytes."""
    defined = pyromark.reference_definitions(markdown, options=OPTIONS)
    used = {link["id"].casefold() for link in map(_link, events) if link} if defined else set()
    for label, definition in defined.items():
        if label.startswith("^") or label.casefold() not in used:
            yield definition["span"]["start"]


def _link(event_and_span: Any) -> Any:
    event, _ = event_and_span
    start = event.get("Start") if isinstance(event, dict) else None
    return start.get("Link") or start.get("Image") if isinstance(start, dict) else None


def _escaped(source: bytes, cuts: list[int]) -> str:
    ends = [*cuts, None]
    return b"\\".join(source[start:end] for start, end in zip([0, *cuts], ends, strict=True)).decode()
