"""Incoming messages of Discord: in order, none twice, and none missed while the bot was away."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import discord
import structlog

from adapters.platforms.discord.catch_up import CatchUpPlan, HistoryBudget, add_guild, plan_catch_up, plan_guilds
from adapters.platforms.discord.channel_queues import ChannelQueues, Work, retry_until_done
from adapters.platforms.discord.downloads import LinkCache
from adapters.platforms.discord.message_files import list_links
from adapters.platforms.discord.places import NAME, Place
from adapters.platforms.discord.proxied_messages import Original, ProxiedMessages, is_proxied
from adapters.platforms.discord.read_marks import ReadMarks
from adapters.platforms.discord.references import References
from adapters.platforms.discord.threads import PermissionNotices, PhotoThreads
from adapters.platforms.discord.translate import find_place, is_hidden, photos_of_a_bot, translate
from bot.chat_platform import plausible_time
from bot.errors import Refused
from bot.messages import POINTER_SECONDS, Author, Channel, Message
from bot.operations.set_aside import SetAsideLog
from bot.ports import Receive, TurnIntake
from bot.util.tasks import BackgroundTasks

log = structlog.get_logger(__name__)

Translated = TypeVar("Translated")

MAX_CONCURRENT_READS = 4  # channels
LATE_SECONDS = 0.3  # of waiting for more servers that become available late, to compare them together


class IncomingMessages:
    """The handler of messages. It outlives a gateway connection, which may break and be renewed."""

    def __init__(
        self,
        receive: Receive,
        intake: TurnIntake,
        queues: ChannelQueues,
        read_marks: ReadMarks,
        links: LinkCache,
        threads: PhotoThreads,
        notices: PermissionNotices,
        references: References,
        set_aside: SetAsideLog | None = None,
    ) -> None:
        self._receive, self._intake = receive, intake
        self._queues, self._read_marks, self._links = queues, read_marks, links
        self._threads, self._notices, self._references = threads, notices, references
        self._proxied = ProxiedMessages()
        self._held: dict[int, list[tuple[int, Work]]] = {}  # by shard: work that waits until older messages are read
        self._clients: dict[int, discord.Client] = {}  # by shard: the latest one, which reads older messages
        self._replayed_since: dict[int, float] = {}  # by shard that lost its connection: when; seconds since 1970
        self._held_guilds: dict[int, list[tuple[int, Work]]] = {}  # by server, which became available late
        self._late: list[tuple[discord.Client, discord.Guild, int]] = []  # servers that wait to be compared, and us
        self._reading = asyncio.Semaphore(MAX_CONCURRENT_READS)
        self._set_aside = set_aside or SetAsideLog(NAME)
        self._tasks = BackgroundTasks()

    async def close(self) -> None:
        """Leave what has not been compared yet to the next connection."""
        await self._tasks.close()

    # what comes in

    def handle_message(self, message: discord.Message, me: int) -> None:
        """Take a new message in."""
        shard = message.guild.shard_id if message.guild else 0
        empty_at = self._replayed_since.get(shard, time.time())
        self._enqueue(message.guild, message.channel.id, partial(self._take, message, me, empty_at))

    def handle_edit(self, message: discord.Message, me: int) -> None:
        """Take an edit in, or a link's picture that Discord has added."""
        self._enqueue(message.guild, message.channel.id, partial(self._amend, message, me))

    def handle_delete(self, guild: discord.Guild | None, channel: int, private: bool, messages: Iterable[int]) -> None:
        """Withdraw deleted messages."""
        for message in messages:
            self._enqueue(guild, channel, partial(self._delete, Place(channel, private), message))

    def handle_new_channels(self, guild: discord.Guild, channels: Iterable[int]) -> None:
        """Note new channels: after a crash, the bot will know that it has read nothing there."""
        last_messages = {Place(id).channel: id - 1 for id in channels}
        self._enqueue(guild, guild.id, partial(self._read_marks.begin, last_messages))

    def handle_join(self, guild: discord.Guild) -> None:
        """Note the channels of a new server: earlier messages there are not for the bot."""
        plan = CatchUpPlan()
        add_guild(guild, {}, plan)
        self._enqueue(guild, guild.id, partial(self._read_marks.begin, plan.new))

    def _enqueue(self, guild: discord.Guild | None, channel: int, work: Work) -> None:
        held_work = self._held.get(guild.shard_id if guild else 0)
        if held_work is None and guild is not None:
            held_work = self._held_guilds.get(guild.id)
        if held_work is None:
            self._queues.put(channel, work)
        else:
            held_work.append((channel, work))

    async def _take(self, discord_message: discord.Message, me: int, empty_at: float | None = None) -> None:
        """Take a message in. `empty_at` is a moment before it, at which nothing waited for us."""
        message = self._try_translate(lambda: translate(discord_message, me))
        if message is not None:
            message = replace(message, sent=plausible_time(message.sent, empty_at))
        if is_hidden(discord_message, me):
            await self._notices.ask_for_mention(discord_message, me)
        elif message is not None and is_proxied(discord_message):
            await self._take_proxied(discord_message, message, me)
        elif message is not None:
            self._proxied.note(discord_message)
            if message.forwarded and not message.addressed:
                self._references.note_forward(discord_message)
            message = replace(message, may_be_replaced=self._proxied.is_expected(discord_message))
            await self._receive_message(discord_message, await self._complete(discord_message, message, me))
        else:
            await self._note_photos_of_a_bot(discord_message, me)
        await self._read_marks.note(find_place(discord_message).channel, discord_message.id)

    async def _take_proxied(self, discord_message: discord.Message, message: Message, me: int) -> None:
        """Take in what a proxy bot says for somebody, in place of the original, unless that is being answered."""
        original = self._proxied.take_original(discord_message)
        if original is None:
            await self._receive_message(discord_message, await self._complete(discord_message, message, me))
            return
        place = Place(original.channel)
        if not await self._withdraw(place, original.id):
            return
        message = _spoken_by(message, original)
        message = await self._complete(discord_message, message, me, original.author)
        await self._receive_message(discord_message, message)

    async def _receive_message(self, discord_message: discord.Message, message: Message) -> None:
        if message.addressed and not await self._notices.may_answer(discord_message):
            return
        for ref, link in list_links(discord_message).items():
            self._links.put(ref, link)
        await self._receive(await self._threads.move_to_thread(discord_message, message))

    async def _complete(
        self,
        discord_message: discord.Message,
        message: Message,
        me: int,
        person: discord.abc.User | None = None,
    ) -> Message:
        """Return the message with what it points at, if anybody may answer it. It may point at us."""
        if not message.addressed and await self._references.replies_to(discord_message, me):
            message = replace(message, addressed=True)
        if not (message.addressed or await self._threads.is_read_along(message.channel)):
            return message
        return await self._references.complete(discord_message, message, me, person)

    async def _amend(self, discord_message: discord.Message, me: int) -> None:
        message = self._try_translate(lambda: translate(discord_message, me, edited=True))
        if message is None:
            await self._note_photos_of_a_bot(discord_message, me)
        else:
            original = self._proxied.original_of(discord_message.id)
            message = _spoken_by(message, original)
            message = await self._complete(discord_message, message, me, original.author if original else None)
            channels = _possible_channels(message.channel, discord_message.id)
            known = [each for each in channels if await self._intake.is_known(each, message.id)]
            await self._receive(replace(message, channel=known[0] if known else channels[0]))

    async def _note_photos_of_a_bot(self, discord_message: discord.Message, me: int) -> None:
        """Let a question be about what another bot has just shown, as it may be about what people show."""
        pointer = self._try_translate(lambda: photos_of_a_bot(discord_message, me))
        if pointer is None or time.time() - pointer.sent > POINTER_SECONDS:
            return
        for ref, link in list_links(discord_message).items():
            self._links.put(ref, link)
        await self._intake.save_pointer(pointer)

    async def _delete(self, place: Place, message: int) -> None:
        self._references.forget(message)
        await self._withdraw(place, message)

    async def _withdraw(self, place: Place, message: int) -> bool:
        """Drop a message that waits; False: it is being answered, or was."""
        channels = _possible_channels(place.channel, message)
        return all([await self._intake.cancel_queued(channel, str(message)) for channel in channels])

    def _try_translate(self, read: Callable[[], Translated | None]) -> Translated | None:
        try:
            return read()
        except Exception as error:  # it would make no more sense the next time
            self._set_aside.note("message", error)
            return None

    # catching up

    def hold(self, shard: int) -> None:
        """Hold events of a new connection until older messages have been read."""
        self._replayed_since.pop(shard, None)
        self._held.setdefault(shard, [])

    def note_lost(self, shard: int) -> None:
        """Note that a shard lost its connection: a resumed session brings what was said since."""
        self._replayed_since.setdefault(shard, time.time())

    def note_resumed(self, shard: int) -> None:
        """Note that a resumed session has brought all that was missed: from now on messages come at once."""
        self._replayed_since.pop(shard, None)

    async def catch_up(self, client: discord.Client, shard: int, me: int) -> None:
        """Read the missed messages of every known channel of the shard, oldest first, then release held events."""
        self._clients[shard] = client
        missed: list[tuple[Place, int]] = []

        async def compare() -> None:
            plan = plan_catch_up(client, shard, await self._read_marks.get_all())
            missed[:] = plan.missed
            await self._read_marks.begin(plan.new)

        await retry_until_done(compare, self._set_aside)
        if self._clients[shard] is not client:
            return  # its connection broke meanwhile, and the next one compares for itself
        self._put_reads(shard, missed, me)
        self._release(self._held.pop(shard, []))

    def catch_up_late(self, client: discord.Client, guild: discord.Guild, me: int) -> None:
        """Read the missed messages of a server that became available after its shard was ready."""
        if guild.shard_id in self._held:
            return  # all servers of the shard are about to be compared
        self._held_guilds.setdefault(guild.id, [])
        self._clients[guild.shard_id] = client
        self._late.append((client, guild, me))
        if len(self._late) == 1:
            self._tasks.start(self._compare_late())

    async def _compare_late(self) -> None:
        await asyncio.sleep(LATE_SECONDS)
        late, self._late = self._late, []
        plan = CatchUpPlan()

        async def compare() -> None:
            plan.missed[:] = []
            compared = plan_guilds([guild for _, guild, _ in late], await self._read_marks.get_all())
            await self._read_marks.begin(compared.new)
            plan.missed[:] = compared.missed

        await retry_until_done(compare, self._set_aside)
        shards = {channel.id: guild.shard_id for _, guild, _ in late for channel in (*guild.channels, *guild.threads)}
        for shard in set(shards.values()):
            self._put_reads(shard, [missed for missed in plan.missed if shards.get(missed[0].id) == shard], late[0][2])
        for _, guild, _ in late:
            self._release(self._held_guilds.pop(guild.id, []))

    def _put_reads(self, shard: int, missed: list[tuple[Place, int]], me: int) -> None:
        budget = HistoryBudget(len(missed), set_aside=self._set_aside)
        for place, after in missed:
            self._queues.put(place.id, partial(self._read, shard, place, after=after, me=me, budget=budget))

    def _release(self, held_work: list[tuple[int, Work]]) -> None:
        for channel, work in held_work:
            self._queues.put(channel, work)

    async def _read(self, shard: int, place: Place, after: int, me: int, budget: HistoryBudget) -> None:
        try:
            async with self._reading:
                missed = await budget.read(self._clients[shard], place, after)
        except Refused as error:  # we may not look, or it is gone
            log.info("a channel cannot be caught up with", channel=str(place), reason=error.code)
            return
        if missed:
            log.info("catching up", channel=str(place), messages=len(missed))
        for message in missed:
            await retry_until_done(
                partial(self._take, message, me), self._set_aside
            )  # what has been read need not be read again


def _spoken_by(message: Message, original: Original | None) -> Message:
    """Return what a proxy bot says under the author of the original, by the name that it speaks under."""
    if original is None:
        return message
    return replace(message, author=Author(str(original.author.id), message.author.name))


def _possible_channels(channel: Channel, message: int) -> tuple[Channel, Channel]:
    """Return its channel and the thread that was opened for it, which has its id."""
    return channel, Place(message).channel
