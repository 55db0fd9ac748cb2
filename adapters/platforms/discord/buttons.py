"""Buttons under a post, each of which sends a command, even after a restart of the bot."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any, Protocol, Self, cast, runtime_checkable

import discord
import structlog

from bot.messages import Button

log = structlog.get_logger(__name__)

PREFIX, PICK = "say:", "pick:"
MAX_ID = 100  # characters of a custom id
MAX_LABEL = 80
COLUMNS, ROWS = 5, 5
MIN_LIST = 6  # buttons of one command, from which on they become a list
MAX_LIST = 25


@runtime_checkable
class TakesPresses(Protocol):
    """A client that handles presses."""

    async def handle_press(self, interaction: discord.Interaction, command: str) -> None:
        """Handle a press of the button with this command."""


class CommandButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"{PREFIX}(?P<command>.+)"):
    """A button whose custom id holds its command, so that the bot need not remember it."""

    def __init__(self, label: str, command: str) -> None:
        super().__init__(discord.ui.Button(label=label[:MAX_LABEL], custom_id=PREFIX + command))
        self.command = command

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the item again from its custom id."""
        return cls(cast("discord.ui.Button[Any]", item).label or "", match["command"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle a press."""
        if isinstance(interaction.client, TakesPresses):
            await interaction.client.handle_press(interaction, self.command)


class CommandSelect(discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"{PICK}(?P<name>.+)"):
    """A list from which one command is picked."""

    def __init__(self, name: str, options: Sequence[Button] = ()) -> None:
        select: discord.ui.Select[Any] = discord.ui.Select(custom_id=PICK + name)
        for button in options:
            select.add_option(label=button.label[:MAX_LABEL], value=button.command)
        super().__init__(select)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the item again from its custom id."""
        return cls(match["name"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Handle a pick."""
        picked = cast("dict[str, Any]", interaction.data or {}).get("values") or ()
        if picked and isinstance(interaction.client, TakesPresses):
            await interaction.client.handle_press(interaction, str(picked[0]))


def keyboard(buttons: Sequence[Button]) -> discord.ui.View | None:
    """Lay the buttons out in rows."""
    rows = keyboard_rows(buttons)
    if not rows:
        return None
    view = discord.ui.View(timeout=None)
    for item in chain.from_iterable(rows):
        view.add_item(item)
    return view


def keyboard_rows(buttons: Sequence[Button]) -> list[list[discord.ui.Item[Any]]]:
    """Return the rows of buttons, without commands that are too long for Discord or doubled.

    Many buttons of one command with different arguments become a list to pick from.
    """
    by_command: dict[str, Button] = {}
    for button in filter(_fits, buttons):
        by_command.setdefault(button.command, button)
    if not by_command:
        return []
    name, list_buttons = _largest_family(list(by_command.values()))
    rows: list[list[discord.ui.Item[Any]]] = [[CommandSelect(name, list_buttons)]] if list_buttons else []
    single_buttons = [button for button in by_command.values() if button not in list_buttons]
    single_buttons = single_buttons[: COLUMNS * (ROWS - bool(list_buttons))]
    items: list[discord.ui.Item[Any]] = [CommandButton(button.label, button.command) for button in single_buttons]
    return [*rows, *(items[n : n + COLUMNS] for n in range(0, len(items), COLUMNS))]


def _largest_family(buttons: Sequence[Button]) -> tuple[str, Sequence[Button]]:
    """Return the largest family of buttons of one command, if it is large; those that turn pages don't count."""
    families: dict[str, list[Button]] = defaultdict(list)
    for button in buttons:
        name, _, rest = button.command.partition(" ")
        if rest and "#" not in rest:
            families[name].append(button)
    name, largest = max(families.items(), key=lambda family: len(family[1]), default=("", []))
    return (name, largest[:MAX_LIST]) if len(largest) >= MIN_LIST else ("", ())


def _fits(button: Button) -> bool:
    fits = len(PREFIX + button.command) <= MAX_ID
    if not fits:
        log.warning("a button was left out: its command does not fit", characters=len(button.command))
    return fits
