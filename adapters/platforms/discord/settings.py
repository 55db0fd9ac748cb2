"""Discord's part of the settings."""

from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from bot.adapter_settings import PlatformSettings, Url


class DiscordSettings(PlatformSettings):
    """The access to Discord."""

    title: ClassVar[str] = "Discord"
    switch: ClassVar[str] = "discord_token"
    quiet_loggers: ClassVar[tuple[str, ...]] = ("discord",)

    discord_token: SecretStr | None = Field(
        default=None, description="The token of your Discord bot; switches Discord on."
    )
    discord_api_url: Url = Field(default="https://discord.com/api/v10", description="Where Discord's API is.")
    discord_shards: Annotated[str, Field(pattern=r"^\d+(-\d+)?/\d+$")] | None = Field(
        default=None, description="The shards of this process, as FIRST-LAST/COUNT; without it, it takes them all."
    )
