"""A page of Markdown, what the parser found in it, and how it reads when some of it is replaced."""

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any, NamedTuple

import pyromark

from adapters.platforms.discord.escaping import neutralized

OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)
TAG = re.compile(rb"<(?=[a-zA-Z/!?])(?!(?:https?|mailto):)")
MARGIN = re.compile(r"(?:[ \t>]+|[-*+][ \t]+|\d{1,9}[.)][ \t]+)*")


class PageNode(NamedTuple):
    """Something that the parser found, and where, in bytes."""

    value: Any
    start: int
    end: int


class PageEdit(NamedTuple):
    """What stands in the place of some bytes of the source."""

    start: int
    end: int
    text: str
    is_settled: bool = False  # shown exactly so: code, or text that has been through `defused`


@dataclass(frozen=True, slots=True)
class MarkdownPage:
    """A page and what the parser found in it, by kind, each kind in the order of the text."""

    source: bytes
    nodes: dict[str, list[PageNode]] = field(default_factory=lambda: defaultdict(list))

    def within(self, kind: str, outer: PageNode) -> list[PageNode]:
        """The nodes of a kind inside of another node."""
        nodes = self.nodes[kind]
        first = bisect_left(nodes, outer.start, key=lambda node: node.start)
        return list(takewhile(lambda node: node.end <= outer.end, nodes[first:]))

    def at(self, node: PageNode) -> str:
        """The source of a node."""
        return self.source[node.start : node.end].decode()

    def margin(self, at: int) -> str:
        """What a further line has to begin with to stay in the same quote or list item."""
        line = self.source[self.source.rfind(b"\n", 0, at) + 1 : at].decode()
        found = MARGIN.match(line)
        return re.sub(r"[^>\s]", " ", found.group() if found else "")

    def pieces(self, edits: list[PageEdit], start: int, end: int) -> list[tuple[str, bool]]:
        """A stretch with the edits made, each text with whether it is settled; of two that overlap the first counts."""
        pieces, at = [], start
        for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
            if at <= edit.start and edit.end <= end:
                pieces += [(self.source[at : edit.start].decode(), False), (edit.text, edit.is_settled)]
                at = edit.end
        return [*pieces, (self.source[at:end].decode(), False)]

    def written(self, edits: list[PageEdit], start: int = 0, end: int | None = None) -> str:
        """A stretch with the edits made and without pings."""
        pieces = self.pieces(edits, start, len(self.source) if end is None else end)
        runs = ((is_settled, "".join(text for text, _ in run)) for is_settled, run in groupby(pieces, itemgetter(1)))
        return "".join(text if is_settled else neutralized(text) for is_settled, text in runs)


def parsed(markdown: str) -> MarkdownPage:
    """Find what there is in some Markdown."""
    page = MarkdownPage(markdown.encode())
    # Discord knows no HTML: what stands in it is Markdown like the rest, so the parser must not see the tags.
    neutral = TAG.sub(b".", page.source).decode()
    for event, span in pyromark.events_with_range(neutral, options=OPTIONS):
        found: Any = event.get("Start", event) if isinstance(event, dict) else event
        kind, value = next(iter(found.items())) if isinstance(found, dict) else (found, None)
        if kind != "End":
            page.nodes[kind].append(PageNode(value, span["start"], span["end"]))
    return page
