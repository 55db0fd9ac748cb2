"""Everything outside: the platforms people talk on and the providers that answer."""

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from bot.adapter_context import AdapterContext
from bot.settings import Settings


@dataclass(frozen=True)
class Plugin:
    """Where an adapter lives, and the setting that switches it on.

    The adapter's module is imported only when it is on: discord.py and python-telegram-bot weigh 15 to 40 MB each.
    `path` names a function that makes the adapter from what the house offers.
    """

    path: str
    needs: str | None = None

    def ready(self, settings: Settings) -> bool:
        """Whether the operator has switched it on."""
        return self.needs is None or bool(getattr(settings, self.needs))

    def open(self, house: AdapterContext) -> Any:
        """Make the adapter, not entered yet."""
        return resolve_name(self.path)(house)
