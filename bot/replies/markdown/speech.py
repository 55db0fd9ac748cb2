"""Text to read aloud: the words, without elements that only make sense on a screen."""

from collections.abc import Iterator, Sequence

from bot.replies.markdown.parse import LONGEST
from bot.replies.markdown.tex import to_unicode
from bot.replies.markdown.tree import BLOCKS, Node, read_markdown

SIGNS = str.maketrans("", "", "*_`#>|~⚠⏹\ufe0f")  # delimiters of unclosed Markdown, and of notices
SILENT = frozenset({"code", "indented", "footnote_sign"})
APART = frozenset(BLOCKS.values()) | {"break", "formula_block"}


def spoken(markdown: str) -> str:
    """Return the words of a text in one line: without code blocks and link targets."""
    words = "".join(_words(read_markdown(markdown[:LONGEST]).children))
    return " ".join(words.translate(SIGNS).split())


def _words(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if node.kind in {"bullets", "numbers"}:
            yield from _items(node)
        elif node.kind in {"formula", "formula_block"}:
            yield to_unicode(node.text)
        elif node.kind not in SILENT:
            yield from (_words(node.children) if node.children else [node.text])
        if node.kind in APART:
            yield " "


def _items(node: Node) -> Iterator[str]:
    for place, item in enumerate(node.children):
        yield f" {node.number + place}. " if node.kind == "numbers" else " - "
        yield from _words(item.children)
