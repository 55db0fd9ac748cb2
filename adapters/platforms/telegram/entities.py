"""A writer of parsed Markdown as text with entities, which Telegram counts in UTF-16 units."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from markdown_it.token import Token
from telegram import MessageEntity

from bot.replies.markdown import display_width, hidden_host, leads_somewhere, to_unicode
from bot.replies.pages import units

RULE = "————————"
IMAGE = "🖼 "
DONE, OPEN = "☑ ", "☐ "
LONG_QUOTE = 200  # UTF-16 units; a longer one is shown in part until somebody opens it
STYLES = {"strong": "bold", "em": "italic", "s": "strikethrough", "spoiler": "spoiler"}
HEADINGS = {
    **dict.fromkeys(("h1", "h2"), ("bold", "underline")),
    **dict.fromkeys(("h3", "h4"), ("bold",)),
    **dict.fromkeys(("h5", "h6"), ("italic",)),
}


class EntityWriter:
    """A writer of tokens as text; `entities` come in the order of their ends."""

    def __init__(self, markdown: str) -> None:
        self.entities: list[MessageEntity] = []
        self._parts: list[str] = []
        self._length = 0  # UTF-16 units
        self._breaks = 0  # at the end of what is written
        self._is_begun = False  # an item or a quote, with nothing in it yet
        self._lines = markdown.splitlines()
        self._spans: list[tuple[int, int, str]] = []  # that are open: where each starts, in units and in parts; address
        self._quotes: list[int] = []  # where each open quote starts
        self._lists: list[int | None] = []  # the next number of each open list
        self._rows: list[list[str]] | None = None  # of the table that is open
        self._writers: dict[str, Callable[[Token], None]] = {
            "paragraph_open": self._begin_block,
            "heading_open": self._open_heading,
            "heading_close": self._close_heading,
            "blockquote_open": self._open_quote,
            "blockquote_close": self._close_quote,
            "bullet_list_open": self._open_list,
            "ordered_list_open": self._open_list,
            "bullet_list_close": self._close_list,
            "ordered_list_close": self._close_list,
            "list_item_open": self._open_item,
            "fence": self._write_code,
            "code_block": self._write_code,
            "formula_block": self._write_formula,
            "hr": self._write_rule,
            "table_open": self._open_table,
            "tr_open": self._open_row,
            "table_close": self._close_table,
            "inline": self._write_line,
            "text": lambda token: self._write(token.content),
            "softbreak": lambda token: self._write("\n"),
            "hardbreak": lambda token: self._write("\n"),
            "code_inline": lambda token: self._write_as("code", token.content),
            "formula": lambda token: self._write_as("code", to_unicode(token.content)),
            "task": lambda token: self._write(DONE if token.meta["is_done"] else OPEN),
            "image": self._write_image,
            "link_open": self._open_span,
            "link_close": self._close_link,
            **{f"{name}_open": self._open_span for name in STYLES},
            **{f"{name}_close": self._close_style for name in STYLES},
        }

    @property
    def text(self) -> str:
        """Everything that has been written."""
        return "".join(self._parts)

    def write(self, tokens: Sequence[Token]) -> None:
        """Write all of these."""
        for token in tokens:
            if writer := self._writers.get(token.type):
                writer(token)

    def _write(self, text: str) -> None:
        if not text:
            return
        rest = text.rstrip("\n")
        self._breaks = len(text) - len(rest) + (0 if rest else self._breaks)
        self._parts.append(text)
        self._length += units(text)
        self._is_begun = False

    def _write_as(self, kind: str, text: str, language: str | None = None) -> None:
        start = self._length
        self._write(text)
        self._mark(kind, start, language=language)

    def _mark(self, kind: str, start: int, url: str | None = None, language: str | None = None) -> None:
        if self._length > start:
            self.entities.append(MessageEntity(kind, start, self._length - start, url=url, language=language))

    # blocks

    def _begin_block(self, token: Token) -> None:
        """Begin a new line; below an empty one if it is so in the source, and in no list."""
        if not self._is_begun:
            above = self._lines[token.map[0] - 1] if token.map and token.map[0] else ""
            self._break(1 if self._lists or above.strip(" \t>") else 2)

    def _break(self, count: int) -> None:
        if self._length:
            self._write("\n" * (count - self._breaks))

    def _open_heading(self, token: Token) -> None:
        self._begin_block(token)
        self._open_span(token)

    def _close_heading(self, token: Token) -> None:
        start, _, _ = self._spans.pop()
        for style in HEADINGS[token.tag]:
            self._mark(style, start)

    def _open_quote(self, token: Token) -> None:
        self._begin_block(token)
        self._quotes.append(self._length)
        self._is_begun = True

    def _close_quote(self, token: Token) -> None:
        start = self._quotes.pop()
        if not self._quotes:  # Telegram knows no quotes within quotes
            self._mark("expandable_blockquote" if self._length - start > LONG_QUOTE else "blockquote", start)
        self._is_begun = False

    def _open_list(self, token: Token) -> None:
        if not self._lists:
            self._begin_block(token)
        self._lists.append(int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None)

    def _close_list(self, token: Token) -> None:
        self._lists.pop()
        self._is_begun = False

    def _open_item(self, token: Token) -> None:
        number = self._lists[-1]
        self._break(1)
        self._write("  " * (len(self._lists) - 1) + ("• " if number is None else f"{number}. "))
        self._lists[-1] = None if number is None else number + 1
        self._is_begun = True

    def _write_code(self, token: Token) -> None:
        self._begin_block(token)
        self._break(1)
        language = token.info.split(",")[0].strip() or None
        self._write_as("pre", token.content.removesuffix("\n"), language)

    def _write_formula(self, token: Token) -> None:
        self._begin_block(token)
        self._break(1)
        self._write_as("pre", to_unicode(token.content))

    def _write_rule(self, token: Token) -> None:
        self._begin_block(token)
        self._write(RULE)

    # tables

    def _open_table(self, token: Token) -> None:
        self._begin_block(token)
        self._break(1)
        self._rows = []

    def _open_row(self, token: Token) -> None:
        if self._rows is not None:
            self._rows.append([])

    def _close_table(self, token: Token) -> None:
        rows, self._rows = self._rows or [], None
        self._write_as("pre", "\n".join(_grid(rows)))

    # inside of a line

    def _write_line(self, token: Token) -> None:
        if self._rows is None:
            self.write(token.children or ())
        else:
            self._rows[-1].append("".join(_words(token.children or ())))

    def _open_span(self, token: Token) -> None:
        self._spans.append((self._length, len(self._parts), str(token.attrs.get("href", ""))))

    def _close_style(self, token: Token) -> None:
        start, _, _ = self._spans.pop()
        self._mark(STYLES[token.type.removesuffix("_close")], start)

    def _close_link(self, token: Token) -> None:
        start, part, address = self._spans.pop()
        self._mark_link(start, address, "".join(self._parts[part:]))

    def _mark_link(self, start: int, address: str, text: str) -> None:
        if not leads_somewhere(address):
            return
        self._mark("text_link", start, url=address)
        if host := hidden_host(text, address):
            self._write(f" ({host})")

    def _write_image(self, token: Token) -> None:
        start, part = self._length, len(self._parts)
        self._write(IMAGE)
        self.write(token.children or ())
        self._mark_link(start, str(token.attrs.get("src", "")), "".join(self._parts[part:]))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the words of a cell, without their styles."""
    for token in tokens:
        if token.type == "formula":
            yield to_unicode(token.content)
        elif token.children:
            yield from _words(token.children)
        else:
            yield " " if token.type in {"softbreak", "hardbreak"} else token.content


def _grid(rows: list[list[str]]) -> Iterator[str]:
    """Yield the lines of a table with aligned columns."""
    widths = [max(map(display_width, column)) for column in zip_longest(*rows, fillvalue="")]
    for number, row in enumerate(rows):
        padded = [cell + " " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=False)]
        yield " | ".join(padded)
        if number == 0 and len(rows) > 1:
            yield "-+-".join("-" * width for width in widths)
