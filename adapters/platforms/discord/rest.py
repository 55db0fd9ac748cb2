"""The REST client of Discord, for everything that needs no gateway connection."""

import asyncio
import re
from types import SimpleNamespace

import aiohttp
import discord

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.library_patches import (
    accept_other_servers,
    clear_rate_limits_rarely,
    complete_replies,
    read_unknown_components,
    set_api_address,
    silence_voice_warnings,
)
from adapters.platforms.discord.rest_pacing import RestPacing
from bot.errors import Busy, FailureCode
from bot.util.proxies import http_proxy, open_connector

POSTING = re.compile(r"/(?:channels/(?=\d+/messages)|webhooks/\d+/)([^/]+)")  # in a channel, or by a token
MAX_ROUTES = 5_000  # channels and tokens whose remaining calls are known
RESERVED = 1  # calls that are kept for complete texts


class RemainingCalls:
    """The remaining calls of each channel and interaction token, by the headers of Discord's replies."""

    def __init__(self) -> None:
        self._remaining: dict[tuple[str, str], tuple[int, float]] = {}  # by method and key: calls, reset

    def pause(self, method: str, key: str) -> float:
        """Return the seconds until a best-effort call should be made; 0 where there is room.

        `key` is a channel's id or an interaction's token.
        """
        remaining, until = self._remaining.get((method, key), (RESERVED + 1, 0.0))
        return max(0.0, until - asyncio.get_running_loop().time()) if remaining <= RESERVED else 0.0

    async def note(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, trace_params: aiohttp.TraceRequestEndParams
    ) -> None:
        """Read the headers of a reply; called by aiohttp."""
        match = POSTING.search(trace_params.url.path)
        headers = trace_params.response.headers
        if match is None or "X-RateLimit-Remaining" not in headers:
            return
        until = asyncio.get_running_loop().time() + float(headers.get("X-RateLimit-Reset-After", 0))
        route = trace_params.method, match[1]
        self._remaining.pop(route, None)
        self._remaining[route] = int(headers["X-RateLimit-Remaining"]), until
        if len(self._remaining) > MAX_ROUTES:
            del self._remaining[next(iter(self._remaining))]


class RestClient:
    """A client that logs in when it is first used, so that the bot can start while Discord is away."""

    def __init__(self, token: str, url: str, pacing: RestPacing, proxy: str | None = None) -> None:
        """Make a client; `url` is that of the API, `proxy` the way to it.

        discord.py knows one address for the whole process.
        """
        self._token, self._pacing, self.proxy = token, pacing, proxy
        set_api_address(url)
        silence_voice_warnings()
        read_unknown_components()
        accept_other_servers()
        self.remaining_calls = RemainingCalls()
        self._client: discord.Client | None = None
        self._lock = asyncio.Lock()

    async def client(self) -> discord.Client:
        """Return the client, logged in. Raises Refused when Discord does not know the token."""
        async with self._lock:
            if self._client is None:
                self._client = await self._log_in()
        return self._client

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.close()

    async def get_channel(self, channel: int) -> discord.PartialMessageable:
        """Return a channel to post in."""
        return (await self.client()).get_partial_messageable(channel)

    async def fetch_message(self, channel: int, message: int) -> discord.Message:
        """Fetch a message again, with fresh links to its files."""
        return await (await self.get_channel(channel)).fetch_message(message)

    async def application(self) -> discord.AppInfo:
        """Return the bot's application, as in the Developer Portal."""
        application = (await self.client()).application
        if application is None:  # logging in reads it
            raise Busy(FailureCode.DISCORD_UNREACHABLE)
        return application

    async def _log_in(self) -> discord.Client:
        trace = self._pacing.trace()
        trace.on_request_end.append(self.remaining_calls.note)
        client = discord.Client(
            intents=discord.Intents(guilds=True),  # of no use here, and without it discord.py complains
            max_messages=None,
            connector=open_connector(self.proxy),
            proxy=http_proxy(self.proxy),
            http_trace=trace,
            max_ratelimit_timeout=60,
        )
        clear_rate_limits_rarely(client)
        complete_replies(client)
        try:
            with map_discord_errors():
                await client.login(self._token)
        except BaseException:
            await client.close()
            raise
        return client
