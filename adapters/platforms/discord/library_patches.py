"""Changes to discord.py itself, for what it offers no option for. All of them stand here, and each says why.

They hold for the whole process, which has one bot on Discord. Written for discord.py 2.7; tests on a server that stands
in for Discord fail where a later version has moved what is changed here.
"""

import time

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

OFFICIAL_API = "https://discord.com/api/v10"
RATE_LIMIT_SECONDS = 60.0  # between two times that rate limits which have passed are cleared away


def set_api_address(url: str) -> None:
    """Call the API at *url*, DISCORD_API_URL: discord.py has its address in a constant of a class."""
    Route.BASE = url.rstrip("/")
    if Route.BASE != OFFICIAL_API:  # a server like Discord has its pictures in the same place
        discord.Asset.BASE = str(yarl.URL(url).origin())


def set_gateway_address(url: str) -> None:
    """Connect to the gateway that the API names: when it connects anew, discord.py at times takes a constant."""
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)


def silence_voice_warnings() -> None:
    """Tell nobody what the bot lacks for calls: it joins none."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


def clear_rate_limits_rarely(client: discord.Client) -> None:
    """Clear away rate limits that have passed once a minute, and not with each new channel as discord.py does."""
    clear, cleared_at = client.http._try_clear_expired_ratelimits, time.monotonic()

    def clear_rarely() -> None:
        nonlocal cleared_at
        if time.monotonic() - cleared_at > RATE_LIMIT_SECONDS:
            cleared_at = time.monotonic()
            clear()

    client.http._try_clear_expired_ratelimits = clear_rarely  # type: ignore[method-assign]
