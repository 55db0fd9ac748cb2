"""The set-up as a page on this machine: opened once by a link in the terminal, gone as soon as `.env` is written."""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from aiohttp import web

from bot.operations.set_up.env_file import write_env
from bot.operations.set_up.service_trials import (
    ACCESS,
    LIMITS,
    ServiceToSetUp,
    allowed_variables,
    complete,
    list_services,
    try_service,
)
from bot.settings import SettingsError
from bot.web.bodies import read_json, refusal
from bot.web.server import WebServer

STATIC = Path(__file__).parent / "static"
FILES = {"setup.js", "setup.css"}
COOKIE = "snapthread_setup"
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
CSP += "base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": CSP}
LONGEST = 4096  # characters of a value
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
        server.router.add_get("/setup/files/{name}", self.static)
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
            platforms="".join(_fieldset(service) for service in services if service.is_platform),
            providers="".join(_fieldset(service) for service in services if not service.is_platform),
            limits="".join(_limit(variable, title) for variable, title in LIMITS.items()),
            access=ACCESS,
        )
        return web.Response(text=html, content_type="text/html", headers=HEADERS)

    async def static(self, request: web.Request) -> web.FileResponse:
        """Serve the script and the style."""
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        return web.FileResponse(STATIC / name, headers={"Cache-Control": "no-store"})

    async def test(self, request: web.Request) -> web.Response:
        """Test one service, and return its findings and models."""
        self._check(request)
        body = await read_json(request)
        name = body.get("service") if isinstance(body, dict) else None
        service = next((each for each in list_services() if each.name == name), None)
        if service is None:
            raise refusal(web.HTTPBadRequest, "There is no such service.")
        trial = await try_service(service, _values_in(body))
        findings = [{"verdict": each.verdict, "remark": each.remark} for each in trial.findings]
        return web.json_response({"findings": findings, "usable": trial.is_usable, "models": trial.models})

    async def save(self, request: web.Request) -> web.Response:
        """Write the file; the bot starts with it as soon as this response is out."""
        self._check(request)
        try:
            write_env(self._file, complete(_values_in(await read_json(request))))
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


def _values_in(body: Any) -> Mapping[str, str]:
    values = body.get("values") if isinstance(body, dict) else None
    allowed = allowed_variables()
    if not isinstance(values, dict) or not all(
        name in allowed and isinstance(value, str) and len(value) <= LONGEST for name, value in values.items()
    ):
        raise refusal(web.HTTPBadRequest, "These are not the fields of the form.")
    return values


def _fieldset(service: ServiceToSetUp) -> str:
    hint = f"<p class=hint>From {escape(service.hint)}.</p>" if service.hint else ""
    addresses = "".join(
        f'<label>{escape(variable)}<input name="{escape(variable)}" type="url" autocomplete="off" spellcheck="false">'
        "</label>"
        for variable in service.addresses
    )
    return (
        f'<fieldset data-service="{escape(service.name)}"><legend>{escape(service.title)}</legend>{hint}{addresses}'
        f'<label>{escape(service.key)}<input name="{escape(service.key)}" type="password" autocomplete="off" '
        'spellcheck="false"></label><button type="button" class="test">Test</button>'
        '<ul class="findings" role="status"></ul></fieldset>'
    )


def _limit(variable: str, title: str) -> str:
    return (
        f'<label>{escape(title)}<input name="{escape(variable)}" type="number" min="0" step="any" inputmode="decimal" '
        'placeholder="no limit"></label>'
    )
