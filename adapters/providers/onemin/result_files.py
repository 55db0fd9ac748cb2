"""Results that are files: their addresses, and how they are fetched.

A record has the keys of its results, or whole addresses in older replies, and one `temporaryUrl`: a signed link to
the first of them that runs out after days. Other clients fetch the rest by their keys from the bucket's own host.
Signed links are as good as the files themselves: they are stored nowhere, and no message of ours holds one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import structlog

from adapters.providers.error_rules import is_success
from adapters.providers.onemin.asset_kinds import AssetKind, Family, kind_of
from bot.errors import Busy, FailureCode, Refused
from bot.util.http import MEGABYTE, ConnectionOptions, Http, read_capped
from bot.util.retry import ONEMIN_RESULT, retry

log = structlog.get_logger(__name__)

MAX_BYTES = 25 * MEGABYTE  # of one file
MAX_RESULTS = 10
BUCKET = "https://asset.1min.ai"
API_HOST = "api.1min.ai"  # elsewhere, such as at the emulator, files are served by the API's own host

Addresses = Sequence[str]
"""The addresses of one file, the best first."""


def find_addresses(record: Mapping[str, Any], url: str) -> list[Addresses]:
    """Return the addresses of each result of a record; `url` is the address of the API."""
    detail = record.get("aiRecordDetail")
    result = detail.get("resultObject") if isinstance(detail, dict) else None
    link = record.get("temporaryUrl")
    signed = [link] if isinstance(link, str) and link else []
    keys = list(_strings(result))[:MAX_RESULTS]
    if not keys:
        return [_safe(signed, url)] if signed else []
    signed_index = next((n for n, key in enumerate(keys) if signed and _path(key) in unquote(signed[0])), 0)
    return [_safe([*(signed if n == signed_index else ()), *_addresses(key, url)], url) for n, key in enumerate(keys)]


def _strings(result: object) -> Iterator[str]:
    """Yield the strings in a resultObject; documented as a list, also seen as a string and as an object."""
    if isinstance(result, str) and result:
        yield result
    for part in result.values() if isinstance(result, dict) else result if isinstance(result, list) else ():
        yield from _strings(part)


def _addresses(key: str, url: str) -> list[str]:
    if key.startswith(("http://", "https://")):
        return [key]
    host_url = BUCKET if urlsplit(url).hostname == API_HOST else url.rstrip("/")
    return [f"{host_url}/{quote(key.lstrip('/'))}"]


def _path(key: str) -> str:
    return unquote(urlsplit(key).path).lstrip("/")


def _safe(addresses: Sequence[str], url: str) -> Addresses:
    """Return the addresses that are 1min.ai's own, or its bucket's."""
    return [address for address in dict.fromkeys(addresses) if _is_ours(address, url)]


def _is_ours(address: str, url: str) -> bool:
    if not re.fullmatch(r"[!-\[\]-~]+", address):  # parsers disagree about the host after a blank or a backslash
        return False
    try:
        parts, host_url = urlsplit(address), urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if (parts.scheme, parts.netloc) == (host_url.scheme, host_url.netloc):
        return True
    at_home = parts.scheme == "https" and port in (None, 443) and parts.username is None
    return at_home and _is_their_host(parts.hostname or "")


def _is_their_host(host: str) -> bool:
    """Tell whether a host is 1min.ai's or a bucket's: BUCKET.s3.REGION.amazonaws.com, in any of its spellings."""
    *labels, domain, top = ["", *host.split(".")]
    is_bucket = any(label == "s3" or label.startswith("s3-") for label in labels)
    return (domain, top) == ("1min", "ai") or ((domain, top) == ("amazonaws", "com") and is_bucket)


class ResultFetcher:
    """A client that fetches files without our API key. It needs to be entered."""

    def __init__(self, silence: float, connection: ConnectionOptions | None = None) -> None:
        """Make a client; `silence` is the longest time in seconds without a byte from the server."""
        self._http = Http("", silence=silence, options=connection)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.__aexit__(*exc)

    async def fetch(self, addresses: Addresses, family: Family) -> tuple[bytes, AssetKind]:
        """Return the file and its kind. Raises Refused (usually made_gone) when no address works."""
        for address in addresses:
            try:
                data = await retry(ONEMIN_RESULT, partial(self._read, address), Busy)
            except Busy:
                continue
            if kind := kind_of(data, family):
                return data, kind
            log.warning("a result of 1min.ai cannot be had there", host=urlsplit(address).hostname, bytes=len(data))
        raise Refused(FailureCode.MADE_GONE)

    async def _read(self, address: str) -> bytes:
        """Return the bytes at an address; b"" when there are none, or no longer. Raises Busy when that is not sure."""
        async with self._http.stream("GET", address) as reply:
            if reply.status_code >= 500 or reply.status_code == 429:
                raise Busy(FailureCode.PROVIDER_DOWN, status=reply.status_code)
            if not is_success(reply):
                return b""
            if int(reply.headers.get("content-length") or 0) > MAX_BYTES:
                raise Refused(FailureCode.MADE_TOO_LARGE, limit=MAX_BYTES // MEGABYTE)
            return await read_capped(reply, MAX_BYTES)
