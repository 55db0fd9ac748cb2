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

MOST = 100  # entities [api: sendMessage]
LONGEST = 4096  # UTF-16 units [api: sendMessage]


def faults(shown: RenderedText) -> list[str]:
    """Return breaches of Telegram's rules for entities [api: MessageEntity, "Note that:" below nested entities]."""
    length = len(shown.text.encode("utf-16-le")) // 2
    found = ["too many"] * (len(shown.entities) > MOST) + ["too long"] * (length > LONGEST)
    around: list[tuple[int, str]] = []  # the ends of those that stand around, and their kinds
    for entity in shown.entities:  # the longer ones first
        end = entity.offset + entity.length
        if entity.offset < 0 or entity.length < 1 or end > length:
            found.append(f"{entity.type} is outside of the text")
        around = [each for each in around if each[0] > entity.offset]
        if any(other < end for other, _ in around):
            found.append(f"{entity.type} overlaps {around}")
        kinds = {"quote" if "quote" in kind else kind for _, kind in around}
        kind = "quote" if "quote" in entity.type else str(entity.type)
        is_alone = kind in {"code", "pre", "text_link"}
        if kind in kinds or kinds & {"code", "pre"} or (is_alone and "text_link" in kinds):
            found.append(f"{kind} in {kinds}")
        if kind in {"code", "pre"} and kinds - {"quote"}:
            found.append(f"{kind} in {kinds}")
        around.append((end, str(entity.type)))
    return found


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
