"""What the settings of every adapter have in common. Each adapter declares its own in a `settings.py` beside it."""

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
"""Where all settings are read from: the environment, which wins, and `.env`."""


class AdapterSettings(BaseSettings):
    """An adapter's part of the settings. A field is named as its variable, in small letters."""

    model_config = SOURCES

    title: ClassVar[str]  # the service's name as people write it
    switch: ClassVar[str] = ""  # the field that switches the adapter on; empty: it is always on
    quiet_loggers: ClassVar[tuple[str, ...]] = ()  # libraries that log URLs, tokens in them, or what people say
    exposed_loggers: ClassVar[tuple[str, ...]] = ()  # modules whose lines somebody without any right can bring about

    @property
    def is_on(self) -> bool:
        """Whether the operator has switched the adapter on."""
        return not self.switch or bool(getattr(self, self.switch))


class PlatformSettings(AdapterSettings):
    """A platform's part of the settings."""

    is_operator_console: ClassVar[bool] = False  # whoever gets in there is the operator, by a password of its own

    @property
    def public_address(self) -> str | None:
        """The address at which the platform calls this bot's web server; None if it doesn't."""
        return None


class ProviderSettings(AdapterSettings):
    """A provider's part of the settings."""

    default_model: ClassVar[str] = ""  # BOT_MODEL as long as the operator sets none, if no provider above offers one
    retired_providers: ClassVar[Mapping[str, str]] = MappingProxyType({})  # by name: what to set instead of its models
    keyless_trial: ClassVar[Mapping[str, object]] = MappingProxyType({})  # settings by which it answers without a key
