"""Names of channels in routes, and the language of whoever asks; all routes of the page share both."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.platforms.web.page import choose_language
from bot.words import LANGUAGES, speaking

LANGUAGE_COOKIE = "language"
CHANNEL = "{channel:[A-Za-z0-9_-]{1,64}}"
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


def localized(handler: Handler) -> Handler:
    """Wrap a handler so that its sentences are in the language of the browser."""

    async def handle(request: web.Request) -> web.StreamResponse:
        with speaking(language_of(request)):
            return await handler(request)

    return handle


def language_of(request: web.Request) -> str:
    """Return the language that was chosen on the page, or else the one of ours that the browser prefers."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else choose_language(request.headers.get("Accept-Language", ""))
