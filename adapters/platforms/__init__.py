"""The chat platforms. A new one is a module beside this file and a line here."""

from adapters import Plugin

PLATFORMS = {
    "discord": Plugin("adapters.platforms.discord:open_discord", needs="discord_token"),
    "telegram": Plugin("adapters.platforms.telegram:open_telegram", needs="telegram_token"),
    "web": Plugin("adapters.platforms.web:open_web"),
}
