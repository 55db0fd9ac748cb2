"""The tree of a text, from which every platform makes what it shows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import wcwidth
from markdown_it.token import Token

from bot.replies.markdown.link_hosts import leads_somewhere
from bot.replies.markdown.parse import DEEPEST, parse
from bot.replies.markdown.tex import script, to_unicode

NEW_LINE = re.compile(r"\r\n?|\n")

BLOCKS: Mapping[str, str] = {
    "paragraph": "paragraph",
    "heading": "heading",
    "blockquote": "quote",
    "bullet_list": "bullets",
    "ordered_list": "numbers",
    "list_item": "item",
    "table": "table",
    "tr": "row",
    "th": "cell",
    "td": "cell",
    "details": "details",
    "summary": "summary",
    "footnote": "footnote",
}
SPANS: Mapping[str, str] = {
    "strong": "strong",
    "em": "em",
    "s": "strike",
    "spoiler": "spoiler",
    "link": "link",
    "sub": "sub",
    "sup": "sup",
    "kbd": "key",
    "u": "underline",
    "mark": "mark",
}
LEAVES: Mapping[str, str] = {
    "text": "text",
    "softbreak": "break",
    "hardbreak": "break",
    "code_inline": "code_span",
    "formula": "formula",
    "task": "task",
    "image": "image",
    "address": "address",
    "footnote_ref": "footnote_sign",
    "fence": "code",
    "code_block": "indented",
    "formula_block": "formula_block",
    "hr": "rule",
}
SIDES = {"text-align:right": "right", "text-align:center": "center"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A block, a span or a leaf of the tree."""

    kind: str  # a value of BLOCKS, SPANS or LEAVES, `escaped` (a text that was a sign of its own) or `document`
    children: tuple["Node", ...] = ()
    text: str = ""  # of a leaf; of a table as it was written
    detail: str = ""  # the address of a link, the language of code, the label of a footnote, the side of a cell
    number: int = 0  # the level of a heading, the first number of a list; whether a task is done
    is_spaced: bool = False  # an empty line stands above the block


@lru_cache(maxsize=64)
def read_markdown(markdown: str) -> Node:
    """Parse a text into its tree."""
    return _TreeBuilder(NEW_LINE.split(markdown)).build(parse(markdown))


def plain_words(nodes: Sequence[Node], line_break: str = "\n") -> str:
    """Return the words of nodes without any styles."""
    return "".join(_words(nodes, line_break))


def _words(nodes: Sequence[Node], line_break: str) -> Iterator[str]:
    for node in nodes:
        if node.kind == "break":
            yield line_break
        elif node.kind in {"formula", "formula_block"}:
            yield to_unicode(node.text).replace("\n", line_break)
        elif node.kind in {"sub", "sup"}:
            yield scripted(node)
        elif node.kind == "footnote_sign":
            yield footnote_mark(node.detail)
        elif node.children:
            yield from _words(node.children, line_break)
        else:
            yield node.text


def scripted(node: Node) -> str:
    """Return the words of subscript or superscript in Unicode; where it lacks some of the letters, on the line."""
    words = plain_words(node.children)
    return script("_" if node.kind == "sub" else "^", words)


def footnote_mark(label: str) -> str:
    """Return the sign of a footnote, in the text and before the note."""
    return script("^", label) if label.isdecimal() else f"[{label}]"


class _TreeBuilder:
    """Builds the tree of one text from its tokens; spans that are nested too deep lose their style."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def build(self, tokens: Sequence[Token]) -> Node:
        return Node(kind="document", children=tuple(self._nodes(tokens, BLOCKS)))

    def _nodes(self, tokens: Sequence[Token], kinds: Mapping[str, str]) -> list[Node]:
        """Return the nodes of tokens that are opened and closed in pairs."""
        levels: list[tuple[Token, list[Node]]] = [(Token("root", "", 0), [])]
        for token in tokens:
            siblings = levels[-1][1]
            if token.type == "inline":
                siblings += self._nodes(token.children or (), SPANS)
            elif token.nesting > 0:
                levels.append((token, []))
            elif token.nesting < 0 and len(levels) > 1:
                opening, children = levels.pop()
                kind = kinds.get(opening.type.removesuffix("_open"), "")
                is_shown = kind and (kinds is BLOCKS or len(levels) < DEEPEST)
                levels[-1][1].extend([self._inner(opening, kind, children)] if is_shown else children)
            elif token.type in LEAVES:
                siblings.append(
                    self._leaf(token, "escaped" if token.type == "text" and token.info else LEAVES[token.type])
                )
        while len(levels) > 1:
            _, children = levels.pop()
            levels[-1][1].extend(children)
        return levels[0][1]

    def _inner(self, token: Token, kind: str, children: list[Node]) -> Node:
        detail, number, text = token.info, 0, ""
        if kind == "heading":
            number = int(token.tag[1:])
        elif kind == "numbers":
            number = int(token.attrs.get("start", 1))
        elif kind == "link":
            detail = str(token.attrs.get("href", ""))
        elif kind == "cell":
            detail = SIDES.get(str(token.attrs.get("style", "")), "")
        elif kind == "table" and token.map:
            text = "\n".join(line.lstrip(" \t>") for line in self._lines[slice(*token.map)]).rstrip()
        return Node(
            kind=kind,
            children=tuple(children),
            text=text,
            detail=detail,
            number=number,
            is_spaced=self._is_spaced(token),
        )

    def _leaf(self, token: Token, kind: str) -> Node:
        detail, number, text = "", 0, token.content
        if kind == "code":
            detail, text = token.info.replace(",", " ").strip().partition(" ")[0], text.removesuffix("\n")
        elif kind == "indented":
            text = text.removesuffix("\n")
        elif kind == "task":
            number = int(token.meta["is_done"])
        elif kind == "image":
            detail = str(token.attrs.get("src", ""))
        elif kind in {"footnote_sign", "escaped"}:
            detail = token.info
        children = tuple(self._nodes(token.children or (), SPANS))
        text = "" if children else text
        return Node(
            kind=kind, children=children, text=text, detail=detail, number=number, is_spaced=self._is_spaced(token)
        )

    def _is_spaced(self, token: Token) -> bool:
        if not token.map or not token.map[0] or token.map[0] > len(self._lines):
            return False
        return not self._lines[token.map[0] - 1].strip(" \t>")


def target(node: Node) -> str:
    """Return the address that a link or an image leads to; empty if it leads nowhere."""
    return node.detail if leads_somewhere(node.detail) else ""


def display_width(text: str) -> int:
    """Count the columns that a text takes up in a monospaced font."""
    return len(text) if text.isascii() and text.isprintable() else wcwidth.width(text)
