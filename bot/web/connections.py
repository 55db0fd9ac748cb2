"""The connections of the web server: bounds on their number, and time limits for slow ones.

Idle or dripping connections would otherwise use up the process's file descriptors, and leave none to the platforms.
"""

import asyncio
import contextlib
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError

from bot.settings import is_loopback
from bot.web.addresses import TrustedProxies, site
from bot.web.bodies import refusal

log = structlog.get_logger(__name__)

SOFTWARE = "Snapthread"  # in the Server header, without a version
MOST_CONNECTIONS = 1_000
MOST_OF_A_SITE = 100  # connections of one address, or requests that a trusted proxy forwards for one
OPEN_TO_ALL = 0.75  # share of the connections; the rest is reserved for this machine and for trusted proxies
DESCRIPTORS_KEPT = 512  # reserved for platforms, providers and files
MOST_DESCRIPTORS = 65_536  # upper bound of the soft limit

HEADER_SECONDS = 10.0  # until the headers of a request are complete, from its first byte or the connection's start
KEEP_ALIVE_SECONDS = 55.0  # between two requests
CLOSE_SECONDS = 60.0  # until a connection is closed if the client does not take the end of a response
BODY_SECONDS, BODY_RATE = 20.0, 500.0  # seconds for every body, and the bytes that earn it one more second
BODY_PAUSE = 30.0  # seconds without a byte of it
BODY_LOOK = 2.0  # seconds between two checks
SEND_SECONDS = 60.0  # without a byte of the response being taken
IDLE_SECONDS = 2.0  # after which a connection that waits for a request may be closed in favour of a new one

_BUSY_BODY = b'{"error": "There are too many connections. Try again in a moment."}'
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Retry-After: 10\r\nConnection: close\r\n\r\n%b" % (SOFTWARE.encode(), len(_BUSY_BODY), _BUSY_BODY)
)


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files as far as the system allows; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_DESCRIPTORS if now == resource.RLIM_INFINITY else now


