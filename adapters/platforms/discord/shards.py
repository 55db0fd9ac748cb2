"""The shards of Discord's servers that a process serves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

NOTATION = re.compile(r"(?P<first>\d{1,6})(?:-(?P<last>\d{1,6}))?/(?P<count>\d{1,6})")


@dataclass(frozen=True, slots=True)
class Shards:
    """Some of `count` shards, by their numbers."""

    ids: Sequence[int]
    count: int

    def __str__(self) -> str:
        return f"{self.ids[0]}-{self.ids[-1]}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read FIRST-LAST/COUNT or ONE/COUNT, as `bot.settings` lets it through."""
        match = NOTATION.fullmatch(text)
        if match is None:
            raise ValueError("shards are written FIRST-LAST/COUNT")
        first = int(match["first"])
        return cls(range(first, int(match["last"] or first) + 1), int(match["count"]))
