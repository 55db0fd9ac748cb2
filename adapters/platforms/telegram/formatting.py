"""Renders Markdown, complete or not, as text and entities, which Telegram counts in UTF-16 units."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telegram import MessageEntity

from bot.replies.markdown import LONGEST as MAX_MARKDOWN
from bot.replies.markdown import (
    NO_VALUE,
    Node,
    aligned_lines,
    footnote_mark,
    has_links,
    hidden_host,
    is_too_wide,
    plain_words,
    read_markdown,
    scripted,
    target,
    to_unicode,
    with_dashes,
)
from bot.replies.pages import units

RULE = "————————"
IMAGE = "🖼 "
DONE, OPEN = "☑ ", "☐ "
LONG_QUOTE = 200  # UTF-16 units; a longer one is shown in part until somebody opens it
STYLES = {
    "strong": "bold",
    "em": "italic",
    "strike": "strikethrough",
    "spoiler": "spoiler",
    "underline": "underline",
    "mark": "bold",
    "key": "code",
}
HEADINGS = {
    **dict.fromkeys((1, 2), ("bold", "underline")),
    **dict.fromkeys((3, 4), ("bold",)),
    **dict.fromkeys((5, 6), ("italic",)),
}

MAX_LENGTH = 4096  # UTF-16 units of a post
MAX_ENTITIES = 100
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # a post of nothing but these is empty to Telegram
PLACEHOLDER = "…"

CODE = {"pre", "code"}
QUOTES = {"blockquote", "expandable_blockquote"}
# By importance: a post with too many entities loses the last of these first.
IMPORTANCE = ("pre", "spoiler", "text_link", "code", "blockquote", "expandable_blockquote", "bold", "italic")
ESSENTIAL = IMPORTANCE[:3]  # a page has no more of these than fit


class EntityWriter:
    """A writer of a tree as text; `entities` come in the order of their ends."""

    def __init__(self) -> None:
        self.entities: list[MessageEntity] = []
        self._parts: list[str] = []
        self._length = 0  # UTF-16 units
        self._breaks = 0  # at the end of what is written
        self._is_begun = False  # an item or a quote, with nothing in it yet
        self._quotes = 0  # that are open: Telegram knows no quotes within quotes
        self._lists: list[int | None] = []  # the next number of each open list
        self._writers: dict[str, Callable[[Node], None]] = {
            "paragraph": self._write_block,
            "heading": self._write_heading,
            "quote": self._write_quote,
            "details": self._write_details,
            "summary": self._write_summary,
            "bullets": self._write_list,
            "numbers": self._write_list,
            "item": self._write_item,
            "footnote": self._write_footnote,
            "code": self._write_code,
            "indented": self._write_code,
            "formula_block": self._write_formula,
            "rule": self._write_rule,
            "table": self._write_table,
            "break": lambda node: self._write("\n"),
            "code_span": lambda node: self._write_as("code", node.text),
            "formula": lambda node: self._write_as("code", to_unicode(node.text)),
            "task": lambda node: self._write(DONE if node.number else OPEN),
            "sub": lambda node: self._write(scripted(node)),
            "sup": lambda node: self._write(scripted(node)),
            "footnote_sign": lambda node: self._write(footnote_mark(node.detail)),
            "image": self._write_image,
            "link": self._write_link,
            **dict.fromkeys(STYLES, self._write_styled),
        }

    @property
    def text(self) -> str:
        """Everything that has been written."""
        return "".join(self._parts)

    def write(self, nodes: Sequence[Node]) -> None:
        """Write all of these."""
        for node in nodes:
            if writer := self._writers.get(node.kind):
                writer(node)
            else:
                self._write(node.text)

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

    def _begin_block(self, node: Node) -> None:
        """Begin a new line; below an empty one if it is so in the source, and in no list."""
        if not self._is_begun:
            self._break(2 if node.is_spaced and not self._lists else 1)

    def _break(self, count: int) -> None:
        if self._length:
            self._write("\n" * (count - self._breaks))

    def _write_block(self, node: Node) -> None:
        is_first = self._is_begun
        self._begin_block(node)
        if not is_first:
            self._write("  " * len(self._lists))
        self.write(node.children)

    def _write_heading(self, node: Node) -> None:
        self._begin_block(node)
        start = self._length
        self.write(node.children)
        for style in HEADINGS[node.number]:
            self._mark(style, start)

    def _write_quote(self, node: Node) -> None:
        self._begin_block(node)
        self._write_quoted(node.children)

    def _write_details(self, node: Node) -> None:
        """Write a section that opens as a quote that does."""
        self._begin_block(node)
        self._write_quoted(node.children, is_folded=True)

    def _write_quoted(self, nodes: Sequence[Node], *, is_folded: bool = False) -> None:
        start, self._is_begun = self._length, True
        self._quotes += 1
        self.write(nodes)
        self._quotes -= 1
        if not self._quotes:
            is_folded = is_folded or self._length - start > LONG_QUOTE
            self._mark("expandable_blockquote" if is_folded else "blockquote", start)
        self._is_begun = False

    def _write_summary(self, node: Node) -> None:
        self._begin_block(node)
        start = self._length
        self.write(node.children)
        self._mark("bold", start)

    def _write_list(self, node: Node) -> None:
        if not self._lists:
            self._begin_block(node)
        self._lists.append(node.number if node.kind == "numbers" else None)
        self.write(node.children)
        self._lists.pop()
        self._is_begun = False

    def _write_item(self, node: Node) -> None:
        number = self._lists[-1] if self._lists else None
        self._break(1)
        self._write("  " * (len(self._lists) - 1) + ("• " if number is None else f"{number}. "))
        if number is not None:
            self._lists[-1] = number + 1
        self._is_begun = True
        self.write(node.children)

    def _write_footnote(self, node: Node) -> None:
        self._begin_block(node)
        self._write(f"{footnote_mark(node.detail)} ")
        self.write(node.children)

    def _write_code(self, node: Node) -> None:
        self._begin_block(node)
        self._break(1)
        self._write_as("pre", node.text, node.detail or None)

    def _write_formula(self, node: Node) -> None:
        self._begin_block(node)
        self._break(1)
        self._write_as("pre", to_unicode(node.text))

    def _write_rule(self, node: Node) -> None:
        self._begin_block(node)
        self._write(RULE)

    def _write_table(self, node: Node) -> None:
        self._begin_block(node)
        self._break(1)
        lines = aligned_lines(node)
        if has_links(node) or is_too_wide(lines):
            self._write_cells(node)
        else:
            self._write_as("pre", "\n".join(lines))

    def _write_cells(self, table: Node) -> None:
        """Write a table cell by cell, each behind the name of its column."""
        header, *rows = table.children
        names = [plain_words(cell.children).rstrip(":") for cell in header.children]
        for number, row in enumerate(rows or [Node(kind="row")]):
            self._break(2 if number else 1)
            values = [cell.children for cell in row.children]
            dash = (Node(kind="text", text=NO_VALUE),)
            for place, value in enumerate(values if number else with_dashes(table, values, dash)):
                if value:
                    self._break(1)
                    self._write_as("bold", f"{names[place]}: " if place < len(names) and names[place] else "")
                    self.write(value)

    # inside of a line

    def _write_styled(self, node: Node) -> None:
        start = self._length
        self.write(node.children)
        self._mark(STYLES[node.kind], start)

    def _write_link(self, node: Node) -> None:
        start, part = self._length, len(self._parts)
        self.write(node.children)
        self._mark_link(start, target(node), "".join(self._parts[part:]))

    def _mark_link(self, start: int, address: str, text: str) -> None:
        if not address:
            return
        self._mark("text_link", start, url=address)
        if host := hidden_host(text, address):
            self._write(f" ({host})")

    def _write_image(self, node: Node) -> None:
        start, part = self._length, len(self._parts)
        self._write(IMAGE)
        self.write(node.children)
        self._mark_link(start, target(node), "".join(self._parts[part:]))


@dataclass(frozen=True, slots=True)
class RenderedText:
    """The text and the entities of a post."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def render(markdown: str) -> RenderedText:
    """Render a page. Text that can't be shown with its formatting is shown as it was written."""
    markdown = markdown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(markdown) > MAX_MARKDOWN:
        return render_plain(markdown)
    writer = EntityWriter()
    writer.write(read_markdown(markdown).children)
    text = writer.text.rstrip()
    if _is_empty(text) or units(text) > MAX_LENGTH:
        return render_plain(markdown)
    return RenderedText(text, _select_entities(writer.entities, units(text)))


