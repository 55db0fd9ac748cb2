"""What is said on Discord, in order, nothing twice, and nothing that was said while the bot was away left out."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import discord
import structlog

from adapters.platforms.discord.catch_up import CatchUpPlan, HistoryBudget, add_guild, plan_catch_up
from adapters.platforms.discord.channel_queues import ChannelQueues, Work, retry_until_done
from adapters.platforms.discord.downloads import LinkCache
from adapters.platforms.discord.message_files import links_in
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.read_marks import ReadMarks
from adapters.platforms.discord.threads import PermissionNotices, PhotoThreads
from adapters.platforms.discord.translate import is_hidden, place_of, translate
from bot.errors import Refused
from bot.messages import Channel, Message
from bot.ports import Receive, TurnIntake

log = structlog.get_logger(__name__)

AT_ONCE = 4  # channels that are read at the same time


class IncomingMessages:
    """Takes in what a live connection hears. A connection may break and be made anew; this stays."""

    def __init__(
        self,
        receive: Receive,
        intake: TurnIntake,
        lines: ChannelQueues,
        marks: ReadMarks,
        links: LinkCache,
        threads: PhotoThreads,
        tact: PermissionNotices,
    ) -> None:
        self._receive, self._intake = receive, intake
        self._lines, self._marks, self._links = lines, marks, links
        self._threads, self._tact = threads, tact
        self._held: dict[int, list[tuple[int, Work]]] = {}  # by shard: what waits until older messages have been read
        self._clients: dict[int, discord.Client] = {}  # by shard: the latest one, through which older messages are read
        self._reading = asyncio.Semaphore(AT_ONCE)

    # what comes in

    def said(self, message: discord.Message, me: int) -> None:
        """Somebody said something."""
        self._put(message.guild, message.channel.id, partial(self._take, message, me))

    def edited(self, message: discord.Message, me: int) -> None:
        """Somebody changed what they said, or Discord added the picture behind a link."""
        self._put(message.guild, message.channel.id, partial(self._amend, message, me))

    def deleted(self, guild: discord.Guild | None, channel: int, private: bool, messages: Iterable[int]) -> None:
        """Somebody took back what they said."""
        for message in messages:
            self._put(guild, channel, partial(self._withdraw, Place(channel, private), message))

    def appeared(self, guild: discord.Guild, channels: Iterable[int]) -> None:
        """There are new places to talk in: should the bot die now, it will know that it has heard nothing there."""
        begun = {Place(id).channel: id - 1 for id in channels}
        self._put(guild, guild.id, partial(self._marks.begin, begun))

    def joined(self, guild: discord.Guild) -> None:
        """Somebody took the bot in: what was said there before is not for it."""
        seen = CatchUpPlan()
        add_guild(guild, {}, seen)
        self._put(guild, guild.id, partial(self._marks.begin, seen.new))

    def _put(self, guild: discord.Guild | None, channel: int, work: Work) -> None:
        held = self._held.get(guild.shard_id if guild else 0)
        if held is None:
            self._lines.put(channel, work)
        else:
            held.append((channel, work))

    async def _take(self, said: discord.Message, me: int) -> None:
        message = _understood(lambda: translate(said, me))
        if is_hidden(said, me):
            await self._tact.cannot_read(said, me)
        elif message is not None:
            await self._take_in(said, message)
        await self._marks.note(place_of(said).channel, said.id)

    async def _take_in(self, said: discord.Message, message: Message) -> None:
        if message.addressed and not await self._tact.may_answer(said):
            return
        for ref, link in links_in(said).items():
            self._links.note(ref, link)
        await self._receive(await self._threads.place(said, message))

    async def _amend(self, said: discord.Message, me: int) -> None:
        message = _understood(lambda: translate(said, me, edited=True))
        if message is not None:
            for channel in _where_it_may_wait(message.channel, said.id):
                await self._receive(replace(message, channel=channel))

    async def _withdraw(self, place: Place, message: int) -> None:
        for channel in _where_it_may_wait(place.channel, message):
            await self._intake.cancel_queued(channel, str(message))

    # what was said while nobody listened

    def hold(self, shard: int) -> None:
        """A new connection: what it brings waits until older messages have been read."""
        self._held.setdefault(shard, [])

    async def catch_up(self, client: discord.Client, shard: int, me: int) -> None:
        """Read what every known channel of the shard has heard since, oldest first, and go on from there."""
        self._clients[shard] = client
        missed: list[tuple[Place, int]] = []

        async def compare() -> None:
            seen = plan_catch_up(client, shard, await self._marks.known())
            missed[:] = seen.missed
            await self._marks.begin(seen.new)

        await retry_until_done(compare)
        if self._clients[shard] is not client:
            return  # its connection broke meanwhile, and the next one compares for itself
        budget = HistoryBudget(len(missed))
        for place, after in missed:
            self._lines.put(place.id, partial(self._read, shard, place, after, me, budget))
        for channel, work in self._held.pop(shard, []):
            self._lines.put(channel, work)

    async def _read(self, shard: int, place: Place, after: int, me: int, budget: HistoryBudget) -> None:
        try:
            async with self._reading:
                missed = await budget.read(self._clients[shard], place, after)
        except Refused as error:  # we may not look, or it is gone
            log.info("a channel cannot be caught up with", channel=str(place), reason=error.key)
            return
        if missed:
            log.info("catching up", channel=str(place), messages=len(missed))
        for message in missed:
            await retry_until_done(partial(self._take, message, me))  # what has been read need not be read again


def _understood(read: Callable[[], Message | None]) -> Message | None:
    try:
        return read()
    except Exception as error:  # it would make no more sense the next time
        log.error("a message was set aside", error=type(error).__name__)
        return None


def _where_it_may_wait(channel: Channel, message: int) -> tuple[Channel, Channel]:
    """Its channel, or the thread that was opened for it, which has its id."""
    return channel, Place(message).channel
