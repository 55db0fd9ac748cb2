"""Markdown, finished or not, becomes the dialect that Discord shows."""

import html
import re
import unicodedata
from collections.abc import Iterator

from adapters.platforms.discord.escaping import escaped
from adapters.platforms.discord.formulas import formulas, in_brackets
from adapters.platforms.discord.markdown_page import MarkdownPage, PageEdit, parsed
from adapters.platforms.discord.tables import grid, listed, tables
from bot.replies.markdown import hidden_host
from bot.replies.pages import pages, units

LONGEST = 2000  # characters of a message; counted in UTF-16 units, of which there are never fewer
RULE = "─" * 12
NOTHING = "…"

SPECIAL = re.compile(  # only where this is found there may be something to do
    r"[$<@&]|\]\(|\]:|\|[ \t]*:?-|-:?[ \t]*\||\\[(\[]|!\[|\[[ xX]\]|#{4}|`{3}|~{3}|^ *>>>"
    r"|^[ \t>]*(?:={3,}|(?:[-*_][ \t]*){3,})[ \t\r]*$",
    re.MULTILINE,
)
LOOSE = re.compile(
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
    """Render a page of at most LONGEST UTF-16 units. What would become longer than that is shown as it was written."""
    text = markdown[: 2 * LONGEST].encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if units(text) > LONGEST:
        text = pages(text, LONGEST)[0]
    if SPECIAL.search(text):
        text = _rendered(text)
    return text if _is_visible(text) else NOTHING


def _rendered(markdown: str) -> str:
    page = parsed(markdown)
    code = list(_code(page))
    edits = [*code, *_rules(page), *_headings(page), *_tasks(page), *_images(page), *_links(page), *formulas(page)]
    edits += _loose(page, edits)
    for shape in (grid, listed):
        shown = page.written(edits + list(tables(page, edits, shape)))
        if units(shown) <= LONGEST:
            return shown
    attempts = (page.written(chosen) for chosen in (edits, code))
    return next((shown for shown in attempts if units(shown) <= LONGEST), markdown)


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)


# code


def _code(page: MarkdownPage) -> Iterator[PageEdit]:
    for span in page.nodes["Code"]:
        yield PageEdit(span.start, span.end, page.at(span), is_settled=True)
    for block in page.nodes["CodeBlock"]:
        text = page.at(block).removesuffix("\n")
        end = block.start + len(text.encode())
        if block.value == "Indented":  # to Discord this is text, which can ping
            yield PageEdit(block.start, end, text)
        else:
            yield PageEdit(block.start, end, _fenced(text, page.margin(block.start)), is_settled=True)


def _fenced(text: str, margin: str) -> str:
    """The block as it is; but closed, if there is code in it, and with the one fence that Discord knows."""
    found = FENCE.match(text)
    mark = found.group() if found else ""
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
        yield PageEdit(rule.start, rule.start + len(page.at(rule).rstrip()), RULE)


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
        elif underline := UNDERLINE.search(source):  # whoever wrote it may have meant a rule
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
        text = " ".join(page.at(words) for kind in ("Text", "Code") for words in page.within(kind, link))
        if host := hidden_host(text, link.value["dest_url"]):
            yield PageEdit(link.end, link.end, f" ({host})")


def _loose(page: MarkdownPage, taken: list[PageEdit]) -> Iterator[PageEdit]:
    """What the parser does not know: looked for in what no other edit has taken."""
    at = 0
    for edit in [*sorted(taken), PageEdit(len(page.source), len(page.source), "")]:
        for found in LOOSE.finditer(page.source, at, max(at, edit.start)):
            text = _said(page, found)
            if text is not None:
                yield PageEdit(found.start(), found.end(), text)
        at = max(at, edit.end)


def _said(page: MarkdownPage, found: re.Match[bytes]) -> str | None:
    """What Discord should show for it; None to leave it alone."""
    kind, margin = str(found.lastgroup), page.margin(found.start())
    source = found[kind].decode()
    if kind == "line_break":
        is_last = page.source[found.end() : found.end() + 1] in {b"", b"\n", b"\r"}
        return "" if is_last else f"\n{margin}"
    if kind == "entity":
        return escaped(html.unescape(source))
    if kind == "endless":  # to Discord, all that follows would be a quote
        return source.replace(">", "\\>", 1)
    return in_brackets(source, margin, inline=kind == "inline")
