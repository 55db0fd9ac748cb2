"""The operator's dashboard: a page, and its data as JSON. The server's guard protects it.

It belongs to the server and to no platform: it is there whichever platforms the process serves.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import cache
from html import escape
from typing import NamedTuple

import structlog
from aiohttp import web

from bot.ports import Coordination, Reporting, Votes
from bot.web.bodies import refusal
from bot.web.dashboard_data import DashboardData
from bot.web.interval_cache import RANGES
from bot.web.languages import language_of
from bot.web.login_pages import STATIC
from bot.web.logins import SESSION
from bot.web.tally_sums import SPLITS
from bot.words import catalogue, say, speaking
from bot.words.figures import is_right_to_left

log = structlog.get_logger(__name__)

FILES = {"dashboard.css", "dashboard.js", "charts.js", "format.js", "patch.js", "words.js"}
KEY_PREFIX = "dashboard_"  # of the page's sentences
SHARED = ("sessions_title", "page_script")
ASK_EVERY_TIME = {"Cache-Control": "no-cache"}
COUNTING = 0.15  # seconds that a response may spend on counting
FRESH, PARTLY = 2.0, 0.1  # seconds that a response is cached for all viewers: a complete one, an incomplete one
PATIENCE = 10.0  # seconds for the store


Release = Callable[[int], Awaitable[bool]]
"""Puts a turn back on the queue; False if it is not put aside."""


class _CachedReply(NamedTuple):
    until: float
    body: bytes


class Dashboard:
    """Shows the state of the bot: all processes that share the store."""

    def __init__(
        self,
        reporting: Reporting,
        coordination: Coordination,
        release: Release | None = None,
        votes: Votes | None = None,
    ) -> None:
        """Show what these report. `release` puts a turn that was put aside back on the queue; None: nobody can."""
        self._release = release
        self._figures = DashboardData(reporting, coordination, votes)
        self._told: dict[tuple[str, str, str], _CachedReply] = {}  # by range, split and language
        self._telling = asyncio.Lock()  # ten tabs cost as much as one

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the page; its routes are guarded, like all that are not added as public ones."""
        router.add_get("/dashboard", self.page)
        router.add_get("/dashboard/data", self.data)
        router.add_post(r"/dashboard/turns/{turn:\d{1,18}}/release", self.release)
        router.add_get("/dashboard/{name}", self.static)

    async def page(self, request: web.Request) -> web.Response:
        """Serve the page in the operator's language; its script asks for the data."""
        headers = {**ASK_EVERY_TIME, "Vary": "Accept-Language, Cookie"}
        return web.Response(text=_render(language_of(request)), content_type="text/html", headers=headers)

    async def release(self, request: web.Request) -> web.Response:
        """Put a turn that was put aside back on the queue; the guard has seen to it that no other site asks for it."""
        turn = int(request.match_info["turn"])
        if self._release is None or not await self._release(turn):
            with speaking(language_of(request)):
                raise refusal(web.HTTPNotFound, say("dashboard_not_aside"))
        session = request[SESSION].id[:8] if SESSION in request else ""
        log.warning("a message that was put aside was released on the dashboard", turn=turn, session=session)
        self._told.clear()
        return web.json_response({})

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
                body = await self._tell(name, split, language_of(request))
        except Exception as error:
            log.warning("the dashboard has no figures", reason=type(error).__name__)
            with speaking(language_of(request)):
                raise refusal(web.HTTPServiceUnavailable, say("dashboard_no_store")) from error
        headers = {"Cache-Control": "no-store", "X-Session": "yes" if SESSION in request else "no"}
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _tell(self, name: str, split: str, language: str) -> bytes:
        reply = self._told.get((name, split, language))
        if reply is None or reply.until < time.monotonic():
            figures = await self._figures.tell(name, split, language, COUNTING)
            fresh = PARTLY if figures["uncounted"] else FRESH
            reply = _CachedReply(time.monotonic() + fresh, json.dumps(figures).encode())
            self._told[name, split, language] = reply
        return reply.body


@cache
def _render(language: str) -> str:
    """Return the HTML of the page in a language, with the sentences of its script as JSON in one of its elements."""
    words = catalogue(language)
    sentences = {key: text for key, text in words.items() if key.startswith(KEY_PREFIX) or key in SHARED}
    script = json.dumps(sentences, ensure_ascii=False).replace("<", "\\u003c")  # no sentence ends its element
    direction = "rtl" if is_right_to_left(language) else "ltr"
    escaped = {key: escape(text) for key, text in sentences.items()}
    template = (STATIC / "dashboard.html").read_text("utf-8")
    return template.format_map({**escaped, "language": language, "direction": direction, "words": script})
