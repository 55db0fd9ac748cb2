"""Results that are files: where they lie, and how they are brought home.

A record has the keys of its results, or whole addresses in older replies, and one `temporaryUrl`: a signed link to
the first of them that runs out after days. Other clients fetch the rest by their keys from the bucket's own host.
Signed links are as good as the files themselves: they are kept nowhere, and no message of ours holds one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import structlog

from adapters.providers.onemin.asset_kinds import AssetKind, Family, kind_of
from adapters.providers.responses import is_success
from bot.errors import Busy, Refused
from bot.util.http import MEGABYTE, Http, read_capped

log = structlog.get_logger(__name__)

MOST = 25 * MEGABYTE  # of one file
MOST_RESULTS = 10
BUCKET = "https://asset.1min.ai"
HOME = "api.1min.ai"  # elsewhere, such as at the emulator, files lie where the API is

Ways = Sequence[str]
"""The addresses at which one file may be had, the best first."""


def places(record: Mapping[str, Any], url: str) -> list[Ways]:
    """Where the results of a record lie; `url` is the address of the API."""
    detail = record.get("aiRecordDetail")
    named = detail.get("resultObject") if isinstance(detail, dict) else None
    link = record.get("temporaryUrl")
    signed = [link] if isinstance(link, str) and link else []
    keys = list(_strings(named))[:MOST_RESULTS]
    if not keys:
        return [_safe(signed, url)] if signed else []
    its = next((n for n, key in enumerate(keys) if signed and _path(key) in unquote(signed[0])), 0)
    return [_safe([*(signed if n == its else ()), *_addresses(key, url)], url) for n, key in enumerate(keys)]


def _strings(result: object) -> Iterator[str]:
    """The strings in a resultObject; documented as a list, also seen as a string and as an object."""
    if isinstance(result, str) and result:
        yield result
    for part in result.values() if isinstance(result, dict) else result if isinstance(result, list) else ():
        yield from _strings(part)


def _addresses(key: str, url: str) -> list[str]:
    if key.startswith(("http://", "https://")):
        return [key]
    home = BUCKET if urlsplit(url).hostname == HOME else url.rstrip("/")
    return [f"{home}/{quote(key.lstrip('/'))}"]


def _path(key: str) -> str:
    return unquote(urlsplit(key).path).lstrip("/")


def _safe(addresses: Sequence[str], url: str) -> Ways:
    """Those that are 1min.ai's own, or its bucket's."""
    return [address for address in dict.fromkeys(addresses) if _is_ours(address, url)]


def _is_ours(address: str, url: str) -> bool:
    if not re.fullmatch(r"[!-\[\]-~]+", address):  # a blank or a backslash: not everybody reads the same host there
        return False
    try:
        parts, home = urlsplit(address), urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if (parts.scheme, parts.netloc) == (home.scheme, home.netloc):
        return True
    at_home = parts.scheme == "https" and port in (None, 443) and parts.username is None
    return at_home and _is_their_host(parts.hostname or "")


def _is_their_host(host: str) -> bool:
    """Tell whether a host is 1min.ai's or a bucket's: BUCKET.s3.REGION.amazonaws.com, in any of its spellings."""
    *labels, domain, top = ["", *host.split(".")]
    is_bucket = any(label == "s3" or label.startswith("s3-") for label in labels)
    return (domain, top) == ("1min", "ai") or ((domain, top) == ("amazonaws", "com") and is_bucket)


class ResultFetcher:
    """Brings files home, without our API key. It needs to be entered."""

    def __init__(self, silence: float) -> None:
        """`silence` is how many seconds the other side may say nothing."""
        self._http = Http("", silence=silence)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.__aexit__(*exc)

    async def file(self, ways: Ways, family: Family) -> tuple[bytes, AssetKind]:
        """Return the file and what it is; Refused when it cannot be had in any way, made_gone as a rule."""
        for way in ways:
            for _ in range(2):  # a hiccup is worth another try
                try:
                    data = await self._read(way)
                except Busy:
                    continue
                kind = kind_of(data, family)
                if kind:
                    return data, kind
                log.warning("a result of 1min.ai cannot be had there", host=urlsplit(way).hostname, bytes=len(data))
                break
        raise Refused("made_gone")

    async def _read(self, way: str) -> bytes:
        """Return what is there; nothing when it is not, or no longer. Busy when that is not sure."""
        async with self._http.stream("GET", way) as reply:
            if reply.status_code >= 500 or reply.status_code == 429:
                raise Busy("provider_down", status=reply.status_code)
            if not is_success(reply):
                return b""
            if int(reply.headers.get("content-length") or 0) > MOST:
                raise Refused("made_too_large", limit=MOST // MEGABYTE)
            return await read_capped(reply, MOST)
