"""The live connection to Discord: made again when it breaks, and ended only by what the operator has to mend."""

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import structlog
import yarl

from adapters.platforms.discord.buttons import CommandButton, CommandSelect
from adapters.platforms.discord.incoming import IncomingMessages
from adapters.platforms.discord.interactions import Interactions
from adapters.platforms.discord.library_patches import set_gateway_address
from adapters.platforms.discord.rest_pacing import LONGEST_HOLD, RestPacing
from adapters.platforms.discord.shards import Shards
from bot.errors import Refused
from bot.util.retry import DISCORD_GATEWAY, Backoff

log = structlog.get_logger(__name__)

# Codes with which Discord ends a connection for good, and what the operator is told.
FINAL = {4004: "discord_wrong_token", 4010: "discord_shards", 4011: "discord_shards", 4014: "discord_intents"}


class GatewayClient(discord.AutoShardedClient):
    """Hands every event on in the order of its arrival: discord.py starts handlers in that order, and none waits."""

    def __init__(
        self,
        hearing: IncomingMessages,
        asking: Interactions,
        intents: discord.Intents,
        shards: Shards | None,
        pace: RestPacing,
    ) -> None:
        chosen: dict[str, Any] = {"shard_ids": list(shards.ids), "shard_count": shards.count} if shards else {}
        super().__init__(
            intents=intents,
            **chosen,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=pace.trace(),
        )
        self._hearing, self._asking, self._pace = hearing, asking, pace
        self._at_once = 1  # sessions that may begin side by side
        self._may_begin: set[int] = set()  # shards
        self.connected: set[int] = set()  # shards
        self.add_dynamic_items(CommandButton, CommandSelect)

    async def setup_hook(self) -> None:
        """Find the gateway and how many sessions may begin side by side."""
        _, gateway, limits = await self.http.get_bot_gateway()
        set_gateway_address(gateway)
        self._at_once = limits["max_concurrency"]

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard, once a session may begin: where many start together, that takes minutes."""
        await self._pace.session(shard_id, self._at_once)
        self._may_begin.add(shard_id)
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until a session may begin again. The connection is there already, and made anew when that takes long."""
        shard = shard_id or 0
        if shard in self._may_begin:
            self._may_begin.discard(shard)
        else:
            await self._pace.session(shard, self._at_once, LONGEST_HOLD)

    @property
    def me(self) -> int:
        """The bot's own id."""
        return self.user.id if self.user else 0

    # events

    async def on_message(self, message: discord.Message) -> None:
        """Somebody said something."""
        self._hearing.said(message, self.me)

    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Somebody changed a message."""
        self._hearing.edited(edit.message, self.me)

    async def on_raw_message_delete(self, gone: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        self._deleted(gone.guild_id, gone.channel_id, {gone.message_id})

    async def on_raw_bulk_message_delete(self, gone: discord.RawBulkMessageDeleteEvent) -> None:
        """Many were."""
        self._deleted(gone.guild_id, gone.channel_id, gone.message_ids)

    def _deleted(self, guild: int | None, channel: int, messages: set[int]) -> None:
        self._hearing.deleted(self.get_guild(guild or 0), channel, guild is None, messages)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A server took the bot in."""
        self._hearing.joined(guild)

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """A server has a new channel."""
        self._hearing.appeared(channel.guild, [channel.id])

    async def on_thread_create(self, thread: discord.Thread) -> None:
        """A channel has a new thread."""
        self._hearing.appeared(thread.guild, [thread.id])

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Somebody used a control of Discord's; buttons find their own way to `pressed`."""
        await self._asking.take(interaction)

    async def pressed(self, interaction: discord.Interaction, command: str) -> None:
        """Somebody pressed a button of ours."""
        await self._asking.pressed(interaction, command)

    # the connection

    async def on_shard_connect(self, shard: int) -> None:
        """A shard began anew: Discord does not say again what was missed."""
        self._hearing.hold(shard)

    async def on_shard_ready(self, shard: int) -> None:
        """A shard knows its servers."""
        self.connected.add(shard)
        await self._hearing.catch_up(self, shard, self.me)

    async def on_shard_resumed(self, shard: int) -> None:
        """A shard is back, and was told all that it had missed."""
        self.connected.add(shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        """A shard lost its connection; discord.py makes it again."""
        self.connected.discard(shard)


async def stay_connected(
    make: Callable[[], GatewayClient], token: str, seen: Callable[[GatewayClient], object]
) -> None:
    """Listen until cancelled. `seen` is shown each connection. Refused when the operator has to mend something.

    An event that discord.py cannot read ends its connection: then a new one is made.
    """
    backoff = Backoff(DISCORD_GATEWAY)
    while True:
        ears = make()
        seen(ears)
        began = asyncio.get_running_loop().time()
        try:
            async with ears:
                await ears.start(token)
        except discord.LoginFailure as error:
            raise Refused("discord_wrong_token") from error
        except discord.PrivilegedIntentsRequired as error:
            raise Refused("discord_intents") from error
        except discord.ConnectionClosed as error:
            if key := FINAL.get(error.code):
                raise Refused(key) from error
            log.warning("Discord closed the connection", code=error.code)
        except Exception as error:
            log.warning("the connection to Discord broke", error=repr(error))
        if asyncio.get_running_loop().time() - began > DISCORD_GATEWAY.longest:
            backoff.reset()
        await asyncio.sleep(backoff.next_delay())
