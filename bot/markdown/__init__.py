"""Markdown as people and models write it: parsed once, rendered by each platform in its own way."""

from bot.markdown.formulas import is_formula, to_unicode
from bot.markdown.links import hidden_host, leads_somewhere
from bot.markdown.parse import LONGEST, parse
from bot.markdown.speech import spoken
from bot.markdown.width import display_width

__all__ = ["LONGEST", "display_width", "hidden_host", "is_formula", "leads_somewhere", "parse", "spoken", "to_unicode"]
