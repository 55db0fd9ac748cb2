"""Renders Markdown, complete or not, as text and entities for Telegram."""

from dataclasses import dataclass

from telegram import MessageEntity

from adapters.platforms.telegram.entities import EntityWriter
from bot.replies.markdown import LONGEST as MAX_MARKDOWN
from bot.replies.markdown import read_markdown
from bot.replies.pages import units

MAX_LENGTH = 4096  # UTF-16 units of a post
MAX_ENTITIES = 100
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"  # a post of nothing but these is empty to Telegram
PLACEHOLDER = "…"

# By importance: a post with too many entities loses the last of these first.
IMPORTANCE = ("pre", "spoiler", "text_link", "code", "blockquote", "expandable_blockquote", "bold", "italic")


@dataclass(frozen=True, slots=True)
class RenderedText:
    """The text and the entities of a post."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def render(markdown: str) -> RenderedText:
    """Render a page. Text that can't be shown with its formatting is shown as it was written."""
    markdown = markdown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(markdown) > MAX_MARKDOWN:
        return render_plain(markdown)
    writer = EntityWriter()
    writer.write(read_markdown(markdown).children)
    text = writer.text.rstrip()
    if _is_empty(text) or units(text) > MAX_LENGTH:
        return render_plain(markdown)
    return RenderedText(text, _select_entities(writer.entities, units(text)))


def rendered_length(markdown: str) -> int:
    """Return how long a page becomes, in UTF-16 units."""
    writer = EntityWriter()
    writer.write(read_markdown(markdown).children)
    return units(writer.text)


def hide(rendered: RenderedText) -> RenderedText:
    """Return the text behind a spoiler, but for code, in which Telegram allows none."""
    shown = sorted(
        (each.offset, each.offset + each.length) for each in rendered.entities if each.type in ("pre", "code")
    )
    gaps, position = list[tuple[int, int]](), 0
    for start, end in [*shown, (units(rendered.text), 0)]:
        if start > position:
            gaps.append((position, start))
        position = max(position, end)
    spoilers = [MessageEntity(MessageEntity.SPOILER, start, end - start) for start, end in gaps]
    others = [each for each in rendered.entities if each.type != MessageEntity.SPOILER]
    return RenderedText(rendered.text, _select_entities([*spoilers, *others], units(rendered.text)))


def render_plain(markdown: str) -> RenderedText:
    """Render the page as it was written."""
    return RenderedText(PLACEHOLDER if _is_empty(markdown) else markdown)


def _is_empty(text: str) -> bool:
    return not text.strip().strip(INVISIBLE).strip()


def _select_entities(written: list[MessageEntity], length: int) -> tuple[MessageEntity, ...]:
    entities = [entity for entity in (_clip(each, length) for each in written) if entity.length > 0]
    if len(entities) > MAX_ENTITIES:
        entities = sorted(entities, key=_importance)[:MAX_ENTITIES]
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))


def _clip(entity: MessageEntity, length: int) -> MessageEntity:
    """Clip an entity to a text of this length."""
    end = min(entity.offset + entity.length, length)
    return MessageEntity(entity.type, entity.offset, end - entity.offset, url=entity.url, language=entity.language)


def _importance(entity: MessageEntity) -> int:
    return IMPORTANCE.index(entity.type) if entity.type in IMPORTANCE else len(IMPORTANCE)
