"""How Telegram's clients show a text with entities."""

import html

from adapters.platforms.telegram.formatting import RenderedText

TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}


def to_html(shown: RenderedText) -> str:
    """What a client shows, as HTML. The entities must be nested, as Telegram demands."""
    source = shown.text.encode("utf-16-le")
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for entity in shown.entities:  # the longer ones first
        end = entity.offset + entity.length
        opens.setdefault(entity.offset, []).append(_opening(entity.type, entity.url or ""))
        closes.setdefault(end, []).insert(0, _closing(entity.type))
    parts, last = [], 0
    for place in sorted({*opens, *closes, len(source) // 2}):
        parts.append(html.escape(source[2 * last : 2 * place].decode("utf-16-le")))
        parts += [*closes.get(place, []), *opens.get(place, [])]
        last = place
    return "".join(parts)


def _opening(kind: str, url: str) -> str:
    if kind == "text_link":
        return f'<a href="{html.escape(url)}">'
    fold = ' class="folded"' if kind == "expandable_blockquote" else ""
    return f"<{TAGS[kind]}{fold}>" if kind in TAGS else f'<span class="{kind}">'


def _closing(kind: str) -> str:
    return "</a>" if kind == "text_link" else f"</{TAGS.get(kind, 'span')}>"
