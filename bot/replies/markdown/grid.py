"""Tables as lines: with aligned columns in a monospaced font, or cell by cell where they are too wide for that."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeVar

from bot.replies.markdown.tree import Node, display_width, plain_words

T = TypeVar("T")

MAX_COLUMNS = 60  # columns of a table that a phone still shows
NO_VALUE = "–"
WIDEST = 1_000  # columns; a wider table is no table that somebody wrote


def aligned_lines(table: Node) -> list[str]:
    """Return the lines of a table with aligned columns, the second one below the header."""
    rows = [[_in_one_line(cell) for cell in row.children] for row in table.children]
    widths = [max(map(display_width, column)) for column in zip_longest(*rows, fillvalue="")]
    sides = [cell.detail for cell in table.children[0].children]
    columns = list(zip_longest(widths, sides[: len(widths)]))
    lines = [" | ".join(_pad(text, *column) for text, column in zip(row, columns, strict=False)) for row in rows]
    head, *body = map(str.rstrip, lines)
    return [head, "-+-".join("-" * width for width in widths), *body]


def has_links(node: Node) -> bool:
    """Tell whether there is something to follow, which aligned columns could not show."""
    return node.kind in {"link", "address", "image"} or any(map(has_links, node.children))


def is_too_wide(lines: Sequence[str]) -> bool:
    """Tell whether aligned lines would be broken on a phone."""
    return MAX_COLUMNS < max(map(display_width, lines)) <= WIDEST


def with_dashes(table: Node, values: Sequence[T], dash: T) -> list[T]:
    """Return the values of a row, with a dash in each column in which no row has one: its name is shown, too."""
    columns = zip_longest(*(row.children for row in table.children[1:]), fillvalue=Node(kind="cell"))
    is_empty = [not any(cell.children for cell in column) for column in columns]
    count = max(len(values), len(table.children[0].children))
    is_empty += [True] * (count - len(is_empty))
    return [
        dash if is_empty[place] else values[place] for place in range(count) if is_empty[place] or place < len(values)
    ]


def _in_one_line(cell: Node) -> str:
    return " ".join(plain_words(cell.children, " / ").split())


def _pad(text: str, width: int, side: str | None) -> str:
    padding = width - display_width(text)
    before = {"right": padding, "center": padding // 2}.get(side or "", 0)
    return " " * before + text + " " * (padding - before)
