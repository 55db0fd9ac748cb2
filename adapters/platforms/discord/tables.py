"""Renders tables, which Discord does not know, as code blocks with aligned columns, or as lists of named cells."""

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest

from adapters.platforms.discord.escaping import escape_markdown
from adapters.platforms.discord.markdown_page import MarkdownPage, PageEdit, PageNode
from bot.replies.markdown import display_width

MAX_COLUMNS = 60  # columns of a table that a phone still shows
MARKED = re.compile(r"[\\*_~`|<&$\[]")
ESCAPED = re.compile(r"\\([^\w\s])")
BELOW = re.compile(r"(?<!\s)\s*\n[\s>]*")

Shape = Callable[[MarkdownPage, PageNode, list[list[PageNode]], list[PageEdit]], list[str]]
"""A way to show a table: a function that makes its lines from the cells of each row."""


def render_tables(page: MarkdownPage, edits: list[PageEdit], shape: Shape) -> Iterator[PageEdit]:
    """Yield an edit for each table in this shape. `edits` are those of the rest of the page, some of them in cells."""
    for table in page.nodes["Table"]:
        rows = [*page.within("TableHead", table), *page.within("TableRow", table)]
        lines = shape(page, table, [_cells(page, head) for head in rows], edits)
        if lines:
            end = table.start + len(page.source[table.start : table.end].rstrip())
            yield PageEdit(table.start, end, f"\n{page.margin(table.start)}".join(lines), is_settled=True)


def table_as_grid(page: MarkdownPage, table: PageNode, rows: list[list[PageNode]], edits: list[PageEdit]) -> list[str]:
    """Return a code block with aligned columns; a list where it would be too wide, or would make links unusable."""
    source = page.text_of(table)
    cells = [[_plain(page, cell, edits) for cell in row] for row in rows]
    widths = [max(map(display_width, column)) for column in zip_longest(*cells, fillvalue="")]
    if sum(widths) + 3 * (len(widths) - 1) > MAX_COLUMNS or "://" in source or "```" in source:
        return table_as_list(page, table, rows, edits)
    columns = list(zip_longest(widths, table.value[: len(widths)]))
    lines = [" | ".join(_pad(text, *column) for text, column in zip(row, columns, strict=False)) for row in cells]
    head, *body = map(str.rstrip, lines)
    return ["```", head, "-+-".join("-" * width for width in widths), *body, "```"]


def table_as_list(page: MarkdownPage, table: PageNode, rows: list[list[PageNode]], edits: list[PageEdit]) -> list[str]:
    """Return a line for each cell, with its header, and an empty one between rows."""
    header = [escape_markdown(_plain(page, cell, edits).rstrip(":")) for cell in rows[0]]
    lines = []
    for row in rows[1:]:
        for name, cell in zip_longest(header, row):
            value = page.render(edits, cell.start, cell.end).strip()
            if value:
                lines.append(f"**{name}:** {value}" if name else value)
        lines.append("")
    return lines[:-1]


def _cells(page: MarkdownPage, row: PageNode) -> list[PageNode]:
    """Return the cells of a row, with those that the parser dropped because the header has fewer."""
    cells = page.within("TableCell", row)
    end = cells[-1].end
    remainder = page.source[end : row.end].strip(b"| \t\r\n>")
    if not remainder:
        return cells
    start = page.source.index(remainder, end)
    return [*cells, PageNode(None, start, start + len(remainder))]


def _plain(page: MarkdownPage, cell: PageNode, edits: list[PageEdit]) -> str:
    """Return the words of a cell in one line, without markup."""
    text = page.text_of(cell)
    if not MARKED.search(text):
        return " ".join(text.split())
    text_nodes = [node for kind in ("Code", "Text", "InlineMath", "DisplayMath") for node in page.within(kind, cell)]
    if not text_nodes:
        return text.strip()
    starts, ends = zip(*sorted((node.start, node.end) for node in text_nodes), strict=True)
    markup = [PageEdit(*gap, "") for gap in zip((cell.start, *ends), (*starts, cell.end), strict=True)]
    code = [PageEdit(node.start, node.end, _without_ticks(page.text_of(node))) for node in page.within("Code", cell)]
    changes = [
        edit._replace(text=BELOW.sub(" / ", ESCAPED.sub(r"\1", edit.text)))
        for edit in edits
        if cell.start <= edit.start and edit.end <= cell.end and not edit.is_settled
    ]
    words = page.apply_edits([*changes, *code, *markup], cell.start, cell.end)
    return " ".join("".join(word for word, _ in words).split())


def _without_ticks(code: str) -> str:
    """Return the text between the ticks."""
    ticks = len(code) - len(code.lstrip("`"))
    return code[ticks:-ticks].strip().replace("\\|", "|")


def _pad(text: str, width: int, side: str | None) -> str:
    padding = width - display_width(text)
    before = {"Right": padding, "Center": padding // 2}.get(side or "", 0)
    return " " * before + text + " " * (padding - before)
