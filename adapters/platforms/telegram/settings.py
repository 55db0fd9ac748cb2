"""Telegram's part of the settings."""

from typing import ClassVar

from pydantic import Field, SecretStr

from bot.adapter_settings import Key, PlatformSettings, Proxy, Url


class TelegramSettings(PlatformSettings):
    """The access to Telegram, and Telegram's access to the bot."""

    title: ClassVar[str] = "Telegram"
    switch: ClassVar[str] = "telegram_token"
    key_source: ClassVar[str] = "@BotFather in Telegram, with /newbot"
    quiet_loggers: ClassVar[tuple[str, ...]] = ("telegram",)
    exposed_loggers: ClassVar[tuple[str, ...]] = ("adapters.platforms.telegram.webhook",)

    telegram_token: Key | None = Field(default=None, description="The token from BotFather; switches Telegram on.")
    telegram_api_url: Url = Field(default="https://api.telegram.org", description="Where Telegram's Bot API is.")
    telegram_local: bool = Field(
        default=False,
        description="true: TELEGRAM_API_URL is a server of your own with --local, which takes files up to 2 GB.",
    )
    telegram_proxy: Proxy | None = Field(
        default=None,
        description="The way to Telegram: socks5://host:port or http://host:port; without it HTTPS_PROXY or ALL_PROXY.",
    )
    telegram_webhook_url: Url | None = Field(
        default=None, description="The public address Telegram sends updates to; without it the bot polls."
    )
    telegram_webhook_secret: SecretStr | None = Field(
        default=None, description="What Telegram must say with every update, 1 to 256 of A-Z a-z 0-9 _ -."
    )
    telegram_drafts: bool = Field(
        default=False, description="true: answers in private chats grow as Telegram's drafts instead of by edits."
    )
    telegram_guests: bool = Field(
        default=True,
        description="false: does not answer in chats where the bot is no member (guest mode, if BotFather has it on).",
    )

    @property
    def public_address(self) -> str | None:
        """The address of the webhook."""
        return self.telegram_webhook_url
