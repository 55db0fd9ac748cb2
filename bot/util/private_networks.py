"""Connections that stay on this machine and on networks of one's own, decided by the address that is connected to."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

# Loopback, private, link-local and carrier-grade addresses (RFC 1918, 3927, 4193, 4291, 6598); the last are those of
# overlay networks such as Tailscale.
_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
            *("::1/128", "fc00::/7", "fe80::/10"),
        ),
    )
)


class OutsideError(OSError):
    """Raised instead of connecting to an address outside private networks."""


def is_near(address: str) -> bool:
    """Tell whether an IP address is this machine's or a private network's."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in _NETWORKS if network.version == ip.version)


def refuse_outside(host: str) -> None:
    """Raise OutsideError if the host is an IP address outside private networks; names are left to the resolver."""
    try:
        outside = not is_near(host.strip("[]"))
    except ValueError:
        return
    if outside:
        raise OutsideError(f"{host} is outside private networks")


class PrivateResolver(AbstractResolver):
    """Resolves names, and leaves out addresses outside private networks; OutsideError if no other is left."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name; what is returned is what is connected to, so the name can't change meanwhile."""
        found = await DefaultResolver().resolve(host, port, family)
        near = [each for each in found if is_near(each["host"])]
        if not near:
            raise OutsideError(f"{host} is outside private networks")
        return near

    async def close(self) -> None:
        """Do nothing: nothing is kept open."""
