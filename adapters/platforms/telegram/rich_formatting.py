"""Renders Markdown as the blocks of a rich message (Bot API 10.2), from the tree that all platforms use.

Telegram says nothing about whether a reader's app can show them, so they are for chats that want them, and only for
what a text cannot show: tables, formulas, sections that open, and pictures among the words. Pictures are uploaded;
no address in an answer is ever fetched.

https://core.telegram.org/bots/api#inputrichblock
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from adapters.platforms.budgets import TelegramBudgets
from bot.replies.markdown import LONGEST, NO_VALUE, Node, footnote_mark, hidden_host, plain_words, read_markdown, target

Block = dict[str, Any]
RichText = str | list[Any] | dict[str, Any]

IMAGE = "🖼 "
GAINING = frozenset({"table", "formula", "formula_block", "details"})  # kinds of which a rich message shows more
STYLES: Mapping[str, str] = {
    "strong": "bold",
    "em": "italic",
    "strike": "strikethrough",
    "spoiler": "spoiler",
    "underline": "underline",
    "mark": "marked",
    "key": "code",
    "sub": "subscript",
    "sup": "superscript",
}
LISTS = ("bullets", "numbers")


def render_rich(markdown: str, pictures: Sequence[str] = ()) -> list[Block] | None:
    """Return the blocks of a page, with uploaded pictures below; None where a text shows as much, or it has no room.

    `pictures` are the names under which they are uploaded.
    """
    if len(markdown) > LONGEST:
        return None
    tree = read_markdown(markdown)
    if not (len(pictures) > 1 or _gains(tree)):
        return None
    blocks = [*_blocks(tree.children), *_album(pictures)]
    return blocks if blocks and _fits(blocks) else None


def _gains(node: Node) -> bool:
    return node.kind in GAINING or any(map(_gains, node.children))


# blocks


def _blocks(nodes: Sequence[Node]) -> Iterator[Block]:
    for node in nodes:
        yield from _block(node)


def _block(node: Node) -> Iterator[Block]:
    if node.kind == "footnote":
        yield from _footnote(node)
    elif write := WRITERS.get(node.kind):
        yield write(node)
    else:
        yield _paragraph(_text([node]))


def _inner(nodes: Sequence[Node]) -> list[Block]:
    """Return the blocks in another one, which may not be empty."""
    return list(_blocks(nodes)) or [_paragraph(NO_VALUE)]


def _paragraph(text: RichText) -> Block:
    return {"type": "paragraph", "text": text}


def _details(node: Node) -> Block:
    summaries = [each for each in node.children if each.kind == "summary"]
    rest = [each for each in node.children if each.kind != "summary"]
    summary = _text(summaries[0].children) if summaries else "…"
    return {"type": "details", "summary": summary, "blocks": _inner(rest)}


def _items(node: Node) -> Iterator[Block]:
    for place, item in enumerate(node.children):
        tasks = list(_tasks(item))
        item_block: Block = {"blocks": _inner(item.children)}
        if node.kind == "numbers":
            item_block["value"] = node.number + place
        if tasks:
            item_block |= {"has_checkbox": True, "is_checked": bool(tasks[0].number)}
        yield item_block


def _tasks(item: Node) -> Iterator[Node]:
    for block in item.children:
        if block.kind not in LISTS:
            yield from (leaf for leaf in (block, *block.children) if leaf.kind == "task")


def _footnote(node: Node) -> Iterator[Block]:
    first, *rest = _inner(node.children)
    if first["type"] == "paragraph":
        yield _paragraph(_joined([f"{footnote_mark(node.detail)} ", first["text"]]))
    else:
        yield from (_paragraph(footnote_mark(node.detail)), first)
    yield from rest


def _table(node: Node) -> Block:
    width = max(len(row.children) for row in node.children)
    sides = [cell.detail for cell in node.children[0].children]
    cells = [[*_cells(row, sides, is_header=n == 0, width=width)] for n, row in enumerate(node.children)]
    return {"type": "table", "is_bordered": True, "is_striped": True, "cells": cells}


def _cells(row: Node, sides: Sequence[str], *, is_header: bool, width: int) -> Iterator[Block]:
    for place in range(width):
        children = row.children[place].children if place < len(row.children) else ()
        side = (sides[place] if place < len(sides) else "") or "left"
        header = {"is_header": True} if is_header else {}
        yield {"text": _text(children), "align": side, "valign": "middle", **header}


WRITERS: Mapping[str, Callable[[Node], Block]] = {
    "heading": lambda node: {"type": "heading", "size": node.number, "text": _text(node.children)},
    "quote": lambda node: {"type": "blockquote", "blocks": _inner(node.children)},
    "details": _details,
    "bullets": lambda node: {"type": "list", "items": list(_items(node))},
    "numbers": lambda node: {"type": "list", "items": list(_items(node))},
    "code": lambda node: {"type": "pre", "text": node.text, **({"language": node.detail} if node.detail else {})},
    "indented": lambda node: {"type": "pre", "text": node.text},
    "formula_block": lambda node: {"type": "mathematical_expression", "expression": node.text},
    "rule": lambda node: {"type": "divider"},
    "table": _table,
    "paragraph": lambda node: _paragraph(_text(node.children)),
    "summary": lambda node: _paragraph(_text(node.children)),
}
"""By the kind of node, what makes its block; a footnote is several."""


def _album(pictures: Sequence[str]) -> Iterator[Block]:
    photos = [{"type": "photo", "photo": {"type": "photo", "media": f"attach://{name}"}} for name in pictures]
    if len(photos) > 1:
        yield {"type": "collage", "blocks": photos}
    else:
        yield from photos


# inside of a line


def _text(nodes: Sequence[Node]) -> RichText:
    return _joined([each for node in nodes for each in _spans(node)])


def _joined(parts: Sequence[RichText]) -> RichText:
    """Return parts as one text, as simple as it can be."""
    joined: list[RichText] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return joined[0] if len(joined) == 1 else joined or ""


def _spans(node: Node) -> Iterator[RichText]:
    if node.kind in STYLES:
        if text := _text(node.children):
            yield {"type": STYLES[node.kind], "text": text}
    elif node.kind == "link":
        yield from _link(_text(node.children), node)
    elif node.kind == "image":
        yield from _link(_joined([IMAGE, _text(node.children) or node.text]), node)
    elif leaf := LEAF_TEXTS.get(node.kind):
        yield leaf(node)
    else:
        yield _text(node.children) if node.children else node.text


LEAF_TEXTS: Mapping[str, Callable[[Node], RichText]] = {
    "code_span": lambda node: {"type": "code", "text": node.text},
    "formula": lambda node: {"type": "mathematical_expression", "expression": node.text},
    "formula_block": lambda node: {"type": "mathematical_expression", "expression": node.text},
    "break": lambda node: "\n",
    "footnote_sign": lambda node: footnote_mark(node.detail),
    "address": lambda node: {"type": "url", "url": node.text, "text": node.text} if "://" in node.text else node.text,
    "task": lambda node: "",  # the item shows it
}


def _link(text: RichText, node: Node) -> Iterator[RichText]:
    address = target(node)
    if not address or not text:
        yield text
        return
    yield {"type": "url", "url": address, "text": text}
    if host := hidden_host(plain_words(node.children), address):
        yield f" ({host})"


# what Telegram takes


def _fits(blocks: Sequence[Block]) -> bool:
    return (
        sum(map(_length, blocks)) <= TelegramBudgets.RICH_LENGTH
        and sum(map(_count, blocks)) <= TelegramBudgets.RICH_BLOCKS
        and max(map(_depth, blocks)) <= TelegramBudgets.RICH_DEPTH
        and _width(blocks) <= TelegramBudgets.RICH_COLUMNS
    )


def _length(value: Any) -> int:
    """Return the characters of all texts and formulas, and more: the names of kinds count as well."""
    if isinstance(value, str):
        return len(value)
    return sum(map(_length, value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()))


def _count(block: Block) -> int:
    """Return how many blocks a block is: items of lists and rows of tables count."""
    items = [inner for item in block.get("items", ()) for inner in (None, *item["blocks"])]
    inner = [*block.get("blocks", ()), *(each for each in items if each)]
    return 1 + len(block.get("items", ())) + len(block.get("cells", ())) + sum(map(_count, inner))


def _depth(value: Any) -> int:
    """Return how deep blocks and styles are nested in each other."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _width(blocks: Sequence[Any]) -> int:
    widths = [len(row) for block in blocks for row in block.get("cells", ())]
    inner = [each for block in blocks for each in (*block.get("blocks", ()), *block.get("items", ()))]
    return max([*widths, _width(inner) if inner else 0])
