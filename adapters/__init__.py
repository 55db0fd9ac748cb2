"""Adapters to the outside: chat platforms and providers of models."""

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

from bot.adapter_context import AdapterContext
from bot.adapter_settings import AdapterSettings
from bot.settings import Settings

Part = TypeVar("Part", bound=AdapterSettings, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Plugin(Generic[Part]):
    """The place of an adapter and of its settings.

    Its module of settings is always read, so it may import no library; that of `factory` only when the adapter is on:
    discord.py and python-telegram-bot weigh 15 to 40 MB each.
    """

    settings: str  # module:class
    factory: str  # module:function that builds the adapter from its context

    @property
    def settings_class(self) -> type[Part]:
        """The class of its part of the settings."""
        kind: type[Part] = resolve_name(self.settings)
        return kind

    def is_on(self, settings: Settings) -> bool:
        """Return whether the operator has switched it on."""
        return settings.of(self.settings_class).is_on

    def build(self, context: AdapterContext) -> Any:
        """Build the adapter, not entered yet."""
        return resolve_name(self.factory)(context)
