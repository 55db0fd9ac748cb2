"""The bot's one door to HTTP: health for machines, figures for operators, and the routes that adapters add."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.settings import is_loopback
from bot.web.guard import Guard, LoopbackOnly, TokenOnly

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""Says what is wrong, by the name of the part; nothing where all is well."""

GRACE = 0.4  # seconds that open requests get when the server stops; aiohttp waits twice
MOST_BYTES = 1024 * 1024  # of a body that a handler reads whole; uploads are streamed and capped by their own route
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # Or a browser looks up the name of every host that an answer links to, and a name can hold what the model was told.
    "X-DNS-Prefetch-Control": "off",
    "X-Content-Type-Options": "nosniff",
}


async def _all_is_well() -> Mapping[str, str]:
    return {}


class WebServer:
    """Serves while entered. Routes are added before: `router` for guarded ones, `add_public` for webhooks.

    With a token everybody who has it may come in; without one, only this machine.
    """

    def __init__(
        self, host: str, port: int, token: str | None = None, metrics: CollectorRegistry | None = None
    ) -> None:
        """Listen on `host` and `port` (0: any free one, see `port` after the start).

        Assign `ready` and `status` to fill /readyz.
        """
        if token is None and not is_loopback(host):
            msg = "without a token the server must listen on this machine only"
            raise ValueError(msg)
        self.host, self.port = host, port
        self.ready: Ready = _all_is_well
        self.status: Callable[[], Mapping[str, str]] = dict  # what /readyz says of the parts while all is well
        self.metrics = metrics or CollectorRegistry()
        self.guard: Guard = LoopbackOnly() if token is None else TokenOnly(token)
        self._public: set[web.AbstractRoute] = set()
        self.app = web.Application(middlewares=[self._let_in], client_max_size=MOST_BYTES)
        self.app.on_response_prepare.append(_protect)
        self._add_own_routes()

    @property
    def router(self) -> web.UrlDispatcher:
        """Where guarded routes are added."""
        return self.app.router

    @property
    def url(self) -> str:
        """Where the server is, once it has started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def add_public(self, method: str, path: str, handler: Handler) -> None:
        """Add a route that looks after itself: no token, any host, any origin."""
        self._public.add(self.router.add_route(method, path, handler))

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.app, handler_cancellation=True, access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    def _add_own_routes(self) -> None:
        self.add_public("GET", "/healthz", self._healthz)
        self.add_public("GET", "/readyz", self._readyz)
        self.router.add_get("/metrics", self._metrics)
        if isinstance(self.guard, TokenOnly):
            self._public.update(self.guard.add_routes(self.router))

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.route not in self._public:
            self.guard.check(request)
        return await handler(request)

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _readyz(self, request: web.Request) -> web.Response:
        troubles = dict(await self.ready())
        return web.json_response(troubles or dict(self.status()), status=503 if troubles else 200)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self.metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
