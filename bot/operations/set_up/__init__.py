"""Set-up without a file: asks for tokens and keys on a page or in the terminal, tests each, and writes `.env`."""

from collections.abc import Collection
from pathlib import Path

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.app import operator_consoles
from bot.operations.check import known_variables
from bot.settings import Settings, is_loopback, read_variables

ENV_FILE = Path(str(Settings.model_config.get("env_file")))
# Variables that say where things are: whoever sets only them has chosen nothing yet. BOT_LOG is none of them, because
# the image sets it: nobody could open a page inside of a container.
PLACES = ("WEB_HOST", "WEB_PORT", "BOT_STORE", "BOT_DATA", "BOT_LOG_LEVEL", "_API_URL", "_PROXY")


def is_untouched(settings: Settings) -> bool:
    """Tell whether nobody has set anything up yet: no file, no token, no key, and no choice in the environment."""
    return not ENV_FILE.exists() and not _is_anything_on(settings) and not _choices(read_variables().environment)


def can_serve(settings: Settings) -> bool:
    """Tell whether only this machine could open the page."""
    return is_loopback(settings.web_host) and settings.web_token is None


def _is_anything_on(settings: Settings) -> bool:
    consoles = operator_consoles(PLATFORMS)
    platforms = any(plugin.is_on(settings) for name, plugin in PLATFORMS.items() if name not in consoles)
    return platforms or any(plugin.is_on(settings) for plugin in PROVIDERS.values())


def _choices(environment: Collection[str]) -> list[str]:
    known = known_variables(PLATFORMS, PROVIDERS)
    return [name for name in environment if name in known and not any(place in name for place in PLACES)]