def rendered_length(markdown: str) -> int:
    """Return how long a page becomes, in UTF-16 units; too long where Telegram would drop links or spoilers of it."""
    writer = EntityWriter()
    writer.write(read_markdown(markdown).children)
    essential = sum(entity.type in ESSENTIAL for entity in writer.entities)
    return max(units(writer.text), MAX_LENGTH + 1 if essential > MAX_ENTITIES else 0)


def hide(rendered: RenderedText) -> RenderedText:
    """Return the text behind a spoiler, but for code, in which Telegram allows none."""
    length = units(rendered.text)
    others = [each for each in rendered.entities if each.type != MessageEntity.SPOILER]
    return RenderedText(
        rendered.text, _select_entities([MessageEntity(MessageEntity.SPOILER, 0, length), *others], length)
    )


def render_plain(markdown: str) -> RenderedText:
    """Render the page as it was written."""
    return RenderedText(PLACEHOLDER if _is_empty(markdown) else markdown)


def _is_empty(text: str) -> bool:
    return not text.strip().strip(INVISIBLE).strip()


def _select_entities(written: list[MessageEntity], length: int) -> tuple[MessageEntity, ...]:
    clipped = [entity for entity in (_clip(each, length) for each in written) if entity.length > 0]
    entities = _without_conflicts(clipped)
    if len(entities) > MAX_ENTITIES:
        entities = sorted(entities, key=_importance)[:MAX_ENTITIES]
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length, entity.type not in QUOTES)))


