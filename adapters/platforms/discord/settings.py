"""Discord's part of the settings."""

from typing import Annotated, ClassVar

from pydantic import Field

from bot.adapter_settings import Key, PlatformSettings, Proxy, Url, looks_like


class DiscordSettings(PlatformSettings):
    """The access to Discord."""

    title: ClassVar[str] = "Discord"
    switch: ClassVar[str] = "discord_token"
    key_source: ClassVar[str] = "discord.com/developers/applications, your application, Bot, Reset Token"
    quiet_loggers: ClassVar[tuple[str, ...]] = ("discord",)

    discord_token: Key | None = Field(default=None, description="The token of your Discord bot; switches Discord on.")
    discord_api_url: Url = Field(default="https://discord.com/api/v10", description="Where Discord's API is.")
    discord_proxy: Proxy | None = Field(
        default=None,
        description="The way to Discord: socks5://host:port or http://host:port; without it HTTPS_PROXY or ALL_PROXY.",
    )
    discord_galleries: bool = Field(
        default=True,
        description="false: several pictures come as ordinary attachments instead of a gallery with descriptions.",
    )
    discord_shards: (
        Annotated[str, looks_like(r"\d+(-\d+)?/\d+", "it should be FIRST-LAST/COUNT or NUMBER/COUNT, as in 0-3/8")]
        | None
    ) = Field(
        default=None, description="The shards of this process, as FIRST-LAST/COUNT; without it, it takes them all."
    )
