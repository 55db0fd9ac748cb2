"""The operator's dashboard: a page, and its data as JSON. The server's guard protects it.

It belongs to the server and to no platform: it is there whichever platforms the process serves.
"""

import asyncio
import json
import time
from typing import NamedTuple

import structlog
from aiohttp import web

from bot.ports import Coordination, Reporting
from bot.web.bodies import refusal
from bot.web.dashboard_data import DashboardData
from bot.web.interval_cache import RANGES
from bot.web.login_pages import STATIC
from bot.web.logins import SESSION
from bot.web.tally_sums import SPLITS

log = structlog.get_logger(__name__)

FILES = {"dashboard.css", "dashboard.js", "charts.js", "format.js", "patch.js"}
ASK_EVERY_TIME = {"Cache-Control": "no-cache"}
COUNTING = 0.15  # seconds that a response may spend on counting
FRESH, PARTLY = 2.0, 0.1  # seconds that a response is cached for all viewers: a complete one, an incomplete one
PATIENCE = 10.0  # seconds for the store


class _CachedReply(NamedTuple):
    until: float
    body: bytes


class Dashboard:
    """Shows the state of the bot: all processes that share the store."""

    def __init__(self, reporting: Reporting, coordination: Coordination) -> None:
        self._figures = DashboardData(reporting, coordination)
        self._told: dict[tuple[str, str], _CachedReply] = {}
        self._telling = asyncio.Lock()  # ten tabs cost as much as one

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the page; its routes are guarded, like all that are not added as public ones."""
        router.add_get("/dashboard", self.page)
        router.add_get("/dashboard/data", self.data)
        router.add_get("/dashboard/{name}", self.static)

    async def page(self, request: web.Request) -> web.FileResponse:
        """Serve the page; its script asks for the data."""
        return web.FileResponse(STATIC / "dashboard.html", headers=ASK_EVERY_TIME)

    async def static(self, request: web.Request) -> web.FileResponse:
        """Serve the static files of the page."""
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        return web.FileResponse(STATIC / name, headers=ASK_EVERY_TIME)

    async def data(self, request: web.Request) -> web.Response:
        """Return the data of a `range`, split by `split`."""
        name, split = request.query.get("range", "day"), request.query.get("split", "all")
        if name not in RANGES or split not in SPLITS:
            sentence = f"range is one of {', '.join(RANGES)}; split is one of {', '.join(SPLITS)}."
            raise refusal(web.HTTPBadRequest, sentence)
        try:
            async with asyncio.timeout(PATIENCE), self._telling:
                body = await self._tell(name, split)
        except Exception as error:
            log.warning("the dashboard has no figures", reason=type(error).__name__)
            raise refusal(web.HTTPServiceUnavailable, "The store does not answer right now.") from error
        headers = {"Cache-Control": "no-store", "X-Session": "yes" if SESSION in request else "no"}
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _tell(self, name: str, split: str) -> bytes:
        reply = self._told.get((name, split))
        if reply is None or reply.until < time.monotonic():
            figures = await self._figures.tell(name, split, COUNTING)
            fresh = PARTLY if figures["uncounted"] else FRESH
            reply = _CachedReply(time.monotonic() + fresh, json.dumps(figures).encode())
            self._told[name, split] = reply
        return reply.body
