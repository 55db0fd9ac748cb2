"""The bot's HTTP server: health for machines, the dashboard for operators, and the routes that adapters add."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Self, cast

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.ports import SessionStore
from bot.settings import Settings, is_loopback
from bot.web.addresses import TrustedProxies, is_direct_loopback
from bot.web.auth import METRICS, SAFE_METHODS, Guard, LoopbackOnly, TokenJudge, TokenOnly, WebhookOnly, host_in
from bot.web.bodies import refusal
from bot.web.connections import (
    SOFTWARE,
    ConnectionLimiter,
    GuardedConnection,
    connections_within,
    raise_descriptor_limit,
)
from bot.web.login_pages import LoginPages
from bot.web.logins import SESSION, Logins

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns the current problems, by the name of the part; empty if all is well."""

GRACE = 0.4  # seconds that open requests get when the server stops; aiohttp waits twice
WAITING_CONNECTIONS = 4096  # that the kernel holds for us; with a shorter queue some would hang half open for ever
ACCEPTED_AT_ONCE = 32  # far fewer than descriptors are kept back: refused ones are closed before the next are accepted
MOST_BYTES = 1024 * 1024  # of a body that a handler reads whole; uploads are streamed and limited by their own route
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # Or a browser would look up every host that an answer links to, and a name can leak parts of the prompt.
    "X-DNS-Prefetch-Control": "off",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, kw_only=True)
class WebAccess:
    """Access rules besides the token."""

    metrics_token: str | None = None  # grants access to the metrics and nothing else
    trusted_proxies: tuple[str, ...] = ()  # addresses and networks with trusted forwarding headers
    webhook_only: bool = False  # without a token: nothing but public routes and /healthz


@dataclass(frozen=True, kw_only=True)
class TrialRun:
    """A run by `try`, as the page tells of it."""

    key_page: str  # the address at which a key can be pasted
    found: str = ""  # the service on this machine that answers


async def _all_is_well() -> Mapping[str, str]:
    return {}


