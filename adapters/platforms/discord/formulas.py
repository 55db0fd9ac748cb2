"""Formulas in a page of Markdown, rendered in Unicode."""

import re
from collections.abc import Iterator

from adapters.platforms.discord.escaping import escape_markdown
from adapters.platforms.discord.markdown_page import MarkdownPage, PageEdit
from bot.replies.markdown import is_formula, to_unicode


def find_formulas(page: MarkdownPage) -> Iterator[PageEdit]:
    """Yield an edit for each formula between dollar signs."""
    for math in page.nodes["InlineMath"]:
        tex = page.text_of(math)[1:-1]
        is_glued = page.source[: math.start][-1:].isalnum() and tex[0] not in "_^\\"
        is_price = page.source[math.end : math.end + 1].isdigit() or is_glued
        if not is_price and is_formula(tex):
            yield PageEdit(math.start, math.end, _render_formula(tex, page.margin(math.start)))
    for math in page.nodes["DisplayMath"]:
        margin = page.margin(math.start)
        tex = _unquote(page.text_of(math)[2:-2], margin)
        if "=" in tex or is_formula(tex):
            yield PageEdit(math.start, math.end, _render_formula(tex, margin))


def render_bracketed_formula(tex: str, margin: str, *, inline: bool) -> str | None:
    r"""Render the text between \( and \), if `inline`, or \[ and \]; None where it is no formula."""
    tex = _unquote(tex, margin)
    return _render_formula(tex, margin) if is_formula(tex, in_brackets="\\(" if inline else "\\[") else None


def _unquote(tex: str, margin: str) -> str:
    """Remove the signs of a quote around the formula."""
    return re.sub(r"\n[ \t]*>", "\n", tex).strip() if ">" in margin else tex.strip()


def _render_formula(tex: str, margin: str) -> str:
    return f"\n{margin}".join(map(escape_markdown, to_unicode(tex).splitlines()))
