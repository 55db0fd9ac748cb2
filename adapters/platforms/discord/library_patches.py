"""Changes to discord.py itself, for what it offers no option for. All of them stand here, and each says why.

They hold for the whole process, which has one bot on Discord. Written for discord.py 2.7; tests on a server that stands
in for Discord fail where a later version has moved what is changed here.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import discord
import yarl
from discord import utils
from discord.components import MediaGalleryItem
from discord.gateway import DiscordWebSocket
from discord.http import Route

KNOWN_COMPONENT = discord.components._component_factory
OFFICIAL_API = "https://discord.com/api/v10"
# What discord.py wants to be told of the application, and other servers may leave out.
APPLICATION = {
    "name": "",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
    "flags": 0,
}
SESSION_LIMITS = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
RATE_LIMIT_SECONDS = 60.0  # between two times that rate limits which have passed are cleared away


def set_api_address(url: str) -> None:
    """Call the API at *url*, DISCORD_API_URL: discord.py has its address in a constant of a class."""
    Route.BASE = url.rstrip("/")
    if Route.BASE != OFFICIAL_API:  # a server like Discord has its pictures in the same place
        discord.Asset.BASE = str(yarl.URL(url).origin())


class UnknownLayout:
    """A component of a kind that this version of discord.py does not know, with those inside it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        inner = [*data.get("components", ()), *filter(None, [data.get("accessory"), data.get("component")])]
        self.children = [*filter(None, map(_make_component, inner))]
        self.spoiler = bool(data.get("spoiler"))
        self.items = [MediaGalleryItem._from_data(item, None) for item in data.get("items", ()) if "media" in item]

    def to_dict(self) -> dict[str, Any]:
        """Return nothing: it is only looked into."""
        return {}


def read_unknown_components() -> None:
    """Look into components of unknown kinds: discord.py drops them, and one that it can't read ends the connection."""
    discord.message._component_factory = _make_component  # type: ignore[attr-defined]
    discord.components._component_factory = _make_component


def _make_component(data: Any, state: Any = None) -> Any:
    """Return a component as discord.py makes it, or else one with what is inside it."""
    try:
        made = KNOWN_COMPONENT(data, state)
    except (KeyError, TypeError, ValueError):
        made = None
    if made is None and isinstance(data, Mapping):
        return UnknownLayout(data)
    return made


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


# servers that speak Discord's protocol with more or fewer fields than Discord's own

_parse_json = utils._from_json


def accept_other_servers() -> None:
    """Read events that say null where Discord leaves a field out, and a READY that leaves fields out."""
    utils._from_json = _read_json


def _read_json(text: Any) -> Any:
    packet = _parse_json(text)
    if isinstance(packet, dict) and packet.get("op") == 0 and isinstance(data := packet.get("d"), dict):
        if data.get("guild_id", "") is None:
            del data["guild_id"]
        if packet.get("t") == "READY":
            _complete_ready(data)
    return packet


def _complete_ready(data: dict[str, Any]) -> None:
    data["session_id"] = data.get("session_id") or ""
    data["resume_gateway_url"] = data.get("resume_gateway_url") or str(DiscordWebSocket.DEFAULT_GATEWAY)
    data["guilds"] = data.get("guilds") or []
    application = data.get("application")
    if not isinstance(application, dict) or "id" not in application:
        data.pop("application", None)
    else:
        application.setdefault("flags", 0)


def complete_replies(client: discord.Client) -> None:
    """Fill in what other servers leave out of their replies about the application and the gateway."""
    read_application, request = client.http.application_info, client.http.request

    async def application_info() -> Any:
        application = await read_application()
        owner = application.get("owner") or {"id": application["id"], "username": "", "discriminator": "0"}
        return {**APPLICATION, **application, "owner": {"avatar": None, "discriminator": "0", **owner}}

    async def get_bot_gateway() -> tuple[int, str, Any]:
        try:
            reply = await request(Route("GET", "/gateway/bot"))
        except discord.HTTPException as error:
            raise discord.GatewayNotFound from error
        limits = reply.get("session_start_limit") or {}
        return reply.get("shards") or 1, reply["url"], {**SESSION_LIMITS, **limits}

    client.http.application_info = application_info  # type: ignore[method-assign]
    client.http.get_bot_gateway = get_bot_gateway  # type: ignore[method-assign]


def guard_events(
    client: discord.AutoShardedClient, read: Callable[[str, Callable[[Any], None], Mapping[str, Any]], None]
) -> None:
    """Let `read` call what reads an event: an error in there would end the connection."""
    parsers = client._connection.parsers
    for event, parse in list(parsers.items()):
        parsers[event] = _guarded(event, parse, read)


def _guarded(
    event: str, parse: Callable[[Any], None], read: Callable[[str, Callable[[Any], None], Mapping[str, Any]], None]
) -> Callable[[Any], None]:
    return lambda data: read(event, parse, data)
