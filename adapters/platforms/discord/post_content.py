"""The content of a post."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from adapters.platforms.discord.buttons import keyboard
from adapters.platforms.discord.formatting import render
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

    @property
    def content(self) -> str:
        """The text as Discord shows it; files need none."""
        if self.files and not self.text.strip():
            return ""
        shown = _hide(render(self.text)) if self.is_spoiler else render(self.text)
        return f"{SUBTEXT}{shown}" if self.is_quiet else shown

    @property
    def view(self) -> discord.ui.View | None:
        """The buttons as Discord shows them."""
        return keyboard(self.buttons)


def _hide(rendered: str) -> str:
    """Return the text behind a spoiler, which nothing in it may end."""
    return f"{BARS}{rendered.replace(BARS, OTHER_BARS).strip('|')}{BARS}"