def connections_within(descriptors: int) -> int:
    """Return the number of connections that a process with `descriptors` file descriptors may serve."""
    return max(min(MOST_CONNECTIONS, descriptors - min(DESCRIPTORS_KEPT, descriptors // 2)), 1)


class ConnectionLimiter:
    """Bounds the number of connections, in total and per address.

    Addresses of this machine and of trusted proxies stand for many people, so only the total applies to them.
    """

    def __init__(self, proxies: TrustedProxies, most: int = MOST_CONNECTIONS) -> None:
        self.most = most
        self.proxies = proxies
        self._sites: dict[GuardedConnection, str] = {}  # by open connection
        self._counts: Counter[str] = Counter()
        self._waiting: dict[GuardedConnection, float] = {}  # waiting for a request since then; oldest first
        self._requests: Counter[str] = Counter()  # forwarded by proxies

    @property
    def connections(self) -> "Sequence[GuardedConnection]":
        """All open connections."""
        return list(self._sites)

    def admit(self, connection: "GuardedConnection", address: str) -> bool:
        """Count the connection, unless there are too many; an idle one is closed if that makes space."""
        shared = is_loopback(address) or address in self.proxies
        source = site(address)
        if not shared and self._counts[source] >= MOST_OF_A_SITE:
            return False
        most = self.most if shared else int(self.most * OPEN_TO_ALL)
        if len(self._sites) >= most and not self._evict():
            return False
        self._sites[connection] = source
        self._counts[source] += 1
        return True

    def release(self, connection: "GuardedConnection") -> None:
        """Forget a closed connection."""
        self._waiting.pop(connection, None)
        source = self._sites.pop(connection, None)
        if source is not None:
            _decrement(self._counts, source)

    def wait(self, connection: "GuardedConnection", now: float) -> None:
        """Note that the connection is idle from now on."""
        if connection in self._sites:
            self._waiting.pop(connection, None)
            self._waiting[connection] = now

    def serve(self, connection: "GuardedConnection") -> None:
        """Note that a request has arrived."""
        self._waiting.pop(connection, None)

    @contextlib.contextmanager
    def request(self, request: web.BaseRequest) -> Iterator[None]:
        """Count a request of a trusted proxy while it is handled; 503 beyond the limit of one client."""
        if not self.proxies.sent(request):
            yield
            return
        source = site(self.proxies.client(request))
        if self._requests[source] >= MOST_OF_A_SITE:
            raise refusal(
                web.HTTPServiceUnavailable, "There are too many requests from your address.", Retry_After="10"
            )
        self._requests[source] += 1
        try:
            yield
        finally:
            _decrement(self._requests, source)

    def _evict(self) -> bool:
        oldest = next(iter(self._waiting.items()), None)
        if oldest is None or asyncio.get_running_loop().time() - oldest[1] < IDLE_SECONDS:
            return False
        oldest[0].cut()
        return True


class GuardedConnection(web.RequestHandler):
    """An HTTP connection that is closed if the client is too slow."""

    def __init__(self, server: web.Server, limiter: ConnectionLimiter) -> None:
        loop = asyncio.get_running_loop()
        quiet: Any = None  # no access log
        super().__init__(
            server, loop=loop, keepalive_timeout=KEEP_ALIVE_SECONDS, access_log=quiet, auto_decompress=False
        )
        self.request: web.BaseRequest | None = None  # being handled
        self._time = loop
        self._limiter = limiter
        self._socket: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._hears_headers = False
        self._body_began = self._heard = 0.0
        self._body_bytes = 0

    def serve(self, request: web.BaseRequest) -> None:
        """Start on a request with complete headers."""
        self.request, self._hears_headers = request, False
        self._limiter.serve(self)
        self._disarm()
        if not request.content.is_eof():
            self._body_began = self._heard = self._time.time()
            self._body_bytes = 0
            self._arm(BODY_LOOK, self._look_at_body)

    def cut(self) -> None:
        """Close the connection now, with whatever is still to be sent."""
        self._limiter.release(self)
        self.force_close()
        if self._socket is not None:
            self._socket.abort()

    # method names of asyncio and aiohttp

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection, or answer that there are too many."""
        self._socket = cast(asyncio.Transport, transport)  # always the case for a TCP server
        address = str((self._socket.get_extra_info("peername") or ("",))[0])
        if not self._limiter.admit(self, address):
            log.warning("too many connections: refused", address=address)
            self._socket.write(BUSY)
            self._socket.close()
            return
        super().connection_made(transport)
        self._limiter.wait(self, self._time.time())
        self._hear_headers()

    def data_received(self, data: bytes) -> None:
        """Note the arrival of data, and read it."""
        if data:
            self._heard = self._time.time()
            self._body_bytes += len(data)
            if self.request is None and not self._hears_headers:
                self._hear_headers()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._disarm()
        self._stop_send_timer()
        self._limiter.release(self)
        super().connection_lost(exc)
        self._socket = self.request = None

    def pause_writing(self) -> None:
        """Wait until the client takes what was sent."""
        super().pause_writing()
        self._send_timer = self._time.call_later(SEND_SECONDS, self.cut)

    def resume_writing(self) -> None:
        """Go on: the client has taken some of it."""
        self._stop_send_timer()
        super().resume_writing()

    def _stop_send_timer(self) -> None:
        """Stop the timer of a response that the client does not take."""
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the rest of the response, and wait for the next request."""
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self.request = None
            if self._socket is not None:  # the connection may have been lost meanwhile
                self._limiter.wait(self, self._time.time())
                self._arm(CLOSE_SECONDS, self.cut)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a malformed request, or one with a handler that failed."""
        response = super().handle_error(request, status, exc, message)
        response.headers["Server"] = SOFTWARE
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a bug with its traceback; malformed HTTP is not a bug of ours."""
        if isinstance(kw.get("exc_info"), HttpProcessingError):
            log.info("a request that is no HTTP", reason=type(kw["exc_info"]).__name__)
        else:
            super().log_exception(*args, **kw)

    # deadlines

    def _hear_headers(self) -> None:
        self._hears_headers = True
        self._arm(HEADER_SECONDS, self.cut)

    def _look_at_body(self) -> None:
        if self.request is None or self.request.content.is_eof():
            return
        now = self._time.time()
        if self._socket is not None and not self._socket.is_reading():
            self._body_began += BODY_LOOK  # it is the handler that does not take it
            self._heard = now
        allowed = BODY_SECONDS + self._body_bytes / BODY_RATE
        if now - self._body_began > allowed or now - self._heard > BODY_PAUSE:
            self.cut()
        else:
            self._arm(BODY_LOOK, self._look_at_body)

    def _arm(self, seconds: float, then: Any) -> None:
        self._disarm()
        self._timer = self._time.call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _decrement(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
