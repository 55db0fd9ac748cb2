"""The content of a post."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from adapters.platforms.discord.buttons import keyboard
from adapters.platforms.discord.formatting import render
from bot.messages import Button, File


@dataclass(frozen=True, slots=True)
class PostContent:
    """The text, the buttons and the files of a post."""

    text: str
    buttons: Sequence[Button] = ()
    files: Sequence[File] = ()

    @property
    def content(self) -> str:
        """The text as Discord shows it; files need none."""
        return "" if self.files and not self.text.strip() else render(self.text)

    @property
    def view(self) -> discord.ui.View | None:
        """The buttons as Discord shows them."""
        return keyboard(self.buttons)
