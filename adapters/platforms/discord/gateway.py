"""The gateway connection to Discord: renewed when it breaks, and ended only by faults that the operator must fix."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import discord
import structlog
import yarl

from adapters.platforms.discord.buttons import CommandButton, CommandSelect
from adapters.platforms.discord.incoming import IncomingMessages
from adapters.platforms.discord.interactions import Interactions
from adapters.platforms.discord.library_patches import complete_replies, guard_events, set_gateway_address
from adapters.platforms.discord.partial_messages import read_message
from adapters.platforms.discord.places import NAME
from adapters.platforms.discord.rest_pacing import MAX_SESSION_WAIT, RestPacing
from adapters.platforms.discord.session_budget import SessionBudget
from adapters.platforms.discord.shards import Shards
from bot.errors import FailureCode, Refused
from bot.operations.set_aside import SetAsideLog
from bot.util.proxies import http_proxy, open_connector
from bot.util.retry import DISCORD_GATEWAY, Backoff

log = structlog.get_logger(__name__)

# So long without a further server, and the shard counts as ready: what was written until then waits for it. Those that
# come later are caught up with one by one (on_guild_available). discord.py waits two seconds.
NO_FURTHER_SERVER = 0.5  # seconds

# Codes with which Discord closes a connection for good, and the sentence for the operator.
FINAL = {
    4004: FailureCode.DISCORD_WRONG_TOKEN,
    4010: FailureCode.DISCORD_SHARDS,
    4011: FailureCode.DISCORD_SHARDS,
    4014: FailureCode.DISCORD_INTENTS,
}


class GatewayClient(discord.AutoShardedClient):
    """A client that passes on events in the order of arrival: discord.py starts handlers in order, and none waits."""

    def __init__(
        self,
        incoming: IncomingMessages,
        interactions: Interactions,
        intents: discord.Intents,
        shards: Shards | None,
        pacing: RestPacing,
        budget: SessionBudget | None = None,
        proxy: str | None = None,
        set_aside: SetAsideLog | None = None,
    ) -> None:
        shard_options: dict[str, Any] = {"shard_ids": list(shards.ids), "shard_count": shards.count} if shards else {}
        super().__init__(
            intents=intents,
            **shard_options,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=NO_FURTHER_SERVER,
            allowed_mentions=discord.AllowedMentions.none(),
            connector=open_connector(proxy),
            proxy=http_proxy(proxy),
            http_trace=pacing.trace(),
        )
        self._incoming, self._interactions, self._pacing = incoming, interactions, pacing
        self._budget = budget
        self._max_concurrency = 1  # sessions that may begin side by side
        self._may_begin: set[int] = set()  # shards
        self.connected: set[int] = set()  # shards
        self._identifying: deque[int] = deque()  # shards that wait for READY, which other servers do not number
        self._set_aside = set_aside or SetAsideLog(NAME)
        guard_events(self, self._read_event)
        complete_replies(self)
        self.add_dynamic_items(CommandButton, CommandSelect)

    async def setup_hook(self) -> None:
        """Find the gateway and how many sessions may begin side by side."""
        _, gateway, limits = await self.http.get_bot_gateway()
        set_gateway_address(gateway)
        self._max_concurrency = limits["max_concurrency"]

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard once a session may begin: where many start together, that takes minutes."""
        if self._budget is not None:
            await self._budget.acquire(self._fetch_session_limits)
        await self._pacing.wait_for_session(shard_id, self._max_concurrency)
        self._may_begin.add(shard_id)
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until a session may begin again. The connection is open already, and renewed when that takes long."""
        shard = shard_id or 0
        if shard not in self._identifying:
            self._identifying.append(shard)
        if shard in self._may_begin:
            self._may_begin.discard(shard)
        else:
            if self._budget is not None:
                await self._budget.acquire(self._fetch_session_limits, MAX_SESSION_WAIT)
            await self._pacing.wait_for_session(shard, self._max_concurrency, MAX_SESSION_WAIT)

    async def _fetch_session_limits(self) -> Mapping[str, Any]:
        _, _, limits = await self.http.get_bot_gateway()
        return limits

    def _read_event(self, event: str, parse: Callable[[Any], None], data: Mapping[str, Any]) -> None:
        """Read an event. One that cannot be read is set aside, instead of ending the connection."""
        try:
            if event == "READY":
                self._read_ready(parse, data)
            elif event == "MESSAGE_CREATE":
                read_message(parse, data)
            else:
                parse(data)
        except Exception as error:
            kind = {"MESSAGE": "message", "INTERACTION": "interaction"}.get(event.partition("_")[0], "event")
            self._set_aside.note(kind, error, name=event)

    def _read_ready(self, parse: Callable[[Any], None], data: Mapping[str, Any]) -> None:
        """Read READY, also of a server that leaves out the shard, or sends its servers whole along with it."""
        shard = data["shard"][0] if data.get("shard") else next(iter(self._identifying), 0)
        if shard in self._identifying:
            self._identifying.remove(shard)
        whole = [guild for guild in data["guilds"] if "channels" in guild]
        stubs = [{"id": guild["id"], "unavailable": True} for guild in data["guilds"]]
        parse({**data, "shard": data.get("shard") or [shard, self.shard_count or 1], "guilds": stubs})
        read_guild = self._connection.parsers["GUILD_CREATE"]
        for guild in whole:
            read_guild({**guild, "unavailable": False})

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Handle an error in the handling of an event."""
        error = sys.exception()
        self._set_aside.note("event", error or RuntimeError(), name=event_method)

    @property
    def me(self) -> int:
        """The bot's own id."""
        return self.user.id if self.user else 0

    # events

    async def on_message(self, message: discord.Message) -> None:
        """Handle a message."""
        self._incoming.handle_message(message, self.me)

    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Handle an edit of a message."""
        self._incoming.handle_edit(edit.message, self.me)

    async def on_raw_message_delete(self, deletion: discord.RawMessageDeleteEvent) -> None:
        """Handle the deletion of a message."""
        self._handle_delete(deletion.guild_id, deletion.channel_id, {deletion.message_id})

    async def on_raw_bulk_message_delete(self, deletion: discord.RawBulkMessageDeleteEvent) -> None:
        """Handle the deletion of many messages."""
        self._handle_delete(deletion.guild_id, deletion.channel_id, deletion.message_ids)

    def _handle_delete(self, guild: int | None, channel: int, messages: set[int]) -> None:
        self._incoming.handle_delete(self.get_guild(guild or 0), channel, guild is None, messages)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Handle a server that can be seen from now on: at the start, after an outage, or minutes late."""
        self._incoming.catch_up_late(self, guild, self.me)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Handle a new server."""
        self._incoming.handle_join(guild)

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """Handle a new channel of a server."""
        self._incoming.handle_new_channels(channel.guild, [channel.id])

    async def on_thread_create(self, thread: discord.Thread) -> None:
        """Handle a new thread of a channel."""
        self._incoming.handle_new_channels(thread.guild, [thread.id])

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle an interaction; presses of buttons come to `handle_press` by themselves."""
        await self._interactions.handle(interaction)

    async def handle_press(self, interaction: discord.Interaction, command: str) -> None:
        """Handle a press of one of our buttons."""
        try:
            await self._interactions.handle_press(interaction, command)
        except Exception as error:  # discord.py would only log it
            self._set_aside.note("interaction", error)

    # the connection

    async def on_shard_connect(self, shard: int) -> None:
        """Handle a new session of a shard: Discord does not repeat what was missed."""
        self._incoming.hold(shard)

    async def on_shard_ready(self, shard: int) -> None:
        """Handle a shard that knows its servers."""
        self.connected.add(shard)
        await self._incoming.catch_up(self, shard, self.me)

    async def on_shard_resumed(self, shard: int) -> None:
        """Handle a resumed session of a shard, which got all that it had missed."""
        self._incoming.note_resumed(shard)
        self.connected.add(shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        """Handle a shard that lost its connection; discord.py renews it."""
        self._incoming.note_lost(shard)
        self.connected.discard(shard)


async def stay_connected(
    make_client: Callable[[], GatewayClient], token: str, on_client: Callable[[GatewayClient], object]
) -> None:
    """Listen until cancelled. `on_client` gets each new client. Raises Refused when the operator has to fix something.

    An event that discord.py cannot read ends its connection, and a new one is made.
    """
    backoff = Backoff(DISCORD_GATEWAY)
    while True:
        client = make_client()
        on_client(client)
        started_at = asyncio.get_running_loop().time()
        try:
            async with client:
                await client.start(token)
        except discord.LoginFailure as error:
            raise Refused(FailureCode.DISCORD_WRONG_TOKEN) from error
        except discord.PrivilegedIntentsRequired as error:
            raise Refused(FailureCode.DISCORD_INTENTS) from error
        except discord.ConnectionClosed as error:
            if key := FINAL.get(error.code):
                raise Refused(key) from error
            log.warning("Discord closed the connection", code=error.code)
        except Exception as error:
            log.warning("the connection to Discord broke", error=repr(error))
        if asyncio.get_running_loop().time() - started_at > DISCORD_GATEWAY.longest:
            backoff.reset()
        await asyncio.sleep(backoff.next_delay())
