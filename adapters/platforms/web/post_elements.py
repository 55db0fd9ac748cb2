"""Markdown as the elements that the page's script makes: plain data, so that nothing in an answer can turn into markup.

A text is a string. An element is a list: its name, its attributes if it has any, and what it contains.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from adapters.platforms.web.code_colours import colour_code
from adapters.platforms.web.formulas import to_mathml
from bot.replies.markdown import Node, hidden_host, plain_words, read_markdown, target, to_unicode
from bot.replies.pages import pages
from bot.replies.reply import CURSOR

Element = str | list[Any]
"""A text, or a list of the name, perhaps the attributes, and the content."""

PART = 8_000  # characters that are parsed at once; of an answer that grows only the last part is parsed again
LONGEST_NAME = 40  # characters of a language
NOTICE = "⚠"
FOLLOWED = ("http:", "https:", "mailto:")
SPANS = {
    "strong": "strong",
    "em": "em",
    "strike": "s",
    "underline": "u",
    "mark": "mark",
    "key": "kbd",
    "sub": "sub",
    "sup": "sup",
}


def post_elements(text: str) -> list[Element]:
    """Return the blocks of a post, without the sign that it still grows."""
    return [block for part in pages(text.removesuffix(CURSOR), PART) for block in _blocks_of(part)]


def hidden(blocks: Sequence[Element]) -> Element:
    """Return the blocks of a post behind a spoiler, which is looked behind by the pointer or the keyboard."""
    return ["div", {"class": "spoiler", "tabindex": "0"}, *blocks]


@lru_cache(maxsize=256)
def _blocks_of(part: str) -> tuple[Element, ...]:
    return tuple(_elements(read_markdown(part).children))


def _elements(nodes: Sequence[Node]) -> list[Element]:
    return [element for node in nodes for element in _WRITERS.get(node.kind, _write_text)(node)]


# blocks


def _write_paragraph(node: Node) -> Iterator[Element]:
    content = _elements(node.children)
    if content and isinstance(content[0], str) and content[0].startswith(NOTICE):
        content[0] = content[0].lstrip(f"{NOTICE}\ufe0f ")
        yield ["p", {"class": "notice"}, *content]
    else:
        yield ["p", *content]


def _write_heading(node: Node) -> Iterator[Element]:
    yield [f"h{min(6, node.number + 2)}", *_elements(node.children)]  # the page has h1 and h2 of its own


def _write_list(node: Node) -> Iterator[Element]:
    items = [_item(item) for item in node.children]
    yield ["ul", *items] if node.kind == "bullets" else ["ol", {"start": str(node.number)}, *items]


def _item(node: Node) -> Element:
    """Return a list item: its first words are a line, not a paragraph."""
    first, rest = node.children[:1], node.children[1:]
    if not first or first[0].kind != "paragraph":
        return ["li", *_elements(node.children)]
    is_task = any(child.kind == "task" for child in first[0].children[:1])
    attributes = [{"class": "task"}] if is_task else []
    return ["li", *attributes, *_elements(first[0].children), *_elements(rest)]


def _write_code(node: Node) -> Iterator[Element]:
    language = {"data-language": node.detail[:LONGEST_NAME]} if node.detail else {}
    yield ["pre", {"tabindex": "0", **language}, ["code", *colour_code(node.text, node.detail)]]


def _write_formula_block(node: Node) -> Iterator[Element]:
    math = to_mathml(node.text, is_block=True)
    yield ["p", {"class": "formula"}, *([math] if math else _lines(to_unicode(node.text)))]


def _write_table(node: Node) -> Iterator[Element]:
    header, *rows = node.children
    sides = [cell.detail for cell in header.children]
    body = [_row(row, "td", sides) for row in rows]
    table = ["table", ["thead", _row(header, "th", sides)], ["tbody", *body]]
    yield ["div", {"class": "table", "tabindex": "0"}, table]


def _row(row: Node, name: str, sides: Sequence[str]) -> Element:
    cells: list[Element] = ["tr"]
    for number, cell in enumerate(row.children):
        side = sides[number] if number < len(sides) else ""
        cells.append([name, *([{"class": side}] if side else []), *_elements(cell.children)])
    return cells


def _write_footnote(node: Node) -> Iterator[Element]:
    yield ["p", {"class": "footnote"}, ["sup", node.detail], " ", *_elements(node.children)]


# inside of a line


def _write_text(node: Node) -> Iterator[Element]:
    yield node.text


def _write_span(node: Node) -> Iterator[Element]:
    yield [SPANS[node.kind], *_elements(node.children)]


def _write_formula(node: Node) -> Iterator[Element]:
    math = to_mathml(node.text)
    yield ["span", {"class": "formula"}, *([math] if math else _lines(to_unicode(node.text)))]


def _write_link(node: Node) -> Iterator[Element]:
    address = target(node)
    if not address.startswith(FOLLOWED):
        yield from _elements(node.children)
        return
    words = plain_words(node.children)
    content = _unlinked(_elements(node.children)) if words.strip() else [address]
    if host := hidden_host(words, address):
        content.append(f" ({host})")
    yield _link(address, content)


def _write_address(node: Node) -> Iterator[Element]:
    yield _link(node.text, [node.text]) if node.text.lower().startswith(FOLLOWED) else node.text


def _link(address: str, content: Sequence[Element]) -> Element:
    return ["a", {"href": address}, *content]


def _unlinked(content: Sequence[Element]) -> list[Element]:
    """Return elements without links: a link within a link would lead to two places."""
    unlinked: list[Element] = []
    for element in content:
        if isinstance(element, str) or len(element) < 2:
            unlinked.append(element)
        elif element[0] == "a":
            unlinked += _unlinked(element[2:])
        else:
            start = 2 if isinstance(element[1], Mapping) else 1
            unlinked.append([*element[:start], *_unlinked(element[start:])])
    return unlinked


def _lines(text: str) -> Iterator[Element]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield ["br"]
        yield line


_WRITERS: Mapping[str, Callable[[Node], Iterator[Element]]] = {
    "paragraph": _write_paragraph,
    "heading": _write_heading,
    "quote": lambda node: iter([["blockquote", *_elements(node.children)]]),
    "details": lambda node: iter([["details", *_elements(node.children)]]),
    "summary": lambda node: iter([["summary", *_elements(node.children)]]),
    "bullets": _write_list,
    "numbers": _write_list,
    "code": _write_code,
    "indented": _write_code,
    "formula_block": _write_formula_block,
    "rule": lambda node: iter([["hr"]]),
    "table": _write_table,
    "footnote": _write_footnote,
    "break": lambda node: iter([["br"]]),
    "code_span": lambda node: iter([["code", node.text]]),
    "spoiler": lambda node: iter([["span", {"class": "spoiler", "tabindex": "0"}, *_elements(node.children)]]),
    "formula": _write_formula,
    "task": lambda node: iter(["☑ " if node.number else "☐ "]),
    "footnote_sign": lambda node: iter([["sup", node.detail]]),
    "link": _write_link,
    "image": _write_link,
    "address": _write_address,
    **dict.fromkeys(SPANS, _write_span),
}
