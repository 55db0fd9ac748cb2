"""Discord: photos in servers, threads and private chats, slash commands and menus, and nothing missed while away."""

from collections.abc import Sequence
from pathlib import Path

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.rest_pacing import MOST_CALLS
from adapters.platforms.discord.shards import Shards
from adapters.platforms.discord.slash_commands import payload, shown_as
from bot.adapter_context import AdapterContext
from bot.commands import COMMANDS, CommandContext, Suggestion

__all__ = ["Discord", "open_discord"]


def open_discord(house: AdapterContext) -> Discord:
    """Make the adapter with the operator's settings."""
    settings = house.settings
    desk = CommandContext(house.store, house.providers)

    async def suggest(command: str, option: str, typed: str) -> Sequence[Suggestion]:
        options = COMMANDS[command].options if command in COMMANDS else ()
        found = next((each.suggest for each in options if shown_as(each) == option), None)
        return await found(desk, typed) if found else ()

    return Discord(
        settings.discord_token.get_secret_value() if settings.discord_token else "",
        settings.discord_api_url,
        house.store,
        Path(settings.bot_data) / "discord",
        commands=payload(),
        suggest=suggest,
        shards=Shards.parse(settings.discord_shards) if settings.discord_shards else None,
        most_bytes=max(settings.bot_photo_mb, settings.bot_document_mb) * 1024 * 1024,
        most_calls=MOST_CALLS,
    )
