"""Several pictures of a post as a gallery among its words (Components V2), each with its description.

https://discord.com/developers/docs/components/reference#media-gallery

A message that is made of components stays so: its words are a component as well, and an edit names all of them anew.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import discord
import structlog

from adapters.platforms.budgets import DiscordBudgets
from adapters.platforms.discord.buttons import keyboard_rows
from adapters.platforms.discord.errors import FilesNotTaken
from bot.errors import FailureCode, Refused
from bot.messages import Button, Channel, File

log = structlog.get_logger(__name__)

FEWEST = 2  # pictures: one alone is shown as large without a gallery
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif")
REMEMBERED_SECONDS = 6 * 3600.0  # for which a channel gets ordinary posts after a refusal
MAX_CHANNELS = 1_000


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """A picture of a gallery: the name of its attachment, and what is said about it."""

    name: str
    description: str | None = None
    is_spoiler: bool = False


class Galleries:
    """Tells where galleries may be posted: they are switched on, and the channel refused none lately."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on
        self._refused_until: dict[Channel, float] = {}  # monotonic

    def suit(self, channel: Channel, files: Sequence[File]) -> bool:
        """Tell whether these files are to be shown as a gallery."""
        are_pictures = all(file.mime in SHOWN for file in files)
        is_refused = time.monotonic() < self._refused_until.get(channel, 0.0)
        return self._is_on and FEWEST <= len(files) <= DiscordBudgets.MESSAGE_FILES and are_pictures and not is_refused

    def note_refusal(self, channel: Channel, refusal: Refused) -> None:
        """Remember a channel whose gallery was refused. Raises a refusal that any form would meet."""
        if refusal.code is not FailureCode.DISCORD_REFUSED or isinstance(refusal, FilesNotTaken):
            raise refusal
        log.warning("a gallery was refused, so ordinary posts come for a while", channel=str(channel))
        if len(self._refused_until) >= MAX_CHANNELS:
            self._refused_until.clear()
        self._refused_until[channel] = time.monotonic() + REMEMBERED_SECONDS


def gallery_layout(text: str, items: Sequence[GalleryItem], buttons: Sequence[Button]) -> discord.ui.LayoutView:
    """Return the words, the pictures and the buttons of a post as components."""
    layout = discord.ui.LayoutView(timeout=None)
    if text.strip():
        layout.add_item(discord.ui.TextDisplay(text))
    if items:
        layout.add_item(discord.ui.MediaGallery(*map(_media, items)))
    for row in keyboard_rows(buttons):
        layout.add_item(discord.ui.ActionRow(*row))
    return layout


def items_of(files: Sequence[File]) -> list[GalleryItem]:
    """Return the items for files that are posted, under names that Discord leaves as they are."""
    return [
        GalleryItem(f"photo{n}.{file.mime.partition('/')[2]}", _description(file), file.is_spoiler)
        for n, file in enumerate(files, 1)
    ]


def uploads_of(files: Sequence[File]) -> list[discord.File]:
    """Return the files of a gallery as discord.py needs them, for a single call."""
    return [
        discord.File(BytesIO(file.data), item.name, description=item.description)
        for file, item in zip(files, items_of(files), strict=True)
    ]


def items_in(message: Mapping[str, Any]) -> Iterator[GalleryItem]:
    """Yield the items of a gallery that is posted already; its pictures stay with the message."""
    names = {str(file["id"]): file["filename"] for file in message.get("attachments") or ()}
    for component in message.get("components") or ():
        for item in component.get("items") or ():
            media = item["media"]
            name = names.get(str(media.get("attachment_id"))) or media["url"].partition("?")[0].rpartition("/")[2]
            yield GalleryItem(name, item.get("description"), bool(item.get("spoiler")))


def _media(item: GalleryItem) -> discord.MediaGalleryItem:
    return discord.MediaGalleryItem(f"attachment://{item.name}", description=item.description, spoiler=item.is_spoiler)


def _description(file: File) -> str | None:
    return file.about[: DiscordBudgets.FILE_DESCRIPTION] or None