class PortTaken(OSError):
    """Raised when another program uses the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use by another program, perhaps another copy of the bot")
        self.port = port


class WebServer:
    """Serves while entered. Routes are added before: `router` for guarded ones, `add_public` for webhooks.

    With a token, everybody who has it has access; without one, only this machine.
    """

    def __init__(
        self,
        host: str,
        port: int,
        token: str | None = None,
        metrics: CollectorRegistry | None = None,
        *,
        sessions: SessionStore | None = None,
        access: WebAccess | None = None,
    ) -> None:
        """Listen on `host` and `port` (0: any free one, see `port` after the start).

        A token needs `sessions`, which stores logged-in browsers. Assign `ready` and `status` to fill /readyz.
        """
        if token is None and not is_loopback(host):
            msg = "without a token the server must listen on this machine only"
            raise ValueError(msg)
        access = access or WebAccess()
        self.host, self.port = host, port
        self.ready: Ready = _all_is_well
        self.status: Callable[[], Mapping[str, str]] = dict  # the entries of /readyz while all is well
        self.trial: TrialRun | None = None
        self.metrics = metrics or CollectorRegistry()
        self._public: set[web.AbstractRoute] = set()
        self._limiter = ConnectionLimiter(TrustedProxies(access.trusted_proxies))
        self._logins: Logins | None = None
        self.app = web.Application(middlewares=[self._let_in], client_max_size=MOST_BYTES)
        self.app.on_response_prepare.append(_protect)
        self.guard = self._guard(token, sessions, access)
        self._add_own_routes()

    @property
    def router(self) -> web.UrlDispatcher:
        """The router for guarded routes."""
        return self.app.router

    @property
    def url(self) -> str:
        """The address of the server, once it has started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def add_public(self, method: str, path: str, handler: Handler) -> None:
        """Add a route that checks its requests itself: no token, any host, any origin."""
        self._public.add(self.router.add_route(method, path, handler))

    async def __aenter__(self) -> Self:
        self._limiter.most = connections_within(raise_descriptor_limit())
        if self._logins is not None:
            await self._logins.prune()
        self._runner = web.AppRunner(self.app, handler_cancellation=True, access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        try:
            self._listeners = await self._listen()
        except BaseException as error:
            await self._runner.cleanup()
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                raise PortTaken(self.port) from error
            raise
        self.port = self._listeners[0].sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for listener in self._listeners:
            listener.close()
        await self._runner.cleanup()

    async def _listen(self) -> list[asyncio.Server]:
        """Listen on every address of the host, or on none.

        asyncio takes its `backlog` for two things: the kernel's queue, and how many connections it accepts in a row.
        A second call of `listen` makes the queue longer and leaves the other.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listeners = []
        with ExitStack() as undo:
            for family, *_, address in dict.fromkeys(found):
                listening = undo.enter_context(socket.create_server(address[:2], family=family))
                listeners.append(await loop.create_server(self._connect, sock=listening, backlog=ACCEPTED_AT_ONCE))
                listening.listen(WAITING_CONNECTIONS)
            undo.pop_all()
        return listeners

    def _guard(self, token: str | None, sessions: SessionStore | None, access: WebAccess) -> Guard:
        if token is None:
            return WebhookOnly() if access.webhook_only else LoopbackOnly()
        if sessions is None:
            msg = "a token needs a store for the sessions that begin with it"
            raise ValueError(msg)
        proxies = self._limiter.proxies
        judge = TokenJudge(token, access.metrics_token, proxies)
        self._logins = Logins(token, sessions)
        pages = LoginPages(judge, self._logins, proxies, self._drop_session)
        self._public.update(pages.add_routes(self.router))
        return TokenOnly(judge, self._logins, proxies)

    def _connect(self) -> GuardedConnection:
        return GuardedConnection(cast(web.Server, self._runner.server), self._limiter)

    def _drop_session(self, id: str) -> None:
        """Close the open event streams of a session that has ended. Its log-out still gets its response."""
        for connection in self._limiter.connections:
            request = connection.request
            if request is None or request.method not in SAFE_METHODS or SESSION not in request:
                continue
            if request[SESSION].id == id:
                connection.cut()

    def _add_own_routes(self) -> None:
        self.add_public("GET", "/healthz", self._healthz)
        ready = self.router.add_get("/readyz", self._readyz)
        if not isinstance(self.guard, WebhookOnly):
            self._public.add(ready)
        self.router.add_get(METRICS, self._metrics)

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if isinstance(request.protocol, GuardedConnection):
            request.protocol.serve(request)
        with self._limiter.request(request):
            if not _is_text(request):
                raise refusal(web.HTTPBadRequest, "This is not UTF-8.")
            if request.match_info.route not in self._public:
                await self.guard.check(request)
            try:
                return await handler(request)
            except web.RequestPayloadError as error:
                raise refusal(web.HTTPBadRequest, "The body broke off.") from error

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _readyz(self, request: web.Request) -> web.Response:
        """Report whether all is well; only the operator sees the parts."""
        troubles = dict(await self.ready())
        parts: Mapping[str, object] = {"ready": not troubles}
        if await self._may_see_parts(request):
            parts = troubles or dict(self.status())
        return web.json_response(parts, status=503 if troubles else 200)

    async def _may_see_parts(self, request: web.Request) -> bool:
        if is_direct_loopback(request, host_in(request.headers.get("Host", ""))):
            return True
        with suppress(web.HTTPException):
            await self.guard.check(request)
            return True
        return False

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self.metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})


def open_server(settings: Settings, sessions: SessionStore, metrics: CollectorRegistry) -> WebServer:
    """Create the web server from the operator's settings; it has not started yet."""
    token, metrics_token = settings.web_token, settings.web_metrics_token
    return WebServer(
        settings.web_host,
        settings.web_port,
        token.get_secret_value() if token else None,
        metrics,
        sessions=sessions,
        access=WebAccess(
            metrics_token=metrics_token.get_secret_value() if metrics_token else None,
            trusted_proxies=settings.web_trusted_proxies,
            webhook_only=settings.webhook_only,
        ),
    )


def _is_text(request: web.Request) -> bool:
    """Tell whether the request's path can be stored and sent on: stray bytes in it are decoded to surrogates."""
    try:
        f"{request.raw_path} {request.headers.get('Content-Type', '')}".encode()
    except UnicodeEncodeError:
        return False
    return True


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SOFTWARE
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
