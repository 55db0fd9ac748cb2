"""Buttons under a post: each one says a command, also to a bot that has been started again since."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol, Self, cast, runtime_checkable

import discord
import structlog

from bot.messages import Button

log = structlog.get_logger(__name__)

PREFIX, PICK = "say:", "pick:"
LONGEST = 100  # characters of a custom id
LONGEST_LABEL = 80
ACROSS, DOWN = 5, 5
MANY = 6  # buttons of one command, from which on they are a list
MOST_LISTED = 25


@runtime_checkable
class TakesPresses(Protocol):
    """A client that takes presses in."""

    async def pressed(self, interaction: discord.Interaction, command: str) -> None:
        """Somebody pressed the button that says this command."""


class CommandButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"{PREFIX}(?P<command>.+)"):
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
        if isinstance(interaction.client, TakesPresses):
            await interaction.client.pressed(interaction, self.command)


class CommandSelect(discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"{PICK}(?P<name>.+)"):
    """A list from which one command is picked; Discord gives back the one that was."""

    def __init__(self, name: str, options: Sequence[Button] = ()) -> None:
        select: discord.ui.Select[Any] = discord.ui.Select(custom_id=PICK + name)
        for button in options:
            select.add_option(label=button.label[:LONGEST_LABEL], value=button.command)
        super().__init__(select)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make it again from what Discord kept of it."""
        return cls(match["name"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Something was picked."""
        picked = cast("dict[str, Any]", interaction.data or {}).get("values") or ()
        if picked and isinstance(interaction.client, TakesPresses):
            await interaction.client.pressed(interaction, str(picked[0]))


def keyboard(buttons: Sequence[Button]) -> discord.ui.View | None:
    """Lay the buttons out; left out is a command that is too long for Discord, or there already.

    Many that say the same command with other words become a list to pick from.
    """
    fitting: dict[str, Button] = {}
    for button in filter(_fits, buttons):
        fitting.setdefault(button.command, button)
    if not fitting:
        return None
    view = discord.ui.View(timeout=None)
    name, listed = _list(list(fitting.values()))
    if listed:
        view.add_item(CommandSelect(name, listed))
    single = [button for button in fitting.values() if button not in listed]
    for button in single[: ACROSS * (DOWN - bool(listed))]:
        view.add_item(CommandButton(button.label, button.command))
    return view


def _list(buttons: Sequence[Button]) -> tuple[str, Sequence[Button]]:
    """The largest family of buttons that say the same command, if it is large; pages are turned by buttons."""
    families: dict[str, list[Button]] = defaultdict(list)
    for button in buttons:
        name, _, rest = button.command.partition(" ")
        if rest and "#" not in rest:
            families[name].append(button)
    name, largest = max(families.items(), key=lambda family: len(family[1]), default=("", []))
    return (name, largest[:MOST_LISTED]) if len(largest) >= MANY else ("", ())


def _fits(button: Button) -> bool:
    fits = len(PREFIX + button.command) <= LONGEST
    if not fits:
        log.warning("a button was left out: its command does not fit", characters=len(button.command))
    return fits
