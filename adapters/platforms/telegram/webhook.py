"""The webhook: an update is answered with 2xx only when it has been taken in."""

import hashlib
import hmac
import time
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from adapters.platforms.telegram.polling import RawUpdate, TakeUpdate
from bot.web.bodies import parse_json
from bot.web.server import WebServer

log = structlog.get_logger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
DEFAULT_PATH = "/telegram"


class Webhook:
    """A route on the web server. Until `take_update` is set, it answers 503, and Telegram tries again."""

    def __init__(self, server: WebServer, url: str, secret: str) -> None:
        """Add the route that `url`, the public address, leads to; the server must not have started."""
        self.url = url if urlsplit(url).path.strip("/") else url.rstrip("/") + DEFAULT_PATH
        self.secret = secret
        self.take_update: TakeUpdate | None = None
        self.last_success = time.monotonic()  # of an update, or of a check of the webhook
        self.taken, self.refused = 0, 0  # calls with an update, and calls without the secret
        self.last_taken = 0.0  # seconds since 1970
        self.empty_at: float | None = None  # seconds since 1970, when no update waited at Telegram
        server.add_public("POST", urlsplit(self.url).path, self._post)

    async def _post(self, request: web.Request) -> web.Response:
        secret = request.headers.get(HEADER, "")
        if not hmac.compare_digest(secret.encode(errors="surrogateescape"), self.secret.encode()):
            self.refused += 1
            raise web.HTTPForbidden
        if self.take_update is None:
            raise web.HTTPServiceUnavailable
        update = _read(await request.read())
        try:
            await self.take_update(update)
        except Exception as error:  # no 2xx: Telegram keeps the update and tries again
            log.warning("an update could not be taken in", error=repr(error))
            raise web.HTTPInternalServerError from None
        self.last_success, self.last_taken = time.monotonic(), time.time()
        self.taken += 1
        return web.Response()


def _read(body: bytes) -> RawUpdate:
    try:
        update = parse_json(body)
    except ValueError:
        update = None
    if not isinstance(update, dict):
        raise web.HTTPBadRequest
    return update


def derive_secret(token: str) -> str:
    """Derive a secret from the token: every process with the token knows it, and nobody else."""
    return hashlib.sha256(f"webhook {token}".encode()).hexdigest()
