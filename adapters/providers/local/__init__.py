"""Local eyes: measure photos on this machine, without a key and without a network. No AI model."""

from adapters.providers.local.provider import LocalEyes
from bot.adapter_context import AdapterContext

__all__ = ["LocalEyes", "open_local"]


def open_local(house: AdapterContext) -> LocalEyes:
    """Make the provider; it needs nothing of the house."""
    return LocalEyes()
