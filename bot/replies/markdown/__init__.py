"""Markdown as people and models write it: parsed once into a tree, from which each platform makes what it shows."""

from bot.replies.markdown.grid import NO_VALUE, aligned_lines, has_links, is_too_wide, with_dashes
from bot.replies.markdown.link_hosts import hidden_host, leads_somewhere
from bot.replies.markdown.parse import LONGEST, parse
from bot.replies.markdown.speech import spoken
from bot.replies.markdown.tex import is_formula, to_unicode
from bot.replies.markdown.tree import Node, display_width, footnote_mark, plain_words, read_markdown, scripted, target

__all__ = [
    "LONGEST",
    "NO_VALUE",
    "Node",
    "aligned_lines",
    "display_width",
    "footnote_mark",
    "has_links",
    "hidden_host",
    "is_formula",
    "is_too_wide",
    "leads_somewhere",
    "parse",
    "plain_words",
    "read_markdown",
    "scripted",
    "spoken",
    "target",
    "to_unicode",
    "with_dashes",
]
