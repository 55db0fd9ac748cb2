"""Markdown, finished or not, becomes text and entities that Telegram takes."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import telegramify_markdown
from telegram import MessageEntity
from telegramify_markdown import RenderConfig
from telegramify_markdown.entity import MessageEntity as Found

from adapters.platforms.telegram.guard import guard
from bot.pages import units

LONGEST = 4096  # UTF-16 units of a post
MOST = 100  # entities of a post
CAP = 32_768  # characters that are worth rendering
SCHEMES = {"http", "https", "mailto", "tg"}
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # a post of nothing but these is empty to Telegram
NOTHING = "…"

# What a post can lose first when it has too many: the last ones named here.
WORTH = ("pre", "text_link", "code", "blockquote", "expandable_blockquote", "spoiler", "bold", "italic")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A post as Telegram shows it."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def render(markdown: str) -> Rendered:
    """Render a page. What cannot be shown with its formatting is shown as it was written."""
    markdown = markdown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(markdown) > CAP:
        return plain(markdown)
    text, found = telegramify_markdown.convert(guard(markdown), config=_config())
    kept = text.rstrip()
    if _is_empty(kept) or units(kept) > LONGEST:
        return plain(markdown)
    return Rendered(kept, _entities(found, units(kept)))


def plain(markdown: str) -> Rendered:
    """The page as it was written."""
    return Rendered(NOTHING if _is_empty(markdown) else markdown)


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.unordered_list_item = "•"
    return config


def _is_empty(text: str) -> bool:
    return not text.strip().strip(INVISIBLE).strip()


def _entities(found: list[Found], length: int) -> tuple[MessageEntity, ...]:
    valid = [entity for entity in (_entity(each, length) for each in found) if entity]
    if len(valid) > MOST:
        valid = sorted(valid, key=_worth)[:MOST]
    return tuple(sorted(valid, key=lambda entity: (entity.offset, -entity.length)))


def _entity(found: Found, length: int) -> MessageEntity | None:
    start, end = max(found.offset, 0), min(found.offset + found.length, length)
    if start >= end or (found.type == "text_link" and not _leads_somewhere(found.url)):
        return None
    return MessageEntity(found.type, start, end - start, url=found.url, language=found.language)


def _leads_somewhere(url: str | None) -> bool:
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.netloc or parts.path)


def _worth(entity: MessageEntity) -> int:
    return WORTH.index(entity.type) if entity.type in WORTH else len(WORTH)
