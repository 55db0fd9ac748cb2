"""Providers of models. A new one is a package beside this file and a line here."""

from adapters import Plugin
from bot.adapter_settings import ProviderSettings


def _plugin(package: str, kind: str, factory: str) -> Plugin[ProviderSettings]:
    return Plugin(settings=f"{__name__}.{package}.settings:{kind}", factory=f"{__name__}.{package}.provider:{factory}")


PROVIDERS = {
    "onemin": _plugin("onemin", "OneMinSettings", "open_onemin"),
    "vapi": _plugin("openai", "VapiSettings", "open_vapi"),
    "aimlapi": _plugin("openai", "AimlapiSettings", "open_aimlapi"),
    "openai": _plugin("openai", "OpenAISettings", "open_openai"),
    "local": _plugin("local", "LocalSettings", "open_local"),
}
