"""Telegram comes to us: an update gets its 2xx only when it has been taken in."""

import hashlib
import hmac
import time
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from adapters.platforms.telegram.polling import Raw, Take
from bot.web.bodies import parse_json
from bot.web.server import WebServer

log = structlog.get_logger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram"  # where the operator's address names none


class Webhook:
    """A route on the web server. Until `take` is set, Telegram is asked to come again."""

    def __init__(self, server: WebServer, url: str, secret: str) -> None:
        """Add the route that `url`, the public address, leads to; the server must not have started."""
        self.url = url if urlsplit(url).path.strip("/") else url.rstrip("/") + PATH
        self.secret = secret
        self.take: Take | None = None
        self.good = time.monotonic()  # when Telegram last came, or was last asked whether it knows the way
        server.add_public("POST", urlsplit(self.url).path, self._post)

    async def _post(self, request: web.Request) -> web.Response:
        said = request.headers.get(HEADER, "")
        if not hmac.compare_digest(said.encode(errors="surrogateescape"), self.secret.encode()):
            raise web.HTTPForbidden
        if self.take is None:
            raise web.HTTPServiceUnavailable
        update = _read(await request.read())
        try:
            await self.take(update)
        except Exception as error:  # no 2xx: Telegram keeps the update and comes again
            log.warning("an update could not be taken in", error=repr(error))
            raise web.HTTPInternalServerError from None
        self.good = time.monotonic()
        return web.Response()


def _read(body: bytes) -> Raw:
    try:
        update = parse_json(body)
    except ValueError:
        update = None
    if not isinstance(update, dict):
        raise web.HTTPBadRequest
    return update


def secret_of(token: str) -> str:
    """A secret that every process with this token comes to by itself, and nobody without it."""
    return hashlib.sha256(f"webhook {token}".encode()).hexdigest()
