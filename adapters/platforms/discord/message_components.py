"""The pictures and words of messages that are made of components, as other bots' cards are (Components V2).

Layouts nest, and Discord asks not to assume in what: so every component is walked by the names under which any of them
keeps others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord.components import UnfurledMediaItem

NESTING = ("children", "items", "accessory", "component")  # the attributes with components inside a component


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMedia:
    """A picture or file that a component shows."""

    media: UnfurledMediaItem
    description: str
    spoiler: bool
    name: str = ""  # of a file
    size: int = 0  # bytes


def components_of(part: discord.Message | discord.MessageSnapshot) -> Sequence[Any]:
    """Return the components of a message; discord.py has no attribute for them where Discord leaves them out."""
    return getattr(part, "components", ())


def list_media(components: Iterable[Any]) -> Iterator[CardMedia]:
    """Yield all pictures and files of a message's components, in their order."""
    for component, is_hidden in _walk(components, hidden=False):
        media = getattr(component, "media", None)
        if isinstance(media, UnfurledMediaItem):
            yield CardMedia(
                media=media,
                description=getattr(component, "description", None) or "",
                spoiler=is_hidden,
                name=getattr(component, "name", None) or "",
                size=getattr(component, "size", None) or 0,
            )


def list_texts(components: Iterable[Any]) -> Iterator[str]:
    """Yield all texts of a message's components, in their order."""
    for component, _ in _walk(components, hidden=False):
        if isinstance(component, discord.TextDisplay):
            yield component.content


def _walk(components: Iterable[Any], *, hidden: bool) -> Iterator[tuple[Any, bool]]:
    """Yield every component, and whether it is behind a spoiler, its own or that of one around it."""
    for component in components:
        is_hidden = hidden or bool(getattr(component, "spoiler", False))
        yield component, is_hidden
        for name in NESTING:
            inner = getattr(component, name, None)
            if inner is not None:
                yield from _walk(inner if isinstance(inner, list) else [inner], hidden=is_hidden)
