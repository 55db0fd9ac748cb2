"""Listening to Discord: by one process for each set of shards, while others wait to take its place."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import discord
import structlog

from adapters.platforms.discord.channel_queues import ChannelQueues
from adapters.platforms.discord.downloads import LinkCache
from adapters.platforms.discord.errors import map_discord_errors
from adapters.platforms.discord.gateway import GatewayClient, stay_connected
from adapters.platforms.discord.incoming import IncomingMessages
from adapters.platforms.discord.interactions import Interactions
from adapters.platforms.discord.places import NAME
from adapters.platforms.discord.read_marks import ReadMarks
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.rest_pacing import RestPacing
from adapters.platforms.discord.shards import Shards
from adapters.platforms.discord.slash_commands import Payload, sync
from adapters.platforms.discord.threads import PermissionNotices, PhotoThreads
from bot.chat_platform import Health, HealthState
from bot.errors import BotError, Refused
from bot.ports import Channels, Coordination, Receive, TurnIntake
from bot.util.retry import DISCORD_INTENTS, Backoff
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

STANDBY = 1.0  # seconds after which who still waits for its turn to listen is a standby


@dataclass
class DiscordListener:
    """Everything that hearing takes. What is remembered of a connection is made anew each time that we may listen."""

    token: str
    rest: RestClient
    intake: TurnIntake
    channels: Channels
    coordination: Coordination
    pace: RestPacing
    shards: Shards | None
    commands: Sequence[Payload]
    links: LinkCache
    tact: PermissionNotices
    asking: Callable[[Receive, ChannelQueues], Interactions]
    _ears: GatewayClient | None = field(default=None, init=False)
    _waits_since: float | None = field(default=None, init=False)  # monotonic

    async def run(self, receive: Receive) -> None:
        """Hand every message to `receive` while no other process does so, until cancelled.

        Refused when the operator has to mend something.
        """
        name = f"{NAME} {self.shards}" if self.shards else NAME
        self._waits_since = time.monotonic()
        try:
            await self.coordination.run_exclusively(name, partial(self._in_turn, receive))
        finally:
            self._waits_since = None

    @property
    def health(self) -> Health:
        """Whether every shard is connected, or another process listens."""
        if self._is_standby:
            return Health(HealthState.STANDBY, "waits: another process listens to Discord")
        if self._ears is None:
            return Health(HealthState.DOWN, "not connected yet")
        connected, shards = self._ears.connected, self._ears.shards
        is_up = bool(shards) and connected >= set(shards)
        detail = f"{len(connected)} of {len(shards) or 1} shards are connected to Discord"
        return Health(HealthState.UP if is_up else HealthState.DOWN, detail)

    @property
    def _is_standby(self) -> bool:
        return self._waits_since is not None and time.monotonic() - self._waits_since > STANDBY

    async def _in_turn(self, receive: Receive) -> None:
        self._waits_since = None
        try:
            await self._hear(receive)
        finally:
            self._ears, self._waits_since = None, time.monotonic()

    async def _hear(self, receive: Receive) -> None:
        intents = await self._insist_on_intents()
        lines, marks = ChannelQueues(), ReadMarks(self.channels)
        hearing = IncomingMessages(
            receive, self.intake, lines, marks, self.links, PhotoThreads(self.channels), self.tact
        )
        asking = self.asking(receive, lines)
        beside = BackgroundTasks()
        beside.start(marks.keep())
        if self.shards is None or 0 in self.shards.ids:
            beside.start(self._tell_commands())
        try:
            await stay_connected(
                lambda: GatewayClient(hearing, asking, intents, self.shards, self.pace), self.token, self._see
            )
        finally:
            await asking.settle()
            await lines.close()
            await beside.close()

    def _see(self, ears: GatewayClient) -> None:
        self._ears = ears

    async def _insist_on_intents(self) -> discord.Intents:
        """The intents to ask for: the content of messages only where it has been granted, or Discord hangs up."""
        backoff = Backoff(DISCORD_INTENTS)
        while True:
            try:
                flags = (await self.rest.application()).flags
            except Refused:
                raise
            except Exception as error:  # whatever it is: Discord, or what stands before it, may come to its senses
                pause = backoff.next_delay()
                log.warning("Discord cannot be reached yet", again_in=round(pause, 1), reason=repr(error))
                await asyncio.sleep(pause)
                continue
            granted = flags.gateway_message_content or flags.gateway_message_content_limited
            log.info("listening on Discord", message_content=granted)
            return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=granted)

    async def _tell_commands(self) -> None:
        try:
            with map_discord_errors():
                await sync(await self.rest.client(), self.commands)
        except BotError as error:
            log.warning("Discord does not take the commands", reason=error.key)
