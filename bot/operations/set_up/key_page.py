"""A page of `try` on which a key can be pasted: it is kept in memory, or written to `.env` on request."""

import asyncio
from pathlib import Path
from string import Template

from aiohttp import web

from bot.operations.set_up.env_file import write_env
from bot.operations.set_up.forms import HEADERS, STATIC, read_values, render_service, serve_file, try_pasted
from bot.operations.set_up.service_trials import MODEL, Values, list_services
from bot.settings import SettingsError
from bot.web.bodies import read_json, refusal
from bot.web.server import WebServer

ADDRESS = "/key"


class KeyPage:
    """Takes the key of a provider; `values` are what was chosen, once `is_chosen` is set."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.is_chosen = asyncio.Event()
        self.values: Values = {}

    def add_routes(self, server: WebServer) -> None:
        """Add the page; its routes are guarded, like all that are not added as public ones."""
        server.router.add_get(ADDRESS, self.page)
        server.router.add_get("/setup/files/{name}", serve_file)
        server.router.add_post("/setup/test", try_pasted)
        server.router.add_post("/setup/save", self.use)

    async def page(self, request: web.Request) -> web.Response:
        """Ask for a key."""
        providers = [render_service(service) for service in list_services() if not service.is_platform]
        html = Template((STATIC / "key.html").read_text("utf-8")).substitute(providers="".join(providers))
        return web.Response(text=html, content_type="text/html", headers=HEADERS)

    async def use(self, request: web.Request) -> web.Response:
        """Start the page anew with what was pasted."""
        body = await read_json(request)
        values = {name: value for name, value in read_values(body).items() if value.strip()}
        if MODEL not in values:
            raise refusal(web.HTTPBadRequest, "Test a key, and choose a model.")
        if body.get("remember") is True:
            try:
                write_env(self._file, values, replace=True)
            except SettingsError as error:
                raise refusal(web.HTTPBadRequest, str(error)) from error
            except OSError as error:
                raise refusal(web.HTTPInternalServerError, f".env cannot be written: {error.strerror}.") from error
        self.values = values
        self.is_chosen.set()
        return web.json_response({})
