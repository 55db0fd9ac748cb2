"""The content of a post."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from adapters.platforms.discord.buttons import keyboard
from adapters.platforms.discord.formatting import render
from adapters.platforms.discord.galleries import GalleryItem, gallery_layout, items_of, uploads_of
from adapters.platforms.discord.outgoing_attachments import to_discord_files
from bot.messages import Button, File

SUBTEXT = "-# "  # before a line in small letters
BARS, OTHER_BARS = "||", "❘❘"  # two bars hide what is between them, and end it within code too


@dataclass(frozen=True, slots=True)
class PostContent:
    """The text, the buttons and the files of a post."""

    text: str
    buttons: Sequence[Button] = ()
    files: Sequence[File] = ()
    is_spoiler: bool = False
    is_quiet: bool = False
    is_gallery: bool = False  # a message made of components
    posted: Sequence[GalleryItem] = ()  # pictures that it has already

    @property
    def content(self) -> str:
        """The text as Discord shows it; files need none, and in a gallery it is a component."""
        return "" if self.is_gallery else self._shown_text

    @property
    def _shown_text(self) -> str:
        if self.files and not self.text.strip():
            return ""
        shown = _hide(render(self.text)) if self.is_spoiler else render(self.text)
        return f"{SUBTEXT}{shown}" if self.is_quiet else shown

    @property
    def view(self) -> discord.ui.View | discord.ui.LayoutView | None:
        """The buttons as Discord shows them, in a gallery with all else."""
        if self.is_gallery:
            return gallery_layout(self._shown_text, self.posted or items_of(self.files), self.buttons)
        return keyboard(self.buttons)

    @property
    def uploads(self) -> list[discord.File]:
        """The files as discord.py needs them, for a single call."""
        return uploads_of(self.files) if self.is_gallery else to_discord_files(self.files)


def _hide(rendered: str) -> str:
    """Return the text behind a spoiler, which nothing in it may end."""
    return f"{BARS}{rendered.replace(BARS, OTHER_BARS).strip('|')}{BARS}"
