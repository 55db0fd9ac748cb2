"""The common part of all adapters' settings. Each adapter declares its own in a `settings.py` beside it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]

SOURCES = SettingsConfigDict(
    env_file=".env",
    env_file_encoding="utf-8",
    env_ignore_empty=True,
    extra="ignore",
    frozen=True,
    hide_input_in_errors=True,
)
"""The sources of all settings: the environment, which takes precedence, and `.env`."""


class AdapterSettings(BaseSettings):
    """An adapter's part of the settings. A field is named as its variable, in small letters."""

    model_config = SOURCES

    title: ClassVar[str]  # the service's name as people write it
    switch: ClassVar[str] = ""  # the field that switches the adapter on; empty: it is always on
    quiet_loggers: ClassVar[tuple[str, ...]] = ()  # libraries that log URLs, with tokens in them, or people's messages
    exposed_loggers: ClassVar[tuple[str, ...]] = ()  # modules with log lines that anybody can cause

    @property
    def is_on(self) -> bool:
        """True if the operator has enabled the adapter."""
        return not self.switch or bool(getattr(self, self.switch))


class PlatformSettings(AdapterSettings):
    """A platform's part of the settings."""

    is_operator_console: ClassVar[bool] = False  # only the operator has access, by a password of its own

    @property
    def public_address(self) -> str | None:
        """The address at which the platform calls this bot's web server; None if it doesn't."""
        return None


class ProviderSettings(AdapterSettings):
    """A provider's part of the settings."""

    default_model: ClassVar[str] = ""  # BOT_MODEL as long as the operator sets none, if no provider above offers one
    retired_providers: ClassVar[Mapping[str, str]] = MappingProxyType({})  # by name: what to set instead of its models
    keyless_trial: ClassVar[Mapping[str, object]] = MappingProxyType({})  # settings by which it answers without a key
