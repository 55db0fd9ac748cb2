"""Providers of models. A new one is a package beside this file and a line here."""

from collections.abc import Iterator, Mapping

from adapters import Plugin
from adapters.providers.openai.endpoints_by_name import EndpointPlugin, named_endpoints
from bot.adapter_settings import ProviderSettings


def _plugin(package: str, kind: str, factory: str) -> Plugin[ProviderSettings]:
    return Plugin(settings=f"{__name__}.{package}.settings:{kind}", factory=f"{__name__}.{package}.provider:{factory}")


SHIPPED: Mapping[str, Plugin[ProviderSettings]] = {
    "onemin": _plugin("onemin", "OneMinSettings", "open_onemin"),
    "vapi": _plugin("openai", "VapiSettings", "open_vapi"),
    "aimlapi": _plugin("openai", "AimlapiSettings", "open_aimlapi"),
    "openai": _plugin("openai", "OpenAISettings", "open_openai"),
    "local": _plugin("local", "LocalSettings", "open_local"),
}


class ProviderTable(Mapping[str, Plugin[ProviderSettings]]):
    """The shipped providers, and the endpoints that BOT_ENDPOINTS names right now."""

    def _plugins(self) -> Mapping[str, Plugin[ProviderSettings]]:
        named = {name: EndpointPlugin(settings="", factory="", name=name) for name in named_endpoints()}
        return {**named, **SHIPPED}

    def __getitem__(self, name: str) -> Plugin[ProviderSettings]:
        return self._plugins()[name]

    def __iter__(self) -> Iterator[str]:
        plugins = self._plugins()
        return iter([*SHIPPED, *(name for name in plugins if name not in SHIPPED)])

    def __len__(self) -> int:
        return len(self._plugins())


PROVIDERS = ProviderTable()
