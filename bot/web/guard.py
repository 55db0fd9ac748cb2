"""The doorkeepers of the web server: who may come in, decided before any handler runs."""

import asyncio
import hashlib
import hmac
import json
from html import escape
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.settings import is_loopback

STATIC = Path(__file__).parent / "static"
COOKIE = "snapthread"
MONTH = 30 * 24 * 3600.0
WRONG_TOKEN_DELAY = 1.0  # seconds
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Guard(Protocol):
    """Decides about every request that is not for a public route."""

    def check(self, request: web.Request) -> None:
        """Raise the HTTP answer that turns this request away."""


class LoopbackOnly:
    """For a server without a token: whoever sits at this machine may come in, other sites in their browser may not."""

    def check(self, request: web.Request) -> None:
        """Turn away names that were made to point at this machine (DNS rebinding), and forms of other sites (CSRF)."""
        if not is_loopback(_host(request) or ""):
            raise turned_away(web.HTTPForbidden, "Without WEB_TOKEN this server answers on this machine only.")
        if request.method not in SAFE_METHODS and _from_another_site(request):
            raise turned_away(web.HTTPForbidden, "Another site must not speak for you here.")


class TokenOnly:
    """For a server with a token: it must come along, as a bearer or in the cookie that the login form sets."""

    def __init__(self, token: str) -> None:
        self.digest = _digest(token)

    def add_routes(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        """Add the login form; what is returned must be public."""
        return [
            router.add_get("/login", self.form),
            router.add_post("/login", self.login),
            router.add_get("/login.css", self.style),
        ]

    def check(self, request: web.Request) -> None:
        """Show people the login form and programs a 401."""
        if self._bears(request) or self._same(request.cookies.get(COOKIE, "")):
            return
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther("/login?" + urlencode({"next": request.path}))
        raise turned_away(web.HTTPUnauthorized, "The token is missing or wrong. Open /login to enter it.")

    async def form(self, request: web.Request) -> web.Response:
        """Ask for the token."""
        return _page(next=request.query.get("next", "/"))

    async def style(self, request: web.Request) -> web.FileResponse:
        """Serve what the form looks like."""
        return web.FileResponse(STATIC / "login.css")

    async def login(self, request: web.Request) -> web.Response:
        """Give the cookie for the right token; the wrong one costs a second."""
        fields = await request.post()
        next = str(fields.get("next", "/"))
        if not self._same(_digest(str(fields.get("token", "")))):
            await asyncio.sleep(WRONG_TOKEN_DELAY)
            return _page(next=next, sentence="This is not the token. It is the value of WEB_TOKEN.", status=401)
        found = web.HTTPSeeOther(next if _is_local(next) else "/")
        encrypted = "https" in (request.scheme, request.headers.get("X-Forwarded-Proto"))
        found.set_cookie(
            COOKIE, self.digest, max_age=int(MONTH), path="/", httponly=True, samesite="Strict", secure=encrypted
        )
        raise found

    def _bears(self, request: web.Request) -> bool:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and self._same(_digest(token.strip()))

    def _same(self, digest: str) -> bool:
        return hmac.compare_digest(_bytes(digest), _bytes(self.digest))


def turned_away(kind: type[web.HTTPException], sentence: str) -> web.HTTPException:
    """Say no, with a sentence that people and programs can read."""
    return kind(text=json.dumps({"error": sentence}), content_type="application/json")


def _digest(token: str) -> str:
    return hashlib.sha256(b"snapthread page " + _bytes(token)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # as headers that are not UTF-8 arrive


def _host(request: web.Request) -> str | None:
    try:
        return urlsplit(f"//{request.headers.get('Host', '')}").hostname
    except ValueError:
        return None


def _from_another_site(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        return True
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _is_local(path: str) -> bool:
    """Whether a browser stays on this server when it goes there."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def _page(*, next: str, sentence: str = "", status: int = 200) -> web.Response:
    html = (STATIC / "login.html").read_text("utf-8")
    html = html.replace("{next}", escape(next)).replace("{sentence}", escape(sentence))
    return web.Response(text=html, content_type="text/html", status=status)
