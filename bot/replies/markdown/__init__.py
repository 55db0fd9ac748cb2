"""Markdown as people and models write it: parsed once, rendered by each platform in its own way."""

from bot.replies.markdown.link_hosts import hidden_host, leads_somewhere
from bot.replies.markdown.parse import LONGEST, parse
from bot.replies.markdown.speech import spoken
from bot.replies.markdown.tex import is_formula, to_unicode
from bot.replies.markdown.width import display_width

__all__ = ["LONGEST", "display_width", "hidden_host", "is_formula", "leads_somewhere", "parse", "spoken", "to_unicode"]
