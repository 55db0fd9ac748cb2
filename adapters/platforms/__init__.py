"""The chat platforms. A new one is a module beside this file and a line here."""

from adapters import Plug

PLATFORMS = {
    "discord": Plug("adapters.platforms.discord:open_discord", needs="discord_token"),
    "telegram": Plug("adapters.platforms.telegram:open_telegram", needs="telegram_token"),
    "web": Plug("adapters.platforms.web:open_web"),
}
