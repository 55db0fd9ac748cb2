"""Discord's REST side: all that can be done without a live connection."""

import asyncio
import re
from types import SimpleNamespace

import aiohttp
import discord

from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.library_patches import (
    clear_rate_limits_rarely,
    set_api_address,
    silence_voice_warnings,
)
from adapters.platforms.discord.rest_pacing import RestPacing
from bot.errors import Busy

SAYING = re.compile(r"/(?:channels/(?=\d+/messages)|webhooks/\d+/)([^/]+)")  # in a channel, or by a ticket's token
REMEMBERED = 5_000  # channels and tickets whose allowance is known
RESERVED = 1  # calls of an allowance that are kept for whole texts


class RemainingCalls:
    """What is left of each channel's and each ticket's rate limit, as the headers of Discord's answers tell it."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], tuple[int, float]] = {}  # by method and where: calls left, until when

    def pause(self, method: str, where: str) -> float:
        """Seconds until a call that can be missed should be made; 0 where there is room.

        `where` is a channel's id or a ticket's token.
        """
        left, until = self._left.get((method, where), (RESERVED + 1, 0.0))
        return max(0.0, until - asyncio.get_running_loop().time()) if left <= RESERVED else 0.0

    async def note(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, answered: aiohttp.TraceRequestEndParams
    ) -> None:
        """Read the answer to a call; for a client of aiohttp's to call."""
        found = SAYING.search(answered.url.path)
        headers = answered.response.headers
        if found is None or "X-RateLimit-Remaining" not in headers:
            return
        until = asyncio.get_running_loop().time() + float(headers.get("X-RateLimit-Reset-After", 0))
        place = answered.method, found[1]
        self._left.pop(place, None)
        self._left[place] = int(headers["X-RateLimit-Remaining"]), until
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]


class RestClient:
    """Logs in when it is first needed, so that the bot can start while Discord is away."""

    def __init__(self, token: str, url: str, pace: RestPacing) -> None:
        """`url` is that of the API. discord.py knows one for the whole process."""
        self._token, self._pace = token, pace
        set_api_address(url)
        silence_voice_warnings()
        self.allowance = RemainingCalls()
        self._client: discord.Client | None = None
        self._lock = asyncio.Lock()

    async def client(self) -> discord.Client:
        """The client, logged in. Refused when Discord does not know the token."""
        async with self._lock:
            if self._client is None:
                self._client = await self._logged_in()
        return self._client

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.close()

    async def place(self, channel: int) -> discord.PartialMessageable:
        """A channel to speak in."""
        return (await self.client()).get_partial_messageable(channel)

    async def message(self, channel: int, message: int) -> discord.Message:
        """Read a message again, with fresh links to its files."""
        return await (await self.place(channel)).fetch_message(message)

    async def application(self) -> discord.AppInfo:
        """What the Developer Portal says of the bot."""
        application = (await self.client()).application
        if application is None:  # logging in reads it
            raise Busy("discord_unreachable")
        return application

    async def _logged_in(self) -> discord.Client:
        trace = self._pace.trace()
        trace.on_request_end.append(self.allowance.note)
        client = discord.Client(
            intents=discord.Intents(guilds=True),  # of no use here, and without it discord.py complains
            max_messages=None,
            http_trace=trace,
            max_ratelimit_timeout=60,
        )
        clear_rate_limits_rarely(client)
        try:
            with map_discord_errors():
                await client.login(self._token)
        except BaseException:
            await client.close()
            raise
        return client
