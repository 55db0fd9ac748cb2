"""Finds formulas in a page of Markdown, and shows them in Unicode."""

import re
from collections.abc import Iterator

from adapters.platforms.discord.escaping import escaped
from adapters.platforms.discord.markdown_page import MarkdownPage, PageEdit
from bot.replies.markdown import is_formula, to_unicode


def formulas(page: MarkdownPage) -> Iterator[PageEdit]:
    """The formulas between dollar signs."""
    for math in page.nodes["InlineMath"]:
        tex = page.at(math)[1:-1]
        is_glued = page.source[: math.start][-1:].isalnum() and tex[0] not in "_^\\"
        is_price = page.source[math.end : math.end + 1].isdigit() or is_glued
        if not is_price and is_formula(tex):
            yield PageEdit(math.start, math.end, _formula(tex, page.margin(math.start)))
    for math in page.nodes["DisplayMath"]:
        margin = page.margin(math.start)
        tex = _unquoted(page.at(math)[2:-2], margin)
        if "=" in tex or is_formula(tex):
            yield PageEdit(math.start, math.end, _formula(tex, margin))


def in_brackets(tex: str, margin: str, *, inline: bool) -> str | None:
    r"""What to show for what stands between \( and \), if `inline`, or \[ and \]; None where that is no formula."""
    tex = _unquoted(tex, margin)
    return _formula(tex, margin) if is_formula(tex, in_brackets="\\(" if inline else "\\[") else None


def _unquoted(tex: str, margin: str) -> str:
    """The formula without the signs of the quote that it stands in."""
    return re.sub(r"\n[ \t]*>", "\n", tex).strip() if ">" in margin else tex.strip()


def _formula(tex: str, margin: str) -> str:
    return f"\n{margin}".join(map(escaped, to_unicode(tex).splitlines()))
