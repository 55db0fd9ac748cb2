"""The one room that speaks HTTP: httpx over aiohttp's connection pool, with caps and checks that httpx lacks.

httpx's own pool collapses with hundreds of requests in flight; the aiohttp transport below it does not.
Bodies are capped, and unpacked here if they must be, because httpx unpacks a small bomb into one huge chunk.
"""

import codecs
import ipaddress
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies
from weakref import ref

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_sse import EventSource, ServerSentEvent

from bot import __version__
from bot.errors import Busy, FailureCode, Refused, Unreadable
from bot.util.private_networks import OutsideError, PrivateResolver, refuse_outside
from bot.util.proxies import PROXY_ERRORS, find_proxy, http_proxy, open_connector

__all__ = [
    "ConnectionOptions",
    "Event",
    "Http",
    "Reply",
    "aiohttp_transport",
    "check_size",
    "chunks",
    "events",
    "is_private",
    "map_http_errors",
    "open_session",
    "photo",
    "read_capped",
    "texts",
]

Reply = httpx.Response
Event = ServerSentEvent

MEGABYTE = 1024 * 1024
CAP = 8 * MEGABYTE  # bytes of a body that is no photo
UNPACKED = 64 * 1024  # bytes of a packed body at a time
NOTHING = httpx.ByteStream(b"")
BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteTimeout, *PROXY_ERRORS)


@contextmanager
def map_http_errors() -> Iterator[None]:
    """Turn what httpx raises into what the bot understands. Messages of httpx hold URLs: they stay in `__cause__`."""
    try:
        yield
    except (httpx.TransportError, httpx.StreamError, aiohttp.ClientError, OutsideError, *PROXY_ERRORS) as error:
        # The transport lets some of aiohttp's own errors through, such as for a reply that is no HTTP. What keeps a
        # connection from being made arrives as a ConnectTimeout.
        if _is_about_certificate(error):
            raise Refused(FailureCode.PROVIDER_CERTIFICATE) from error
        if _is_outside(error):
            raise Refused(FailureCode.PROVIDER_OUTSIDE) from error
        slow = isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout)
        code = FailureCode.PROVIDER_SLOW if slow else FailureCode.PROVIDER_UNREACHABLE
        raise Busy(code, lost_reply=_was_sent(error)) from error
    except (httpx.DecodingError, httpx.InvalidURL) as error:
        raise Refused(FailureCode.PROVIDER_NONSENSE) from error


def _was_sent(error: BaseException) -> bool:
    """Tell whether a request had been sent when it failed; a server that hangs up then is a ConnectTimeout, too."""
    return isinstance(error.__cause__, aiohttp.ServerDisconnectedError) or not isinstance(error, BEFORE_SENDING)


def has_hung_up(error: BaseException) -> bool:
    """Tell whether the other side closed a connection that was made, before any reply."""
    cause = error.__cause__ and error.__cause__.__cause__
    before = isinstance(cause, aiohttp.ClientConnectorError)
    return isinstance(cause, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError) and not before


