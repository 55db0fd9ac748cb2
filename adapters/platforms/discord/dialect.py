"""A writer of Markdown's tree in the dialect of Discord, which pairs other signs than CommonMark, and more of them."""

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

from adapters.platforms.discord.escaping import ZERO_WIDTH_SPACE, escape_literal, escape_markdown, neutralize_pings
from bot.replies.markdown import (
    NO_VALUE,
    Node,
    aligned_lines,
    footnote_mark,
    has_links,
    hidden_host,
    is_too_wide,
    plain_words,
    scripted,
    target,
    to_unicode,
    with_dashes,
)

RULE = "─" * 12
SIGNS = {"strong": "**", "em": "*", "strike": "~~", "spoiler": "||", "underline": "__", "mark": "**"}
LIVE_HEADINGS = 3  # levels that Discord knows
SETTLED = "\x02{}\x03"  # around code, which pings nobody and stays as it was written
CODE = re.compile("\x02([^\x02\x03]*)\x03")
BRACKETS = str.maketrans({"(": "%28", ")": "%29", " ": "%20"})

TableShape = Callable[["DialectWriter", Node], str]
"""A way to write a table."""


class DialectWriter:
    """A writer of blocks and lines; `shape`: how it writes tables."""

    def __init__(self, shape: TableShape) -> None:
        self._shape = shape
        self._open: list[str] = []  # the signs of the spans around
        self._is_quoted = False  # Discord knows no quotes within quotes
        self._blocks: dict[str, Callable[[Node], str]] = {
            "paragraph": lambda node: self.line(node.children),
            "summary": lambda node: f"**{self.line(node.children, within='**')}**",
            "details": lambda node: self.blocks(node.children),
            "heading": self._heading,
            "quote": self._quote,
            "bullets": self._list,
            "numbers": self._list,
            "footnote": lambda node: f"{escape_literal(footnote_mark(node.detail))} {self.line(node.children)}",
            "code": _code_block,
            "indented": lambda node: re.sub("^", "    ", node.text, flags=re.MULTILINE),
            "formula_block": lambda node: _formula(node.text),
            "rule": lambda node: RULE,
            "table": lambda node: self._shape(self, node),
        }
        self._leaves: dict[str, Callable[[Node], str]] = {
            "break": lambda node: "\n",
            "escaped": _escaped,
            "code_span": lambda node: _code_span(node.text),
            "key": lambda node: _code_span(plain_words(node.children)),
            "formula": lambda node: _formula(node.text),
            "task": lambda node: "☑ " if node.number else "☐ ",
            "sub": lambda node: escape_literal(scripted(node)),
            "sup": lambda node: escape_literal(scripted(node)),
            "footnote_sign": lambda node: escape_literal(footnote_mark(node.detail)),
            "address": lambda node: node.text,
            "link": self._link,
            "image": self._image,
        }

    def write(self, document: Node) -> str:
        """Write a whole text, in which only code may look like a ping."""
        pieces = CODE.split(self.blocks(document.children))
        return "".join(piece if number % 2 else neutralize_pings(piece) for number, piece in enumerate(pieces))

    # blocks

    def blocks(self, nodes: Sequence[Node]) -> str:
        """Write blocks below each other, with an empty line where there is one in the source."""
        written = ""
        for node in nodes:
            if text := self._block(node).rstrip("\n"):
                written += ("\n\n" if node.is_spaced else "\n") if written else ""
                written += text
        return written

    def _block(self, node: Node) -> str:
        return self._blocks[node.kind](node) if node.kind in self._blocks else self.line([node])

    def _heading(self, node: Node) -> str:
        signs = "#" * node.number
        if not node.children:
            return signs
        if node.number <= LIVE_HEADINGS:
            return f"{signs} {self.line(node.children)}"
        return f"**{self.line(node.children, within='**')}**"

    def _quote(self, node: Node) -> str:
        if self._is_quoted:
            return self.blocks(node.children)
        self._is_quoted = True
        text = self.blocks(node.children)
        self._is_quoted = False
        return re.sub("^", "> ", text, flags=re.MULTILINE)

    def _list(self, node: Node) -> str:
        written = ""
        for number, item in enumerate(node.children):
            marker = f"{node.number + number}. " if node.kind == "numbers" else "- "
            written += ("\n\n" if item.is_spaced else "\n") if written else ""
            written += marker + _indented(self.blocks(item.children), len(marker))
        return written

    # inside of a line

    def line(self, nodes: Sequence[Node], within: str = "") -> str:
        """Write the nodes of a line; those in a span `within` are not put into one of the same kind again."""
        self._open.append(within)
        written = "".join(map(self._inline, nodes))
        self._open.pop()
        return written

    def _inline(self, node: Node) -> str:
        if node.kind in SIGNS:
            return self._span(node, SIGNS[node.kind])
        return self._leaves[node.kind](node) if node.kind in self._leaves else escape_literal(node.text)

    def _span(self, node: Node, signs: str) -> str:
        text = self.line(node.children, within=signs)
        words = text.strip()
        if not words or signs in self._open:
            return text
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}{signs}{words}{signs}{after}"

    def _link(self, node: Node) -> str:
        words, address = plain_words(node.children), target(node)
        text = self.line(node.children)
        if not address or "](" in self._open:
            return text
        if words in {address, address.removeprefix("mailto:")}:
            return words
        text = self.line(node.children, within="](") if has_links(Node(kind="line", children=node.children)) else text
        host = hidden_host(words, address)
        return f"[{text or address}]({address.translate(BRACKETS) if not _is_balanced(address) else address})" + (
            f" ({host})" if host else ""
        )

    def _image(self, node: Node) -> str:
        text, address = self.line(node.children, within="]("), target(node)
        if not address or "](" in self._open:
            return text
        return f"[{text}]({address})" if text.strip() else address


