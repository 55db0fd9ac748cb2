"""Downloads of Discord's files by links that expire within a day; `message_files` explains their permanent ids."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Self
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

import discord
import structlog

from adapters.platforms.discord.attachment_store import AttachmentStore
from adapters.platforms.discord.errors import map_discord_errors, retry_after
from adapters.platforms.discord.message_files import HIDDEN, VECTOR_ANIMATION, list_links
from bot.errors import Busy, FailureCode, Refused, Unreadable
from bot.messages import Attachment
from bot.util.http import ConnectionOptions, Http, Reply, check_size, photo

__all__ = ["AttachmentDownloads", "LinkCache"]

log = structlog.get_logger(__name__)

FetchMessage = Callable[[int, int], Awaitable[discord.Message]]

READ_TIMEOUT = 20.0  # seconds without a byte from Discord
MAX_LINKS = 10_000
MIN_VALIDITY = 60.0  # seconds that a link must still be valid to be used
DEFAULT_VALIDITY = 600.0  # seconds that a link without an expiry is used


class LinkExpired(Unreadable):
    """The failure of an expired link: worth fetching a fresh one."""


# links


class LinkCache:
    """A cache of valid links, in memory only: anybody who reads a link can see the photo.

    A process that has not received the message fetches a link of its own.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Make a cache; `clock` returns the seconds since 1970."""
        self._clock = clock
        self._links: dict[str, tuple[str, float]] = {}  # the link and its expiry, by ref

    def __repr__(self) -> str:
        return f"<{len(self._links)} links>"

    def put(self, ref: str, url: str) -> None:
        """Store a link; above the limit, the oldest makes room."""
        self.forget(ref)
        self._links[ref] = url, self._expiry(url)
        if len(self._links) > MAX_LINKS:
            del self._links[next(iter(self._links))]

    def get_valid(self, ref: str) -> str | None:
        """Return a link that stays valid for a while."""
        url, expiry = self._links.get(ref, (None, 0.0))
        return url if self._clock() < expiry else None

    def forget(self, ref: str) -> None:
        """Forget a link that has expired."""
        self._links.pop(ref, None)

    def _expiry(self, url: str) -> float:
        try:
            return int(parse_qs(urlsplit(url).query)["ex"][0], 16) - MIN_VALIDITY
        except (KeyError, ValueError):
            return self._clock() + DEFAULT_VALIDITY


# bytes


class AttachmentDownloads:
    """A client that fetches the files of messages. It needs to be entered."""

    def __init__(
        self,
        fetch_message: FetchMessage,
        attachment_store: AttachmentStore,
        links: LinkCache,
        proxy: str | None = None,
    ) -> None:
        """Make a client; `fetch_message` fetches a message by the ids of its channel and its own.

        `proxy` is the way to Discord's files, if it is not that of the environment.
        """
        self._fetch_message, self._attachment_store, self._links = fetch_message, attachment_store, links
        self._http = Http("", silence=READ_TIMEOUT, options=ConnectionOptions(proxy=proxy or ""))
        self._message_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by channel and message

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.__aexit__(*exc)

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Raises Unreadable when it is larger than `limit` bytes, gone, or drawn by vectors."""
        if attachment.mime == VECTOR_ANIMATION:
            raise Unreadable(FailureCode.PHOTO_NOT_AN_IMAGE)
        check_size(attachment.size, limit)
        kind, _, file_id = attachment.ref.partition("/")
        if kind == HIDDEN:
            raise Unreadable(FailureCode.DISCORD_HIDDEN)
        if kind == "keep":
            return await self._read_stored(file_id, limit)
        if kind == "sticker":
            return await self._fetch(_sticker_link(file_id), limit)
        return await self._fetch_shown(attachment.ref, limit)

    async def store_file(self, url: str, id: str, limit: int) -> None:
        """Store a file of an interaction. Fails as `download` does."""
        await self._attachment_store.put(id, await self._fetch(url, limit))

    async def expire(self, before: float) -> None:
        """Delete the files that were stored before then."""
        await self._attachment_store.expire(before)

    async def _read_stored(self, id: str, limit: int) -> bytes:
        data = await self._attachment_store.get(id)
        if data is None:
            raise Unreadable(FailureCode.PHOTO_GONE)
        check_size(len(data), limit)
        return data

    async def _fetch_shown(self, ref: str, limit: int) -> bytes:
        if link := self._links.get_valid(ref):
            try:
                return await self._fetch(link, limit)
            except LinkExpired:
                self._links.forget(ref)
        return await self._fetch(await self._fresh_link(ref), limit)

    async def _fresh_link(self, ref: str) -> str:
        message = ref.rpartition("/")[0]
        one_at_a_time = self._message_locks.setdefault(message, asyncio.Lock())
        async with one_at_a_time:  # its photos are fetched concurrently, and fetching the message once is enough
            if link := self._links.get_valid(ref):
                return link
            links = list_links(await self._message(*map(int, message.split("/"))))
            for link_ref, link in links.items():
                self._links.put(link_ref, link)
        if ref not in links:
            raise Unreadable(FailureCode.PHOTO_GONE)
        return links[ref]

    async def _message(self, channel: int, message: int) -> discord.Message:
        try:
            with map_discord_errors():
                fetched_message = await self._fetch_message(channel, message)
        except (Refused, LookupError, TypeError, ValueError) as error:  # the others: it cannot be read
            raise Unreadable(FailureCode.PHOTO_GONE) from error
        return fetched_message

    async def _fetch(self, link: str, limit: int) -> bytes:
        try:
            async with self._http.stream("GET", link) as reply:
                return await _body(reply, limit)
        except Unreadable:
            raise
        except Busy as error:
            log.warning("a file of Discord's cannot be reached", reason=type(error.__cause__ or error).__name__)
            raise Busy(FailureCode.DISCORD_UNREACHABLE, error.retry_after) from None  # the cause may quote the link
        except Refused:
            raise Unreadable(FailureCode.PHOTO_GONE) from None


def _sticker_link(file: str) -> str:
    # As in discord.py: animated ones have another host.
    return f"{'https://media.discordapp.net' if file.endswith('.gif') else discord.Asset.BASE}/stickers/{file}"


async def _body(reply: Reply, limit: int) -> bytes:
    if reply.status_code in (403, 404, 410):
        raise LinkExpired(FailureCode.PHOTO_GONE)
    if reply.status_code == 429 or reply.status_code >= 500:
        raise Busy(FailureCode.DISCORD_UNREACHABLE, retry_after(reply.headers))
    if reply.status_code != 200:
        raise Unreadable(FailureCode.PHOTO_GONE)
    return await photo(reply, limit)
