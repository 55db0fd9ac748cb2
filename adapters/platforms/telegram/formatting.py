"""Markdown, finished or not, becomes text and entities that Telegram takes."""

from dataclasses import dataclass

from telegram import MessageEntity

from adapters.platforms.telegram.entities import EntityWriter
from bot.replies.markdown import LONGEST as CAP
from bot.replies.markdown import parse
from bot.replies.pages import units

LONGEST = 4096  # UTF-16 units of a post
MOST = 100  # entities of a post
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # a post of nothing but these is empty to Telegram
NOTHING = "…"

# What a post can lose first when it has too many: the last ones named here.
WORTH = ("pre", "text_link", "code", "blockquote", "expandable_blockquote", "spoiler", "bold", "italic")


@dataclass(frozen=True, slots=True)
class RenderedText:
    """A post as Telegram shows it."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def render(markdown: str) -> RenderedText:
    """Render a page. What cannot be shown with its formatting is shown as it was written."""
    markdown = markdown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(markdown) > CAP:
        return plain(markdown)
    writer = EntityWriter(markdown)
    writer.write(parse(markdown))
    text = writer.text.rstrip()
    if _is_empty(text) or units(text) > LONGEST:
        return plain(markdown)
    return RenderedText(text, _entities(writer.entities, units(text)))


def plain(markdown: str) -> RenderedText:
    """The page as it was written."""
    return RenderedText(NOTHING if _is_empty(markdown) else markdown)


def _is_empty(text: str) -> bool:
    return not text.strip().strip(INVISIBLE).strip()


def _entities(found: list[MessageEntity], length: int) -> tuple[MessageEntity, ...]:
    entities = [entity for entity in (_within(each, length) for each in found) if entity.length > 0]
    if len(entities) > MOST:
        entities = sorted(entities, key=_worth)[:MOST]
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


def _within(entity: MessageEntity, length: int) -> MessageEntity:
    """The part of an entity that lies within a text of this length."""
    end = min(entity.offset + entity.length, length)
    return MessageEntity(entity.type, entity.offset, end - entity.offset, url=entity.url, language=entity.language)


def _worth(entity: MessageEntity) -> int:
    return WORTH.index(entity.type) if entity.type in WORTH else len(WORTH)
