"""The page's part of the settings: none of its own, as it is served by the bot's web server."""

from typing import ClassVar

from bot.adapter_settings import PlatformSettings


class PageSettings(PlatformSettings):
    """The page as the core knows it: always on, and the operator's console."""

    title: ClassVar[str] = "The page"
    is_operator_console: ClassVar[bool] = True
    exposed_loggers: ClassVar[tuple[str, ...]] = ("adapters.platforms.web",)
