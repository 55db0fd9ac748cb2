"""The origin of a request: the other end of its connection, or the address that a trusted proxy reports."""

import ipaddress
from collections.abc import Iterable, Mapping

from aiohttp import web

from bot.settings import is_loopback

FORWARDED = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"}
)
FORWARDED_PREFIXES = ("x-forwarded-", "x-original-")
IPV6_SITE = 64  # prefix that one household shares


class TrustedProxies:
    """The reverse proxies whose forwarding headers are believed."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in networks)

    def __contains__(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def sent(self, request: web.BaseRequest) -> bool:
        """Tell whether the request came over a connection of one of them."""
        return peer(request) in self

    def client(self, request: web.BaseRequest) -> str:
        """Return the client's address: the last one in X-Forwarded-For that is not a trusted proxy itself."""
        address = peer(request)
        hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        for hop in reversed(hops):
            if address not in self or _parse(hop.strip()) is None:
                break
            address = hop.strip()
        return address

    def host(self, request: web.BaseRequest) -> str:
        """Return the host that the browser asked for, with its port."""
        forwarded = request.headers.get("X-Forwarded-Host", "") if self.sent(request) else ""
        return forwarded.rpartition(",")[2].strip() or request.host


def peer(request: web.BaseRequest) -> str:
    """Return the address at the other end of the connection; empty once that is closed."""
    name = request.get_extra_info("peername")
    return str(name[0]) if name else ""


def is_forwarded(headers: Mapping[str, str]) -> bool:
    """Tell whether a reverse proxy, or a client that pretends to be one, forwarded the request."""
    names = [name.lower() for name in headers]
    return any(name in FORWARDED or name.startswith(FORWARDED_PREFIXES) for name in names)


def is_direct_loopback(request: web.BaseRequest, host: str) -> bool:
    """Tell whether a program on this machine asks for `host`, with no reverse proxy between."""
    return is_loopback(peer(request)) and is_loopback(host) and not is_forwarded(request.headers)


def site(address: str) -> str:
    """Return the unit of counting: an IPv4 address, or the /64 network that an IPv6 address is in."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address) and not parsed.is_loopback:
        return str(ipaddress.ip_network((parsed, IPV6_SITE), strict=False))
    return str(parsed or address)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
