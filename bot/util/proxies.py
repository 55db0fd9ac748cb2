"""Proxies for what goes out: which one an address is reached through, and connections through SOCKS.

Each service may have a proxy of its own (TELEGRAM_PROXY); else that of the environment counts: HTTPS_PROXY or
HTTP_PROXY, by the address, then ALL_PROXY, unless NO_PROXY names the host, its address or its network.
"""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError, ProxyType

SOCKS = {
    "socks": ProxyType.SOCKS5,
    "socks5": ProxyType.SOCKS5,
    "socks5h": ProxyType.SOCKS5,
    "socks4": ProxyType.SOCKS4,
    "socks4a": ProxyType.SOCKS4,
}
SOCKS_PORT = 1080
PROXY_ERRORS = (ProxyError, ProxyConnectionError, ProxyTimeoutError)
"""The errors of a SOCKS proxy that is away, refuses us, or does not reach the other side."""


def find_proxy(url: str, own: str | None = None) -> str | None:
    """Return the proxy through which an address is reached; None: directly. `own` is that of the service."""
    if own:
        return complete_proxy(own)
    parts = urlsplit(url)
    proxies = getproxies()
    if parts.hostname is None or _goes_past_proxy(parts.hostname, proxies.get("no", "")):
        return None
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    proxy = proxies.get(scheme) or proxies.get("all")
    return complete_proxy(proxy) if proxy else None


def _goes_past_proxy(host: str, exempt: str) -> bool:
    """Tell whether NO_PROXY names a host; addresses are compared as such, however they are written."""
    if proxy_bypass(host):
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return any(address in network for network in _networks(exempt))
    return False


def _networks(exempt: str) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The addresses and networks in NO_PROXY: ::1, [::1], fd00::/8, 10.0.0.0/8."""
    for name in exempt.split(","):
        with suppress(ValueError):
            yield ipaddress.ip_network(name.strip().strip("[]"), strict=False)


def complete_proxy(proxy: str) -> str:
    """Return the proxy with a scheme: many write only its host and port."""
    return proxy if "://" in proxy else f"http://{proxy}"


def is_socks(proxy: str | None) -> bool:
    """Tell whether it is a SOCKS proxy, which needs connections of its own kind."""
    return urlsplit(proxy or "").scheme.lower() in SOCKS


def open_connector(
    proxy: str | None, trusted: ssl.SSLContext | None = None, resolver: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """Create what makes the connections, through SOCKS if the proxy is one; call it while the loop runs.

    Without a proxy, `resolver` looks up the names of hosts. A SOCKS proxy does it itself: where a service is blocked,
    the names often are as well.
    """
    options: dict[str, Any] = {"limit": 0, **({"ssl": trusted} if trusted else {})}
    if not is_socks(proxy):
        return aiohttp.TCPConnector(resolver=resolver, **options)
    parts = urlsplit(proxy or "")
    return ProxyConnector(
        parts.hostname or "",
        parts.port or SOCKS_PORT,
        proxy_type=SOCKS[parts.scheme.lower()],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        rdns=True,
        **options,
    )


def http_proxy(proxy: str | None) -> str | None:
    """Return the proxy if it speaks HTTP, for libraries that take such ones as they are."""
    return None if is_socks(proxy) else proxy
