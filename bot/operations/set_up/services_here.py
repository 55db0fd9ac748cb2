"""Services with models on this machine, which need no key: Ollama and LM Studio, at their usual addresses."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from adapters.providers.openai.endpoints_by_name import EndpointPlugin
from bot.configuration import Providers, read_usable_settings
from bot.errors import BotError
from bot.operations.set_up.service_trials import open_context

NAMES = ("ollama", "lmstudio")
PATIENCE = 3.0  # seconds for both together: what is on this machine answers at once


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHere:
    """A service that was found, with its best guess of a model that sees photos."""

    name: str
    title: str
    model: str  # as service/model

    @property
    def providers(self) -> Providers:
        """The table of all providers, this one included."""
        return {self.name: _plugin(self.name), **PROVIDERS}


async def find_service_here() -> ServiceHere | None:
    """Return the first service on this machine that has a model which sees; None if there is none."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            services = await asyncio.gather(*map(_find, NAMES))
            return next(filter(None, services), None)
    return None


async def _find(name: str) -> ServiceHere | None:
    plugin = _plugin(name)
    settings, _ = read_usable_settings(PLATFORMS, {name: plugin, **PROVIDERS})
    if not await _listens(getattr(settings.of(plugin.settings_class), f"{name}_api_url")):
        return None
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(plugin.build(await open_context(stack, settings)))
        try:
            seeing = [model.id for model in await provider.models() if model.sees and model.is_listed]
        except BotError:  # nothing answers there, or something else than its API
            return None
    return ServiceHere(name=name, title=plugin.settings_class.title, model=f"{name}/{seeing[0]}") if seeing else None


async def _listens(url: str) -> bool:
    """Tell whether anything listens there: that nothing does is no news, and worth no line in the log."""
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except OSError:
        return False
    writer.close()
    return True


def _plugin(name: str) -> EndpointPlugin:
    return EndpointPlugin(settings="", factory="", name=name)