def _is_about_certificate(error: BaseException | None) -> bool:
    """Tell whether a connection failed because the certificate of the other side is not trusted."""
    while error is not None:
        if isinstance(getattr(error, "certificate_error", error), ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_outside(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, OutsideError):
        error = error.__cause__ or error.__context__
    return error is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """The way to a service: how long it may take, a proxy, and whose certificates are trusted."""

    connect: float = 15  # seconds
    proxy: str = ""  # HTTP(S) or SOCKS; empty: as the environment says
    ca_file: str = ""  # authorities besides those that the system trusts
    is_verified: bool = True  # False: any certificate is taken
    is_near_only: bool = False  # True: nothing outside private networks is connected to, also not by way of a proxy


def aiohttp_transport(url: str, options: ConnectionOptions | None = None) -> httpx.AsyncBaseTransport:
    """Create the transport for a client of the service at `url`, a library's too; call it while the loop runs."""
    options = options or ConnectionOptions()
    if not url and not options.proxy:
        return _TransportByAddress(options)
    return _open_transport(find_proxy(url, options.proxy), options)


def open_session(url: str, options: ConnectionOptions) -> aiohttp.ClientSession:
    """Open connections to the service at `url` for a library that has a protocol of its own; while the loop runs."""
    proxy = find_proxy(url, options.proxy)
    return aiohttp.ClientSession(
        connector=open_connector(proxy, _trusted(options)),
        proxy=http_proxy(proxy),
        skip_auto_headers=("Accept-Encoding", "User-Agent"),
    )


def _open_transport(proxy: str | None, options: ConnectionOptions) -> "_Transport":
    trusted = _trusted(options)
    if options.is_near_only:
        proxy, resolver = None, PrivateResolver()
    else:
        resolver = None
    session = aiohttp.ClientSession(
        connector=open_connector(proxy, trusted, resolver),
        auto_decompress=False,
        proxy=http_proxy(proxy),
        skip_auto_headers=("Accept-Encoding", "User-Agent"),
    )
    return _Transport(trusted, session, is_near_only=options.is_near_only)


class _TransportByAddress(httpx.AsyncBaseTransport):
    """A transport without a service: the address of each request tells which proxy leads there."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._transports: dict[str | None, _Transport] = {None: _open_transport(None, options)}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = find_proxy(str(request.url)) if getproxies() else None
        if proxy not in self._transports:
            self._transports[proxy] = _open_transport(proxy, self._options)
        return await self._transports[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()


class _Transport(AiohttpTransport):
    def __init__(self, trusted: ssl.SSLContext, session: aiohttp.ClientSession, *, is_near_only: bool) -> None:
        super().__init__(verify=trusted, client=session)
        self._is_near_only = is_near_only

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_near_only:
            refuse_outside(request.url.host)  # no resolver is asked about an address
        response = await super().handle_async_request(request)
        response.stream = _Body(response)
        return response


class _Body(httpx.AsyncByteStream):
    """A body that its response lets go of in the end: httpx ties the two together, and what hangs on them stays.

    The garbage collector would find such rings, when it looks at everything, which it seldom does (`app.COLLECTED`).
    """

    def __init__(self, response: httpx.Response) -> None:
        self._stream, self._response = cast("httpx.AsyncByteStream", response.stream), ref(response)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        await self._stream.aclose()
        if response := self._response():
            response.stream = NOTHING


class Http:
    """A client for one service. Entered, it can be asked; leaving closes every connection."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        silence: float = 120,
        options: ConnectionOptions | None = None,
    ) -> None:
        """Requests go below `url`, or, if that is empty, to whole addresses. A query of `url` goes along with each.

        `silence` is how many seconds the other side may say nothing.
        """
        url, mark, query = url.partition("?")
        # parsing one takes httpx 0.1 ms
        self._address = lru_cache(64)(lambda path: httpx.URL(f"{self.url}{path}{mark}{query}"))
        self.url, self.silence = url and url.rstrip("/") + "/", silence
        self.options = options or ConnectionOptions()
        self.headers = {"user-agent": f"snapthread/{__version__}", "accept-encoding": "identity", **(headers or {})}

    async def __aenter__(self) -> "Http":
        self._client = httpx.AsyncClient(
            headers=self.headers,
            timeout=httpx.Timeout(self.silence, connect=self.options.connect),
            transport=aiohttp_transport(self.url, self.options),
            follow_redirects=False,
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def stream(self, method: str, path: str, **body: Any) -> AsyncGenerator[Reply, None]:
        """Send a request and hand out the reply as it comes; leaving early closes the connection."""
        with map_http_errors():
            async with self._client.stream(method, self._address(path), **body) as reply:
                yield reply

    async def call(
        self, method: str, path: str, *, cap: int = CAP, **body: Any
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request and return the whole reply: status, headers, body."""
        async with self.stream(method, path, **body) as reply:
            return reply.status_code, reply.headers, await read_capped(reply, cap)


def _trusted(options: ConnectionOptions) -> ssl.SSLContext:
    """Return the certificates that are trusted; made once: it takes 30 ms, and either library would make its own."""
    trusted = ssl.create_default_context()
    if options.ca_file:
        trusted.load_verify_locations(options.ca_file)
    if not options.is_verified:
        trusted.check_hostname, trusted.verify_mode = False, ssl.CERT_NONE
    return trusted


def is_private(url: str) -> bool:
    """Return whether an address is on this machine or on a network of one's own, as far as it tells."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".lan", ".internal", ".home.arpa"))


async def chunks(reply: Reply, cap: int = CAP) -> AsyncGenerator[bytes, None]:
    """Hand out the body as it comes. Refused when it holds more than `cap` bytes.

    Nobody asked for a packed body, but some send one: it is unpacked piece by piece, up to a smaller bound.
    """
    unpack, is_whole, cap = _unpacker(reply.headers.get("content-encoding", "identity"), cap)
    total = received = 0
    with map_http_errors():
        async for chunk in reply.aiter_raw():
            received += len(chunk)
            for piece in unpack(chunk):
                total += len(piece)
                if total > cap:
                    raise Refused(FailureCode.PROVIDER_NONSENSE)
                yield piece
    if received and not is_whole():
        raise Refused(FailureCode.PROVIDER_NONSENSE)


Unpack = Callable[[bytes], Iterable[bytes]]


def _unpacker(encoding: str, cap: int) -> tuple[Unpack, Callable[[], bool], int]:
    """Return what unpacks a body of this encoding, what tells whether all of it came, and how many bytes may do so."""
    encoding = encoding.strip().lower()
    if encoding in ("identity", ""):
        return lambda chunk: (chunk,), lambda: True, cap
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Refused(FailureCode.PROVIDER_NONSENSE)
    packed = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes

    def unpack(chunk: bytes) -> Iterator[bytes]:
        while chunk:
            try:
                piece = packed.decompress(chunk, UNPACKED)
            except zlib.error as error:
                raise Refused(FailureCode.PROVIDER_NONSENSE) from error
            yield piece
            chunk = packed.unconsumed_tail

    return unpack, lambda: packed.eof, min(cap, CAP)


async def read_capped(reply: Reply, cap: int = CAP) -> bytes:
    """Return the whole body, under the rules of `chunks`."""
    return b"".join([chunk async for chunk in chunks(reply, cap)])


def check_size(size: int, limit: int) -> None:
    """Raise Unreadable for a photo of more than `limit` bytes."""
    if size > limit:
        raise Unreadable(FailureCode.PHOTO_TOO_HEAVY, limit=limit // MEGABYTE)


async def photo(reply: Reply, limit: int) -> bytes:
    """Return the body as that of a photo. Unreadable as soon as it has turned out to hold more than `limit` bytes."""
    data = bytearray()
    async with aclosing(chunks(reply, cap=limit + CAP)) as pieces:
        async for piece in pieces:
            data += piece
            check_size(len(data), limit)
    return bytes(data)


async def events(body: AsyncIterator[bytes]) -> AsyncGenerator[Event, None]:
    """Read server-sent events, however the bytes are cut. By the standard, one without its blank line is dropped."""
    source = EventSource(cast(Reply, _EventStream(body)))
    async with aclosing(source.aiter_sse()) as read_events:
        async for event in read_events:
            yield event


class _EventStream:
    """As much of a reply as an EventSource reads; a real one would pass every piece through four more hands."""

    headers: Mapping[str, str] = {"content-type": "text/event-stream"}

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body

    def aiter_text(self) -> AsyncGenerator[str, None]:
        return texts(self._body)


async def texts(body: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """Read UTF-8 however its characters are cut; damaged bytes become U+FFFD, whatever charset a header claims."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    async for chunk in body:
        if text := decoder.decode(chunk):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest
