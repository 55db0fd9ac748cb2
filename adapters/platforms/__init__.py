"""Chat platforms. A new one is a package beside this file and a line here."""

from adapters import Plugin
from bot.adapter_settings import PlatformSettings


def _plugin(package: str, kind: str, factory: str) -> Plugin[PlatformSettings]:
    return Plugin(settings=f"{__name__}.{package}.settings:{kind}", factory=f"{__name__}.{package}.adapter:{factory}")


PLATFORMS = {
    "discord": _plugin("discord", "DiscordSettings", "open_discord"),
    "telegram": _plugin("telegram", "TelegramSettings", "open_telegram"),
    "web": _plugin("web", "PageSettings", "open_web"),
}
