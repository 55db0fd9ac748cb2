"""A page of Markdown, its parsed nodes, and the rendering of its edits."""

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any, NamedTuple

import pyromark

from adapters.platforms.discord.escaping import neutralize_pings

OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)
TAG = re.compile(rb"<(?=[a-zA-Z/!?])(?!(?:https?|mailto):)")
MARGIN = re.compile(r"(?:[ \t>]+|[-*+][ \t]+|\d{1,9}[.)][ \t]+)*")


class PageNode(NamedTuple):
    """A node that the parser found, with its place in bytes."""

    value: Any
    start: int
    end: int


class PageEdit(NamedTuple):
    """A text that replaces some bytes of the source."""

    start: int
    end: int
    text: str
    is_settled: bool = False  # shown exactly so: code, or text without pings


@dataclass(frozen=True, slots=True)
class MarkdownPage:
    """A page and its nodes by kind, each kind in the order of the text."""

    source: bytes
    nodes: dict[str, list[PageNode]] = field(default_factory=lambda: defaultdict(list))

    def within(self, kind: str, outer: PageNode) -> list[PageNode]:
        """Return the nodes of a kind inside of another node."""
        nodes = self.nodes[kind]
        first = bisect_left(nodes, outer.start, key=lambda node: node.start)
        return list(takewhile(lambda node: node.end <= outer.end, nodes[first:]))

    def text_of(self, node: PageNode) -> str:
        """Return the source of a node."""
        return self.source[node.start : node.end].decode()

    def margin(self, position: int) -> str:
        """Return the beginning that a further line needs to stay in the same quote or list item."""
        line = self.source[self.source.rfind(b"\n", 0, position) + 1 : position].decode()
        match = MARGIN.match(line)
        return re.sub(r"[^>\s]", " ", match.group() if match else "")

    def apply_edits(self, edits: list[PageEdit], start: int, end: int) -> list[tuple[str, bool]]:
        """Apply edits to a range, the first of those that overlap; return each text and whether it is settled."""
        pieces, position = [], start
        for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
            if position <= edit.start and edit.end <= end:
                pieces += [(self.source[position : edit.start].decode(), False), (edit.text, edit.is_settled)]
                position = edit.end
        return [*pieces, (self.source[position:end].decode(), False)]

    def render(self, edits: list[PageEdit], start: int = 0, end: int | None = None) -> str:
        """Render a range with the edits applied and without pings."""
        pieces = self.apply_edits(edits, start, len(self.source) if end is None else end)
        runs = ((is_settled, "".join(text for text, _ in run)) for is_settled, run in groupby(pieces, itemgetter(1)))
        return "".join(text if is_settled else neutralize_pings(text) for is_settled, text in runs)


def parse_page(markdown: str) -> MarkdownPage:
    """Parse Markdown."""
    page = MarkdownPage(markdown.encode())
    # Discord knows no HTML: text inside it is Markdown like the rest, so the parser must not see the tags.
    without_tags = TAG.sub(b".", page.source).decode()
    for event, span in pyromark.events_with_range(without_tags, options=OPTIONS):
        event_value: Any = event.get("Start", event) if isinstance(event, dict) else event
        kind, value = next(iter(event_value.items())) if isinstance(event_value, dict) else (event_value, None)
        if kind != "End":
            page.nodes[kind].append(PageNode(value, span["start"], span["end"]))
    return page