# tables


def table_as_grid(writer: DialectWriter, table: Node) -> str:
    """Write a code block with aligned columns; a list where it would be too wide, or would make links unusable."""
    lines = aligned_lines(table)
    text = "\n".join(lines)
    if is_too_wide(lines) or has_links(table) or "```" in text:
        return table_as_list(writer, table)
    return SETTLED.format(f"```\n{text}\n```")


def table_as_list(writer: DialectWriter, table: Node) -> str:
    """Write a line for each cell, with its header, and an empty one between rows."""
    header, *rows = table.children
    names = [escape_markdown(" ".join(plain_words(cell.children).split()).rstrip(":")) for cell in header.children]
    written: list[str] = []
    for row in rows or [header]:
        cells = row.children if rows else ()
        values = [writer.line(cell.children) for cell in cells]
        pairs = zip_longest(names, values if written else with_dashes(table, values, NO_VALUE), fillvalue="")
        written.append("\n".join(f"**{name}:** {value}" if name else value for name, value in pairs if value))
    return "\n\n".join(filter(None, written))


def table_as_written(writer: DialectWriter, table: Node) -> str:
    """Leave a table as it is."""
    return table.text


# leaves


def _code_block(node: Node) -> str:
    text = node.text.replace("```", f"`{ZERO_WIDTH_SPACE}`{ZERO_WIDTH_SPACE}`")
    if not text:
        return f"```{node.detail}"
    return SETTLED.format(f"```{node.detail}\n{text}\n```")


def _code_span(text: str) -> str:
    if "`" not in text:
        return SETTLED.format(f"`{text}`")
    ticks = "`" * (1 + max(map(len, re.findall("`+", text))))
    return SETTLED.format(f"{ticks} {text} {ticks}")


def _formula(tex: str) -> str:
    return "\n".join(map(escape_markdown, to_unicode(tex).splitlines()))


def _escaped(node: Node) -> str:
    """Escape a sign that was escaped, or that an entity stands for."""
    return f"\\{node.text}" if node.detail == "escape" else escape_markdown(node.text)


def _indented(text: str, width: int) -> str:
    return re.sub(r"\n(?=[^\n])", "\n" + " " * width, text)


def _is_balanced(address: str) -> bool:
    depth = 0
    for character in address:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not 0 <= depth <= 1:
            return False
    return depth == 0 and " " not in address
