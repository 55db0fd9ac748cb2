"""The listener: one process for each set of shards, while others stand by."""

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
from adapters.platforms.discord.references import References
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.rest_pacing import RestPacing
from adapters.platforms.discord.session_budget import SessionBudget
from adapters.platforms.discord.shards import Shards
from adapters.platforms.discord.slash_commands import Payload, sync_commands
from adapters.platforms.discord.threads import PermissionNotices, PhotoThreads
from bot.chat_platform import Health, HealthState
from bot.errors import BotError, Refused
from bot.operations.set_aside import SetAsideLog
from bot.ports import Channels, Coordination, Receive, TurnIntake
from bot.util.retry import DISCORD_INTENTS, Backoff
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

STANDBY_SECONDS = 1.0  # of waiting for the turn to listen, after which a process is a standby


@dataclass(kw_only=True)
class DiscordListener:
    """The parts of listening. The state of a connection is made anew each time that it is our turn to listen."""

    token: str
    rest: RestClient
    intake: TurnIntake
    channels: Channels
    coordination: Coordination
    pacing: RestPacing
    shards: Shards | None
    commands: Sequence[Payload]
    links: LinkCache
    notices: PermissionNotices
    references: References
    set_aside: SetAsideLog
    budget: SessionBudget
    make_interactions: Callable[[Receive, ChannelQueues], Interactions]
    _client: GatewayClient | None = field(default=None, init=False)
    _waiting_since: float | None = field(default=None, init=False)  # monotonic

    async def run(self, receive: Receive) -> None:
        """Pass every message to `receive` while no other process does so, until cancelled.

        Raises Refused when the operator has to fix something.
        """
        name = f"{NAME} {self.shards}" if self.shards else NAME
        self._waiting_since = time.monotonic()
        try:
            await self.coordination.run_exclusively(name, partial(self._take_turn, receive))
        finally:
            self._waiting_since = None

    @property
    def health(self) -> Health:
        """The number of connected shards, or the fact that another process listens."""
        if self._is_standby:
            return Health(HealthState.STANDBY, "waits: another process listens to Discord")
        if self._client is None:
            return Health(HealthState.DOWN, "not connected yet")
        connected, shards = self._client.connected, self._client.shards
        is_up = bool(shards) and connected >= set(shards)
        if not is_up and self.budget.detail:
            return Health(HealthState.DOWN, self.budget.detail)
        detail = f"{len(connected)} of {len(shards) or 1} shards are connected to Discord"
        return Health(HealthState.UP if is_up else HealthState.DOWN, detail)

    @property
    def _is_standby(self) -> bool:
        return self._waiting_since is not None and time.monotonic() - self._waiting_since > STANDBY_SECONDS

    async def _take_turn(self, receive: Receive) -> None:
        self._waiting_since = None
        try:
            await self._listen(receive)
        finally:
            self._client, self._waiting_since = None, time.monotonic()

    async def _listen(self, receive: Receive) -> None:
        intents = await self._fetch_intents()
        queues, read_marks = ChannelQueues(self.set_aside), ReadMarks(self.channels)
        incoming = IncomingMessages(
            receive,
            self.intake,
            queues=queues,
            read_marks=read_marks,
            links=self.links,
            threads=PhotoThreads(self.channels),
            notices=self.notices,
            references=self.references,
            set_aside=self.set_aside,
        )
        interactions = self.make_interactions(receive, queues)
        tasks = BackgroundTasks()
        tasks.start(read_marks.keep_saving())
        if self.shards is None or 0 in self.shards.ids:
            tasks.start(self._sync_commands())
        try:
            await stay_connected(
                lambda: GatewayClient(
                    incoming,
                    interactions,
                    intents=intents,
                    shards=self.shards,
                    pacing=self.pacing,
                    budget=self.budget,
                    proxy=self.rest.proxy,
                    set_aside=self.set_aside,
                ),
                self.token,
                self._set_client,
            )
        finally:
            await incoming.close()
            await interactions.wait_for_running()
            await queues.close()
            await tasks.close()

    def _set_client(self, client: GatewayClient) -> None:
        self._client = client

    async def _fetch_intents(self) -> discord.Intents:
        """Return the intents to ask for: the content of messages only where it is granted, or Discord disconnects."""
        backoff = Backoff(DISCORD_INTENTS)
        while True:
            try:
                flags = (await self.rest.application()).flags
            except Refused:
                raise
            except Exception as error:  # whatever it is: Discord, or a proxy before it, may recover
                pause = backoff.next_delay()
                log.warning("Discord cannot be reached yet", again_in=round(pause, 1), reason=repr(error))
                await asyncio.sleep(pause)
                continue
            granted = flags.gateway_message_content or flags.gateway_message_content_limited
            log.info("listening on Discord", message_content=granted)
            return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=granted)

    async def _sync_commands(self) -> None:
        try:
            with map_discord_errors():
                await sync_commands(await self.rest.client(), self.commands)
        except BotError as error:
            log.warning("Discord does not take the commands", reason=error.code)
