"""How Discord's clients read the text of a message, by the rules of its own parser, and what people then see.

After simple-markdown as Discord uses it: rules are tried in order at each place, and the longest of bold, italics and
underlined wins. It knows no tables, no HTML and no links but those to http(s).
"""

import html
import re
from collections.abc import Callable

CODE_BLOCK = re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```", re.IGNORECASE)
QUOTE = re.compile(r" *> [^\n]*(?:\n *> [^\n]*)*\n?| *>>> [\s\S]*")
HEADING = re.compile(r"(#{1,3}) +([^\n]+?) *#*(?:\n|$)")
SMALL = re.compile(r"-# +([^\n]+)(?:\n|$)")
ITEM = re.compile(r"( *)([-*]|\d+\.) +([^\n]*)(?:\n|$)")
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
AUTOLINK = re.compile(r"<(https?://[^ >]+)>")
ADDRESS = re.compile(r"https?://[^\s<]+[^<.,:;\"'\]\s]")
LINK = re.compile(r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\()]|\\.)*)>?\s*\)")
SPANS = {
    "em": re.compile(
        r"_((?:__|\\[\s\S]|[^\\_])+?)_(?![0-9A-Za-z])"
        r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
    ),
    "strong": re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)"),
    "u": re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)"),
}
STRIKE = re.compile(r"~~([\s\S]+?)~~(?!_)")
SPOILER = re.compile(r"\|\|([\s\S]+?)\|\|")
CODE = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")


def to_html(text: str) -> str:
    """What a client shows, as HTML."""
    return _blocks(text)


def visible(text: str) -> str:
    """The words that people see."""
    bare = re.sub(r"<br>|</?(?:p|pre|h\d|li|ul|blockquote|small|div)[^>]*>", "\n", _blocks(text))
    return html.unescape(re.sub(r"<[^>]+>", "", bare))


def _blocks(text: str) -> str:
    return _read(text, is_quoted=False)


def _read(text: str, *, is_quoted: bool) -> str:
    shown, position = [], 0
    while position < len(text):
        at_start = position == 0 or text[position - 1] == "\n"
        piece, position = _next(text, position, at_start=at_start, is_quoted=is_quoted)
        shown.append(piece)
    return "".join(shown)


def _next(text: str, position: int, *, at_start: bool, is_quoted: bool) -> tuple[str, int]:
    if match := CODE_BLOCK.match(text, position):
        indent = re.search(r"\n( *)```$", match.group())  # of a list item around it
        code = re.sub(f"^{indent[1]}", "", match[2], flags=re.MULTILINE) if indent else match[2]
        return f"<pre>{html.escape(code)}</pre>", match.end() + text.startswith("\n", match.end())
    if at_start and (found := _block(text, position, is_quoted=is_quoted)):
        return found
    return _inline(text, position)


def _block(text: str, position: int, *, is_quoted: bool) -> tuple[str, int] | None:
    if not is_quoted and (match := QUOTE.match(text, position)):
        inner = re.sub(r"^ *>(?:>>)? ?", "", match.group().rstrip("\n"), flags=re.MULTILINE)
        return f"<blockquote>{_read(inner, is_quoted=True)}</blockquote>", match.end()
    if match := HEADING.match(text, position):
        return f"<h{len(match[1])}>{_line(match[2])}</h{len(match[1])}>", match.end()
    if match := SMALL.match(text, position):
        return f"<small>{_line(match[1])}</small>", match.end()
    if match := ITEM.match(text, position):
        mark = "•" if match[2] in "-*" else match[2]
        indent = "&emsp;" * (len(match[1]) // 2)
        if match[3].startswith("```"):
            return f"<div>{indent}{mark} </div>", match.start(3)
        return f"<div>{indent}{mark} {_line(match[3])}</div>", match.end()
    return None


def _line(text: str) -> str:
    shown, position = [], 0
    while position < len(text):
        piece, position = _inline(text, position)
        shown.append(piece)
    return "".join(shown)


def _inline(text: str, position: int) -> tuple[str, int]:
    readers: list[Callable[[str, int], tuple[str, int] | None]] = [_literal, _link, _span, _simple]
    for reader in readers:
        if found := reader(text, position):
            return found
    return ("<br>" if text[position] == "\n" else html.escape(text[position])), position + 1


def _literal(text: str, position: int) -> tuple[str, int] | None:
    if match := ESCAPE.match(text, position):
        return html.escape(match[1]), match.end()
    if match := AUTOLINK.match(text, position):
        return _anchor(match[1], html.escape(match[1])), match.end()
    if match := ADDRESS.match(text, position):
        address = match.group()
        while address.endswith(")") and address.count("(") < address.count(")"):
            address = address[:-1]
        return _anchor(address, html.escape(address)), position + len(address)
    return None


def _link(text: str, position: int) -> tuple[str, int] | None:
    match = text[position] == "[" and LINK.match(text, position)
    if not match or not match[2].startswith(("http://", "https://")):
        return None
    return _anchor(match[2], _line(match[1])), match.end()


def _span(text: str, position: int) -> tuple[str, int] | None:
    matches = [(name, match) for name, rule in SPANS.items() if (match := rule.match(text, position))]
    if not matches:
        return None
    name, match = max(matches, key=lambda each: (len(each[1].group()), each[0] != "em"))
    inner = next(filter(None, match.groups()))
    return f"<{name}>{_read(inner, is_quoted=True)}</{name}>", match.end()


def _simple(text: str, position: int) -> tuple[str, int] | None:
    if match := STRIKE.match(text, position):
        return f"<s>{_line(match[1])}</s>", match.end()
    if match := SPOILER.match(text, position):
        return f'<span class="spoiler">{_line(match[1])}</span>', match.end()
    if match := CODE.match(text, position):
        return f"<code>{html.escape(match[2].strip())}</code>", match.end()
    return None


def _anchor(address: str, words: str) -> str:
    return f'<a href="{html.escape(address)}">{words}</a>'
