"""Buttons under a post: each one says a command, also to a bot that has been started again since."""

import re
from collections.abc import Sequence
from typing import Any, Protocol, Self, cast, runtime_checkable

import discord
import structlog

from bot.messages import Button

log = structlog.get_logger(__name__)

PREFIX = "say:"
LONGEST = 100  # characters of a custom id
LONGEST_LABEL = 80
ACROSS, DOWN = 5, 5


@runtime_checkable
class HearsPresses(Protocol):
    """A client that takes presses in."""

    async def pressed(self, interaction: discord.Interaction, command: str) -> None:
        """Somebody pressed the button that says this command."""


class Says(discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"{PREFIX}(?P<command>.+)"):
    """A button whose custom id holds its command, so that nothing of it needs to be remembered."""

    def __init__(self, label: str, command: str) -> None:
        super().__init__(discord.ui.Button(label=label[:LONGEST_LABEL], custom_id=PREFIX + command))
        self.command = command

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make it again from what Discord kept of it."""
        return cls(cast("discord.ui.Button[Any]", item).label or "", match["command"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """It was pressed."""
        if isinstance(interaction.client, HearsPresses):
            await interaction.client.pressed(interaction, self.command)


def keyboard(buttons: Sequence[Button]) -> discord.ui.View | None:
    """Lay the buttons out; left out is a command that is too long for Discord, or there already."""
    fitting: dict[str, Button] = {}
    for button in filter(_fits, buttons):
        fitting.setdefault(button.command, button)
    if not fitting:
        return None
    view = discord.ui.View(timeout=None)
    for button in list(fitting.values())[: ACROSS * DOWN]:
        view.add_item(Says(button.label, button.command))
    return view


def _fits(button: Button) -> bool:
    fits = len(PREFIX + button.command) <= LONGEST
    if not fits:
        log.warning("a button was left out: its command does not fit", characters=len(button.command))
    return fits
