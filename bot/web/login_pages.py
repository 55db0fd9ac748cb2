"""The login form, and the list of browsers that are logged in."""

import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from bot.messages import WebSession
from bot.web.addresses import TrustedProxies
from bot.web.auth import OTHER_SITE, TokenJudge, is_from_another_site
from bot.web.bodies import read_form, refusal
from bot.web.logins import COOKIE, LIFETIME, SESSION, Logins

STATIC = Path(__file__).parent / "static"
WRONG = "This is not the token. It is the value of WEB_TOKEN."
# With no referrer at all, browsers would send no origin with a form.
HEADERS = {"Referrer-Policy": "same-origin", "Cache-Control": "no-store"}


class LoginPages:
    """Pages for people who have the token. `drop` receives the session to disconnect."""

    def __init__(
        self, judge: TokenJudge, logins: Logins, proxies: TrustedProxies, drop: Callable[[str], object]
    ) -> None:
        self._judge, self._logins, self._proxies, self._drop = judge, logins, proxies, drop

    def add_routes(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        """Add the pages; the returned ones must be public."""
        router.add_post("/logout", self.log_out)
        router.add_get("/sessions", self.show_sessions)
        router.add_post("/sessions/{id}/end", self.end)
        return [
            router.add_get("/login", self.form),
            router.add_post("/login", self.log_in),
            router.add_get("/login.css", self.style),
        ]

    async def form(self, request: web.Request) -> web.Response:
        """Ask for the token."""
        return _page("login.html", next=request.query.get("next", "/"), sentence="")

    async def style(self, request: web.Request) -> web.FileResponse:
        """Serve the stylesheet of the pages."""
        return web.FileResponse(STATIC / "login.css")

    async def log_in(self, request: web.Request) -> web.Response:
        """Start a session for the right token."""
        if is_from_another_site(request, self._proxies):
            raise refusal(web.HTTPForbidden, OTHER_SITE)
        fields = await read_form(request)
        next = fields.get("next", "/")
        if self._judge.judge(request, fields.get("token", "")) != "all":
            return _page("login.html", status=401, next=next, sentence=WRONG)
        redirect = web.HTTPSeeOther(next if _is_local(next) else "/")
        encrypted = "https" in (request.scheme, request.headers.get("X-Forwarded-Proto"))
        secret = await self._logins.begin(request.headers.get("User-Agent", ""))
        redirect.set_cookie(
            COOKIE, secret, max_age=int(LIFETIME), path="/", httponly=True, samesite="Strict", secure=encrypted
        )
        raise redirect

    async def log_out(self, request: web.Request) -> web.Response:
        """End the session of this browser."""
        redirect = web.HTTPSeeOther("/login")
        redirect.del_cookie(COOKIE, path="/")
        if SESSION in request:
            await self._end(request[SESSION].id)
        raise redirect

    async def show_sessions(self, request: web.Request) -> web.Response:
        """List the logged-in browsers."""
        own = request[SESSION].id if SESSION in request else ""
        rows = "".join(_row(session, session.id == own) for session in await self._logins.list_sessions())
        return _page("sessions.html", rows=rows)

    async def end(self, request: web.Request) -> web.Response:
        """End a session, of this browser or of another one."""
        await self._end(request.match_info["id"])
        raise web.HTTPSeeOther("/sessions")

    async def _end(self, id: str) -> None:
        await self._logins.end(id)
        self._drop(id)


def _row(session: WebSession, is_own: bool) -> str:
    device = f"{escape(session.device)} <b>this browser</b>" if is_own else escape(session.device)
    action, label = ("/logout", "Log out") if is_own else (f"/sessions/{escape(session.id)}/end", "End")
    times = f"<small>since {_moment(session.created)} · last used {_moment(session.seen)}</small>"
    button = f'<form method="post" action="{action}"><button>{label}</button></form>'
    return f"<li><p>{device}<br>{times}</p>{button}</li>"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _is_local(path: str) -> bool:
    """Tell whether a redirect there stays on this server."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def _page(name: str, *, status: int = 200, rows: str = "", **texts: str) -> web.Response:
    """Fill in a page: texts are escaped, rows are HTML."""
    frame = Template((STATIC / name).read_text("utf-8"))
    html = frame.substitute({key: escape(text) for key, text in texts.items()}, rows=rows)
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)
