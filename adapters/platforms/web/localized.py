"""Names of channels in routes, and the language of whoever asks; all routes of the page share both."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web.languages import language_of
from bot.words import speaking

CHANNEL = "{channel:[A-Za-z0-9_-]{1,64}}"
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


def localized(handler: Handler) -> Handler:
    """Wrap a handler so that its sentences are in the language of the browser."""

    async def handle(request: web.Request) -> web.StreamResponse:
        with speaking(language_of(request)):
            return await handler(request)

    return handle
