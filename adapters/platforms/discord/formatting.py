"""Renders Markdown, complete or not, in the dialect of Discord."""

import html
import re
import unicodedata
from collections.abc import Iterator

from adapters.platforms.discord.escaping import escape_markdown
from adapters.platforms.discord.formulas import find_formulas, render_bracketed_formula
from adapters.platforms.discord.markdown_page import MarkdownPage, PageEdit, parse_page
from adapters.platforms.discord.tables import render_tables, table_as_grid, table_as_list
from bot.replies.markdown import hidden_host
from bot.replies.pages import pages, units

MAX_LENGTH = 2000  # characters of a message; counted in UTF-16 units, of which there are never fewer
RULE = "─" * 12
PLACEHOLDER = "…"

SPECIAL = re.compile(  # a text without any of these needs no rendering
    r"[$<@&]|\]\(|\]:|\|[ \t]*:?-|-:?[ \t]*\||\\[(\[]|!\[|\[[ xX]\]|#{4}|`{3}|~{3}|^ *>>>"
    r"|^[ \t>]*(?:={3,}|(?:[-*_][ \t]*){3,})[ \t\r]*$",
    re.MULTILINE,
)
UNPARSED = re.compile(
    rb"(?P<line_break>(?<![ \t])[ \t]*<br\s{0,9}/?>[ \t]*)"
    rb"|(?<![\w\\])\\\((?P<inline>.{1,1000}?)\\\)"
    rb"|(?<!\\)\\\[(?P<display>.{1,1000}?)\\\]"
    rb"|(?P<entity>&(?:[a-z]{2,8}|#\d{1,7}|#x[\da-f]{1,6});)"
    rb"|(?P<endless>^ *>>>(?=[ \t]))",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
FENCE = re.compile(r"`{3,}|~{3,}")
LOW_HEADING = re.compile(rb"#{4,6}[ \t]+([^\n]+?)(?:(?<![ \t])[ \t]+#+)?")
UNDERLINE = re.compile(rb"\n[ \t>]*(-{3,}|={3,})$")


def render(markdown: str) -> str:
    """Render a page of at most MAX_LENGTH UTF-16 units. A page that would become longer is shown as it was written."""
    text = markdown[: 2 * MAX_LENGTH].encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if units(text) > MAX_LENGTH:
        text = pages(text, MAX_LENGTH)[0]
    if SPECIAL.search(text):
        text = _render_page(text)
    return text if _is_visible(text) else PLACEHOLDER


def _render_page(markdown: str) -> str:
    page = parse_page(markdown)
    code = list(_code(page))
    edits = [*code, *_rules(page), *_headings(page), *_tasks(page), *_images(page), *_links(page), *find_formulas(page)]
    edits += _unparsed(page, edits)
    for shape in (table_as_grid, table_as_list):
        rendered = page.render(edits + list(render_tables(page, edits, shape)))
        if units(rendered) <= MAX_LENGTH:
            return rendered
    fallbacks = (page.render(chosen_edits) for chosen_edits in (edits, code))
    return next((rendered for rendered in fallbacks if units(rendered) <= MAX_LENGTH), markdown)


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)


# code


def _code(page: MarkdownPage) -> Iterator[PageEdit]:
    for span in page.nodes["Code"]:
        yield PageEdit(span.start, span.end, page.text_of(span), is_settled=True)
    for block in page.nodes["CodeBlock"]:
        text = page.text_of(block).removesuffix("\n")
        end = block.start + len(text.encode())
        if block.value == "Indented":  # to Discord this is text, which can ping
            yield PageEdit(block.start, end, text)
        else:
            yield PageEdit(block.start, end, _close_fence(text, page.margin(block.start)), is_settled=True)


def _close_fence(text: str, margin: str) -> str:
    """Return the block, closed if there is code in it, and with the one fence that Discord knows."""
    match = FENCE.match(text)
    mark = match.group() if match else ""
    body, _, last = text.rstrip().rpartition("\n")
    fence = last.lstrip(" \t>")
    is_closed = fence.startswith(mark) and fence == mark[:1] * len(fence)
    if body and not is_closed:
        text += f"\n{margin}{mark}"
    if body and mark.startswith("~") and "```" not in text:
        text = "```" + text[len(mark) :].rstrip().rstrip("~") + "```"
    return text


# blocks


def _rules(page: MarkdownPage) -> Iterator[PageEdit]:
    for rule in page.nodes["Rule"]:
        yield PageEdit(rule.start, rule.start + len(page.text_of(rule).rstrip()), RULE)


def _headings(page: MarkdownPage) -> Iterator[PageEdit]:
    for heading in page.nodes["Heading"]:
        source = page.source[heading.start : heading.end].rstrip()
        end = heading.start + len(source)
        if title := LOW_HEADING.fullmatch(source):
            yield PageEdit(heading.start, heading.start + title.start(1), "**")
            yield PageEdit(heading.start + title.end(1), end, "**")
            for strong in page.within("Strong", heading):
                yield PageEdit(strong.start, strong.start + 2, "")
                yield PageEdit(strong.end - 2, strong.end, "")
        elif underline := UNDERLINE.search(source):  # probably meant as a rule
            yield PageEdit(heading.start + underline.start(1), end, RULE)


def _tasks(page: MarkdownPage) -> Iterator[PageEdit]:
    for task in page.nodes["TaskListMarker"]:
        yield PageEdit(task.start, task.end, "☑" if task.value else "☐")


def _images(page: MarkdownPage) -> Iterator[PageEdit]:
    for image in page.nodes["Image"]:
        is_named = page.source[image.start : image.start + 3] != b"![]"
        if is_named or image.value["link_type"] != "Inline":
            yield PageEdit(image.start, image.start + 1, "")
        else:
            yield PageEdit(image.start, image.end, image.value["dest_url"])


# inside of a line


def _links(page: MarkdownPage) -> Iterator[PageEdit]:
    for link in page.nodes["Link"]:
        text = " ".join(page.text_of(words) for kind in ("Text", "Code") for words in page.within(kind, link))
        if host := hidden_host(text, link.value["dest_url"]):
            yield PageEdit(link.end, link.end, f" ({host})")


def _unparsed(page: MarkdownPage, edits: list[PageEdit]) -> Iterator[PageEdit]:
    """Yield edits for syntax that the parser does not know, outside of all other edits."""
    position = 0
    for edit in [*sorted(edits), PageEdit(len(page.source), len(page.source), "")]:
        for match in UNPARSED.finditer(page.source, position, max(position, edit.start)):
            text = _replacement(page, match)
            if text is not None:
                yield PageEdit(match.start(), match.end(), text)
        position = max(position, edit.end)


def _replacement(page: MarkdownPage, match: re.Match[bytes]) -> str | None:
    """Return the replacement for a match; None to leave it alone."""
    kind, margin = str(match.lastgroup), page.margin(match.start())
    source = match[kind].decode()
    if kind == "line_break":
        is_last = page.source[match.end() : match.end() + 1] in {b"", b"\n", b"\r"}
        return "" if is_last else f"\n{margin}"
    if kind == "entity":
        return escape_markdown(html.unescape(source))
    if kind == "endless":  # to Discord, all that follows would be a quote
        return source.replace(">", "\\>", 1)
    return render_bracketed_formula(source, margin, inline=kind == "inline")
