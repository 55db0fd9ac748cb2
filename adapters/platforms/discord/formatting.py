"""Renders Markdown, complete or not, in the dialect of Discord."""

import re
import unicodedata

from adapters.platforms.discord.dialect import DialectWriter, table_as_grid, table_as_list, table_as_written
from bot.replies.markdown import read_markdown
from bot.replies.pages import pages, units

MAX_LENGTH = 2000  # characters of a message; counted in UTF-16 units, of which there are never fewer
PLACEHOLDER = "…"
CONTROL = re.compile("[\0\x02\x03]")


def render(markdown: str) -> str:
    """Render a page of at most MAX_LENGTH UTF-16 units. A page that would become longer is shown as it was written."""
    text = markdown[: 2 * MAX_LENGTH].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = CONTROL.sub("", text)
    rendered = _render_page(text)
    if units(rendered) > MAX_LENGTH:
        rendered = _render_page(pages(text, MAX_LENGTH)[0])
    return rendered if _is_visible(rendered) else PLACEHOLDER


def rendered_length(markdown: str) -> int:
    """Return how long a page becomes, in UTF-16 units."""
    return units(DialectWriter(table_as_grid).write(read_markdown(markdown)))


def _render_page(markdown: str) -> str:
    tree = read_markdown(markdown)
    end = "\n" if markdown.endswith("\n") else ""
    for shape in (table_as_grid, table_as_list, table_as_written):
        rendered = DialectWriter(shape).write(tree) + end
        if units(rendered) <= MAX_LENGTH:
            return rendered
    return markdown


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)