def _without_conflicts(entities: Sequence[MessageEntity]) -> list[MessageEntity]:
    """Return entities that stand in each other only as Telegram allows it; of others it would choose some itself.

    A link is in no other, and code in no link, which leads somewhere. No style goes over code, or counts twice.
    """
    links = _outermost([each for each in entities if each.type == MessageEntity.TEXT_LINK])
    code = _outermost(
        [each for each in entities if each.type in CODE and not any(_touches(each, link) for link in links)]
    )
    quotes = [each for each in entities if each.type in QUOTES]
    found = [*links, *code, *quotes]
    for style in dict.fromkeys(each.type for each in entities if each.type not in {*CODE, *QUOTES, "text_link"}):
        for entity in _outermost([each for each in entities if each.type == style]):
            found += _cut_around(entity, code)
    return found


def _outermost(entities: Sequence[MessageEntity]) -> list[MessageEntity]:
    """Return the entities that are in no other, in their order."""
    found: list[MessageEntity] = []
    for entity in sorted(entities, key=lambda each: (each.offset, -each.length)):
        if not found or not _touches(found[-1], entity):
            found.append(entity)
    return found


def _touches(one: MessageEntity, other: MessageEntity) -> bool:
    return one.offset < other.offset + other.length and other.offset < one.offset + one.length


def _cut_around(entity: MessageEntity, code: Sequence[MessageEntity]) -> list[MessageEntity]:
    """Return the parts of a style that no code, in order, stands in."""
    parts, position, end = list[MessageEntity](), entity.offset, entity.offset + entity.length
    for each in [*(span for span in code if _touches(span, entity)), MessageEntity(MessageEntity.CODE, end, 0)]:
        if each.offset > position:
            parts.append(MessageEntity(entity.type, position, each.offset - position))
        position = max(position, each.offset + each.length)
    return parts


def _clip(entity: MessageEntity, length: int) -> MessageEntity:
    """Clip an entity to a text of this length."""
    end = min(entity.offset + entity.length, length)
    return MessageEntity(entity.type, entity.offset, end - entity.offset, url=entity.url, language=entity.language)


def _importance(entity: MessageEntity) -> int:
    return IMPORTANCE.index(entity.type) if entity.type in IMPORTANCE else len(IMPORTANCE)
