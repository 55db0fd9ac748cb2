"""Discord's files, fetched by links that are over within a day; `pictures` tells how each one is known for ever."""

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
from adapters.platforms.discord.message_files import HIDDEN, links_in
from bot.errors import Busy, Refused, Unreadable
from bot.messages import Attachment
from bot.util.http import Http, Reply, check_size, photo

__all__ = ["AttachmentDownloads", "LinkCache"]

log = structlog.get_logger(__name__)

FetchMessage = Callable[[int, int], Awaitable[discord.Message]]

SILENCE = 20.0  # seconds that Discord may say nothing
MOST_LINKS = 10_000
MARGIN = 60.0  # seconds that a link has to be good for, to be worth asking
UNSIGNED = 600.0  # seconds that we trust a link which does not say how long it is good


class LinkExpired(Unreadable):
    """Nothing is behind the link any more: worth asking for a fresh one."""


# links


class LinkCache:
    """Links that are still good, in memory only: whoever reads one may look at the photo.

    A process that has not heard the message asks Discord for its own.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells the seconds since 1970, as Discord counts them."""
        self._clock = clock
        self._links: dict[str, tuple[str, float]] = {}  # until when, by ref

    def __repr__(self) -> str:
        return f"<{len(self._links)} links>"

    def note(self, ref: str, url: str) -> None:
        """Remember a link. The oldest is forgotten for it."""
        self.forget(ref)
        self._links[ref] = url, self._end(url)
        if len(self._links) > MOST_LINKS:
            del self._links[next(iter(self._links))]

    def fresh(self, ref: str) -> str | None:
        """A link that is good for a while yet."""
        url, end = self._links.get(ref, (None, 0.0))
        return url if self._clock() < end else None

    def forget(self, ref: str) -> None:
        """The link turned out to be over."""
        self._links.pop(ref, None)

    def _end(self, url: str) -> float:
        try:
            return int(parse_qs(urlsplit(url).query)["ex"][0], 16) - MARGIN
        except (KeyError, ValueError):
            return self._clock() + UNSIGNED


# bytes


class AttachmentDownloads:
    """Fetches what messages show. To be entered first."""

    def __init__(self, fetch_message: FetchMessage, keep: AttachmentStore, links: LinkCache) -> None:
        """`fetch_message` asks Discord for the message with these ids, of the channel and its own."""
        self._fetch_message, self._keep, self._links = fetch_message, keep, links
        self._http = Http("", silence=SILENCE)
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by channel and message

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.__aexit__(*exc)

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file. Unreadable when it holds more than `limit` bytes, is gone, or is a film."""
        if attachment.mime.startswith("video/") and not attachment.sound:
            raise Unreadable("photo_not_an_image")
        check_size(attachment.size, limit)
        kind, _, rest = attachment.ref.partition("/")
        if kind == HIDDEN:
            raise Unreadable("discord_hidden")
        if kind == "keep":
            return await self._kept(rest, limit)
        if kind == "sticker":
            return await self._fetch(_sticker_link(rest), limit)
        return await self._shown(attachment.ref, limit)

    async def fetch_at_once(self, url: str, id: str, limit: int) -> None:
        """Put a file that came with an interaction into `Keep`. Fails as `download` does."""
        await self._keep.put(id, await self._fetch(url, limit))

    async def expire(self, before: float) -> None:
        """Forget what has been kept since before then."""
        await self._keep.expire(before)

    async def _kept(self, id: str, limit: int) -> bytes:
        data = await self._keep.get(id)
        if data is None:
            raise Unreadable("photo_gone")
        check_size(len(data), limit)
        return data

    async def _shown(self, ref: str, limit: int) -> bytes:
        if link := self._links.fresh(ref):
            try:
                return await self._fetch(link, limit)
            except LinkExpired:
                self._links.forget(ref)
        return await self._fetch(await self._fresh_link(ref), limit)

    async def _fresh_link(self, ref: str) -> str:
        message = ref.rpartition("/")[0]
        one_at_a_time = self._asking.setdefault(message, asyncio.Lock())
        async with one_at_a_time:  # its photos are fetched side by side, and one look at the message is enough for all
            if link := self._links.fresh(ref):
                return link
            found = links_in(await self._message(*map(int, message.split("/"))))
            for each, link in found.items():
                self._links.note(each, link)
        if ref not in found:
            raise Unreadable("photo_gone")
        return found[ref]

    async def _message(self, channel: int, message: int) -> discord.Message:
        try:
            with map_discord_errors():
                said = await self._fetch_message(channel, message)
        except Refused as error:
            raise Unreadable("photo_gone") from error
        return said

    async def _fetch(self, link: str, limit: int) -> bytes:
        try:
            async with self._http.stream("GET", link) as reply:
                return await _body(reply, limit)
        except Unreadable:
            raise
        except Busy as error:
            log.warning("a file of Discord's cannot be reached", reason=type(error.__cause__ or error).__name__)
            raise Busy("discord_unreachable", error.retry_after) from None  # what lies below may quote the link
        except Refused:
            raise Unreadable("photo_gone") from None


def _sticker_link(file: str) -> str:
    # As discord.py has it: what moves lies elsewhere.
    return f"{'https://media.discordapp.net' if file.endswith('.gif') else discord.Asset.BASE}/stickers/{file}"


async def _body(reply: Reply, limit: int) -> bytes:
    if reply.status_code in (403, 404, 410):
        raise LinkExpired("photo_gone")
    if reply.status_code == 429 or reply.status_code >= 500:
        raise Busy("discord_unreachable", retry_after(reply.headers))
    if reply.status_code != 200:
        raise Unreadable("photo_gone")
    return await photo(reply, limit)
