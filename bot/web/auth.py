"""Authentication of web requests, checked before any handler runs."""

import hashlib
import hmac
import math
from typing import Literal, Protocol
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import HttpVersion11, web

from bot.messages import WebSession
from bot.settings import is_loopback
from bot.web.addresses import TrustedProxies, is_forwarded, site
from bot.web.bodies import refusal
from bot.web.login_throttle import AttemptThrottle
from bot.web.logins import SESSION, Logins

log = structlog.get_logger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
METRICS = "/metrics"
OTHER_SITE = "Another site must not speak for you here."

Scope = Literal["all", "metrics"]
"""The routes that a token grants access to."""


class Guard(Protocol):
    """Checks every request except those for public routes."""

    async def check(self, request: web.Request) -> None:
        """Raise the HTTP response that rejects this request."""


class LoopbackOnly:
    """Admits this machine only, for a server without a token; rejects requests from other sites in a browser."""

    async def check(self, request: web.Request) -> None:
        """Reject proxied requests, names that resolve to this machine (DNS rebinding), and other sites' forms (CSRF).

        A reverse proxy hides a remote client. Those that add no header at all speak HTTP/1.0 (nginx).
        """
        if is_forwarded(request.headers) or request.version < HttpVersion11:
            raise refusal(web.HTTPForbidden, "Behind a reverse proxy this server needs a WEB_TOKEN.")
        if not is_loopback(host_in(request.headers.get("Host", ""))):
            raise refusal(web.HTTPForbidden, "Without WEB_TOKEN this server answers on this machine only.")
        if request.method not in SAFE_METHODS and _is_from_another_origin(request):
            raise refusal(web.HTTPForbidden, OTHER_SITE)


class WebhookOnly:
    """Rejects everything, for a server without a token behind a public address: it serves webhooks only."""

    async def check(self, request: web.Request) -> None:
        """Reject the request."""
        raise refusal(web.HTTPForbidden, "Without WEB_TOKEN this port is there for webhooks only.")


class TokenJudge:
    """Checks tokens; after wrong ones, an address has to wait between attempts."""

    def __init__(self, token: str, metrics_token: str | None, proxies: TrustedProxies) -> None:
        self._scopes: list[tuple[bytes, Scope]] = [(_digest(token), "all")]
        if metrics_token is not None:
            self._scopes.append((_digest(metrics_token), "metrics"))
        self._proxies = proxies
        self._throttle = AttemptThrottle()

    def judge(self, request: web.BaseRequest, token: str) -> Scope | None:
        """Return the scope of the token; None for a wrong one; raise 429 after too many of them from this address."""
        source = site(self._proxies.client(request))
        delay = self._throttle.delay(source)
        if delay > 0:
            raise refusal(
                web.HTTPTooManyRequests, "Too many wrong tokens. Wait a moment.", Retry_After=str(math.ceil(delay))
            )
        digest = _digest(token)
        for token_digest, scope in self._scopes:
            if hmac.compare_digest(digest, token_digest):
                return scope
        self._throttle.record_failure(source)
        log.warning("a wrong token", address=source)
        return None


class TokenOnly:
    """Access by a token, sent as a bearer token or exchanged for a session cookie."""

    def __init__(self, judge: TokenJudge, logins: Logins, proxies: TrustedProxies) -> None:
        self._judge, self._logins, self._proxies = judge, logins, proxies

    async def check(self, request: web.Request) -> None:
        """Show people the login form and send programs a 401."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            self._check_bearer(request, token.strip())
        else:
            await self._check_session(request)

    def _check_bearer(self, request: web.Request, token: str) -> None:
        scope = self._judge.judge(request, token)
        if scope is None:
            raise _unauthorized()
        if scope == "metrics" and (request.path != METRICS or request.method not in SAFE_METHODS):
            raise refusal(web.HTTPForbidden, f"This token opens {METRICS} and nothing else.")

    async def _check_session(self, request: web.Request) -> None:
        session = await self._find_session(request)
        if session is None:
            if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
                raise web.HTTPSeeOther("/login?" + urlencode({"next": request.path}))
            raise _unauthorized()
        if request.method not in SAFE_METHODS and is_from_another_site(request, self._proxies):
            raise refusal(web.HTTPForbidden, OTHER_SITE)
        request[SESSION] = session

    async def _find_session(self, request: web.Request) -> WebSession | None:
        try:
            return await self._logins.find(request)
        except Exception as error:
            log.warning("a session could not be looked up", reason=type(error).__name__)
            raise refusal(web.HTTPServiceUnavailable, "The store does not answer right now.") from error


def is_from_another_site(request: web.BaseRequest, proxies: TrustedProxies) -> bool:
    """Tell whether a browser reports that another site's page made the request. Pages cannot forge these headers."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and authority_of(origin) != proxies.host(request).lower()


def host_in(authority: str) -> str:
    """Return the host of `host:port`; empty if it is malformed."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def authority_of(origin: str) -> str:
    """Return the host and port of an origin, as a Host header has them; empty if it is malformed."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_from_another_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        return True
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _unauthorized() -> web.HTTPException:
    return refusal(web.HTTPUnauthorized, "The token is missing or wrong. Open /login to enter it.")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
