"""The set-up as a page on this machine: opened once by a link in the terminal, gone as soon as `.env` is written."""

import asyncio
import hmac
import secrets
from pathlib import Path
from string import Template

from aiohttp import web

from bot.operations.set_up.env_file import write_env
from bot.operations.set_up.forms import (
    HEADERS,
    STATIC,
    read_values,
    render_limit,
    render_service,
    serve_file,
    try_pasted,
)
from bot.operations.set_up.service_trials import ACCESS, LIMITS, complete, list_services
from bot.settings import SettingsError
from bot.web.bodies import read_json, refusal
from bot.web.server import WebServer

COOKIE = "snapthread_setup"
NO_LINK = "Open the link that the terminal shows. It works once; a new start of the bot makes a new one."
IS_THERE = "There is a .env now, which somebody else wrote meanwhile. It stays as it is: start the bot again."


class SetUpPage:
    """Serves the page, and writes the file that its reader asked for."""

    def __init__(self, server: WebServer, file: Path) -> None:
        self._server, self._file = server, file
        self._link: str | None = secrets.token_urlsafe(24)
        self._cookie = secrets.token_urlsafe(24)
        self._is_written = asyncio.Event()
        server.router.add_get("/", self.refuse)
        server.router.add_get("/setup", self.page)
        server.router.add_get("/setup/files/{name}", serve_file)
        server.router.add_get("/setup/{link}", self.open)
        server.router.add_post("/setup/test", self.test)
        server.router.add_post("/setup/save", self.save)

    @property
    def url(self) -> str:
        """The address that opens the page, once."""
        return f"{self._server.url}/setup/{self._link}"

    async def wait_until_written(self) -> None:
        """Return when the file is written."""
        await self._is_written.wait()

    async def refuse(self, request: web.Request) -> web.Response:
        """Say where the link is."""
        raise web.HTTPForbidden(text=NO_LINK)

    async def open(self, request: web.Request) -> web.Response:
        """Exchange the link for a cookie of this browser; nobody else can use it afterwards."""
        if self._link is None or not hmac.compare_digest(request.match_info["link"].encode(), self._link.encode()):
            raise web.HTTPForbidden(text=NO_LINK)
        self._link = None
        redirect = web.HTTPSeeOther("/setup", headers=HEADERS)
        redirect.set_cookie(COOKIE, self._cookie, path="/setup", httponly=True, samesite="Strict")
        raise redirect

    async def page(self, request: web.Request) -> web.Response:
        """Ask for everything."""
        self._check(request)
        services = list_services()
        html = Template((STATIC / "setup.html").read_text("utf-8")).substitute(
            platforms="".join(render_service(service) for service in services if service.is_platform),
            providers="".join(render_service(service) for service in services if not service.is_platform),
            limits="".join(render_limit(variable, title) for variable, title in LIMITS.items()),
            access=ACCESS,
        )
        return web.Response(text=html, content_type="text/html", headers=HEADERS)

    async def test(self, request: web.Request) -> web.Response:
        """Test one service."""
        self._check(request)
        return await try_pasted(request)

    async def save(self, request: web.Request) -> web.Response:
        """Write the file; the bot starts with it as soon as this response is out."""
        self._check(request)
        try:
            write_env(self._file, complete(read_values(await read_json(request))))
        except SettingsError as error:
            raise refusal(web.HTTPBadRequest, str(error)) from error
        except FileExistsError as error:
            raise refusal(web.HTTPConflict, IS_THERE) from error
        except OSError as error:
            raise refusal(web.HTTPInternalServerError, f".env cannot be written: {error.strerror}.") from error
        self._is_written.set()
        return web.json_response({})

    def _check(self, request: web.Request) -> None:
        cookie = request.cookies.get(COOKIE, "")
        if not hmac.compare_digest(cookie.encode(), self._cookie.encode()):
            raise web.HTTPForbidden(text=NO_LINK)
