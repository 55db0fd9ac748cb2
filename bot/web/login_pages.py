"""The login form, and the list of browsers that are logged in."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from bot.messages import WebSession
from bot.web.addresses import TrustedProxies
from bot.web.auth import OTHER_SITE, TokenJudge, is_from_another_site
from bot.web.bodies import read_form, refusal
from bot.web.languages import language_of
from bot.web.logins import COOKIE, LIFETIME, SESSION, UNKNOWN_BROWSER, Logins
from bot.words import catalogue, say, say_moment, speaking, spoken
from bot.words.figures import is_right_to_left

STATIC = Path(__file__).parent / "static"
# With no referrer at all, browsers would send no origin with a form.
HEADERS = {"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}


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
        with speaking(language_of(request)):
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
        try:
            is_right = self._judge.judge(request, fields.get("token", "")) == "all"
        except web.HTTPTooManyRequests as error:
            return _refuse(request, "login_slow", error.status, next, retry_after=error.headers["Retry-After"])
        if not is_right:
            return _refuse(request, "login_wrong", web.HTTPUnauthorized.status_code, next)
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
        sessions = await self._logins.list_sessions()
        with speaking(language_of(request)):
            return _page("sessions.html", rows="".join(_row(session, session.id == own) for session in sessions))

    async def end(self, request: web.Request) -> web.Response:
        """End a session, of this browser or of another one."""
        await self._end(request.match_info["id"])
        raise web.HTTPSeeOther("/sessions")

    async def _end(self, id: str) -> None:
        await self._logins.end(id)
        self._drop(id)


def _refuse(request: web.Request, key: str, status: int, next: str, *, retry_after: str = "") -> web.Response:
    """Show the form again, with the reason."""
    with speaking(language_of(request)):
        response = _page("login.html", status=status, next=next, sentence=say(key))
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response


def _row(session: WebSession, is_own: bool) -> str:
    device = escape(_device(session.device))
    device = f"{device} <b>{escape(say('sessions_this'))}</b>" if is_own else device
    action, label = ("/logout", "page_log_out") if is_own else (f"/sessions/{escape(session.id)}/end", "sessions_end")
    times = escape(say("sessions_times", since=_moment(session.created), seen=_moment(session.seen)))
    button = f'<form method="post" action="{action}"><button>{escape(say(label))}</button></form>'
    return f"<li><p>{device}<br><small>{times}</small></p>{button}</li>"


def _device(stored: str) -> str:
    """Say which browser it is, and on which system."""
    browser, _, system = stored.partition(" on ")
    browser = say("sessions_program") if browser == UNKNOWN_BROWSER else browser
    return say("sessions_device", browser=browser, system=system) if system else browser


def _moment(seconds: float) -> str:
    return say_moment(datetime.fromtimestamp(seconds, UTC))


def _is_local(path: str) -> bool:
    """Tell whether a redirect there stays on this server."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def _page(name: str, *, status: int = 200, rows: str = "", **texts: str) -> web.Response:
    """Fill in a page in the language of the task: texts are escaped, rows are HTML."""
    frame = Template((STATIC / name).read_text("utf-8"))
    about = {"language": spoken(), "direction": "rtl" if is_right_to_left(spoken()) else "ltr"}
    escaped = {key: escape(text) for key, text in {**catalogue(), **about, **texts}.items()}
    html = frame.substitute(escaped | {"sessions_what": _with_code(escaped["sessions_what"])}, rows=rows)
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


def _with_code(text: str) -> str:
    """Make code of what stands between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
