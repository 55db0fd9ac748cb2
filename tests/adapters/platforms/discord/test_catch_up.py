"""What was said while nobody listened is found, and as much of it is read as is good for anybody."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio

from adapters.platforms.discord.catch_up import MAX_PER_CHANNEL, HistoryBudget, plan_catch_up
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.translate import find_place, translate
from bot.errors import Refused
from bot.messages import Channel
from tests.adapters.platforms.discord.conftest import IN_TIME, Listener, discord_on_loopback
from tests.doubles.discord import ANN, BOB, FORUM_CHANNEL, ME, FakeDiscord

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST, SECOND = 0, 1  # shards


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[FakeDiscord]:
    """A Discord whose servers are shared between two shards."""
    server = FakeDiscord(message_content=True)
    server.gateway.shards = 2
    async with discord_on_loopback(server):
        yield server


class Club:
    """A server of its own for each test, as people and as the client see it."""

    def __init__(self, server: FakeDiscord, client: Listener, shard: int = FIRST) -> None:
        self.server, self.client, self.shard = server, client, shard
        self.guild = server.add_guild("Club", shard=shard)

    async def channel(self, name: str = "photos", type: int = 0) -> int:
        channel = self.server.add_channel(name, self.guild, type)
        await self.until_known(channel)
        return channel

    async def until_known(self, channel: int) -> None:
        async with asyncio.timeout(IN_TIME):
            while self.client.get_channel(channel) is None:
                await asyncio.sleep(0.001)

    async def says(self, channel: int, count: int = 1) -> list[int]:
        """Somebody says something, and so often; the client has heard it."""
        ids = [await self.server.says(f"{n}", channel, BOB) for n in range(count)]
        for id in ids:
            await self.client.hears(id)
        return ids

    def missed(self, known: dict[Channel, int]) -> dict[int, int]:
        """Where there is something to read, and after which message."""
        return {place.id: after for place, after in plan_catch_up(self.client, self.shard, known).missed}

    def new(self, known: dict[Channel, int]) -> dict[Channel, int]:
        guild = self.client.get_guild(self.guild)
        assert guild is not None
        ours = {Place(channel.id).channel for channel in [*guild.channels, *guild.threads]}
        found = plan_catch_up(self.client, self.shard, known).new
        return {channel: mark for channel, mark in found.items() if channel in ours}


@pytest.fixture
async def club(server: FakeDiscord, client: Listener) -> Club:
    return Club(server, client)


def at(channel: int) -> Channel:
    return Place(channel).channel


# where to look


async def test_what_was_said_after_the_last_message_heard_is_missed(club: Club) -> None:
    channel = await club.channel()
    heard, *_ = await club.says(channel, 3)
    assert club.missed({at(channel): heard}) == {channel: heard}
    assert club.new({at(channel): heard}) == {}


async def test_where_nothing_was_said_since_there_is_nothing_to_read(club: Club) -> None:
    channel = await club.channel()
    *_, last = await club.says(channel, 3)
    assert club.missed({at(channel): last}) == {}
    assert club.missed({at(channel): last + 1}) == {}  # what was said last has been deleted since
    assert club.new({at(channel): last}) == {}


async def test_a_server_that_was_never_heard_is_heard_from_now_on(club: Club) -> None:
    talked, silent = await club.channel("talked"), await club.channel("silent")
    *_, last = await club.says(talked, 3)
    assert club.missed({}) == {}
    assert club.new({}) == {at(talked): last, at(silent): silent}


async def test_a_channel_that_was_there_and_never_heard_is_heard_from_now_on(club: Club) -> None:
    old, other = await club.channel("old"), await club.channel("other")
    [first] = await club.says(old)
    [heard] = await club.says(other)
    assert club.missed({at(other): heard}) == {}
    assert club.new({at(other): heard}) == {at(old): first}


async def test_a_channel_made_while_nobody_listened_is_read_from_its_beginning(club: Club) -> None:
    known = await club.channel("known")
    [heard] = await club.says(known)
    made = await club.channel("made")
    ids = await club.says(made, 2)
    assert club.missed({at(known): heard}) == {made: made - 1}
    assert at(made) not in club.new({at(known): heard})
    found = await HistoryBudget(1).read(club.client, Place(made), made - 1)
    assert [message.id for message in found] == ids


async def test_a_channel_made_while_nobody_listened_and_still_silent_need_not_be_read(club: Club) -> None:
    known = await club.channel("known")
    [heard] = await club.says(known)
    made = await club.channel("made")
    assert club.missed({at(known): heard}) == {}
    assert club.new({at(known): heard}).get(at(made), 0) < made + 1  # nothing that is said there will be skipped


async def test_a_forum_s_post_is_read_with_the_message_that_it_began_with(club: Club) -> None:
    known, forum = await club.channel("known"), await club.channel("forum", FORUM_CHANNEL)
    [heard] = await club.says(known)
    thread = await club.server.posts_in_forum("A cat", "what is this?", forum=forum)
    await club.client.hears(thread)
    assert club.missed({at(known): heard}) == {thread: thread - 1}
    found = await HistoryBudget(1).read(club.client, Place(thread), thread - 1)
    assert [message.content for message in found] == ["what is this?"]


async def test_a_thread_of_an_older_message_is_new_when_it_was_opened_while_nobody_listened(club: Club) -> None:
    channel = await club.channel()
    old, heard = await club.says(channel, 2)
    await asyncio.sleep(0.005)  # in the same millisecond nobody could tell
    thread = club.server.opens_thread("About that", channel, of=old)
    assert thread < heard
    await club.until_known(thread)
    [question] = await club.says(thread)
    assert club.missed({at(channel): heard}) == {thread: thread - 1}
    assert at(thread) not in club.new({at(channel): heard})
    found = await HistoryBudget(1).read(club.client, Place(thread), thread - 1)
    assert found[-1].id == question


async def test_a_thread_that_was_there_and_never_heard_is_heard_from_now_on(club: Club) -> None:
    channel = await club.channel()
    [old] = await club.says(channel)
    thread = club.server.opens_thread("About that", channel, of=old)
    await club.until_known(thread)
    [last] = await club.says(thread)
    [heard] = await club.says(channel)
    assert club.missed({at(channel): heard}) == {}
    assert club.new({at(channel): heard}) == {at(thread): last}


async def test_threads_are_looked_at_like_channels(club: Club) -> None:
    channel = await club.channel()
    thread = club.server.opens_thread("A thread", channel)
    await club.until_known(thread)
    heard, last = await club.says(thread, 2)
    assert club.missed({at(thread): heard}) == {thread: heard}
    assert club.missed({at(thread): last}) == {}


async def test_one_server_says_nothing_about_what_is_new_in_another(
    server: FakeDiscord, client: Listener, club: Club
) -> None:
    channel = await club.channel()
    await club.says(channel)
    later = Club(server, client)
    other = await later.channel()
    [last] = await later.says(other)
    assert later.new({at(channel): channel}) == {at(other): last}  # not read from its beginning: nobody asked us


async def test_a_shard_looks_at_its_own_servers_alone(server: FakeDiscord, client: Listener, club: Club) -> None:
    theirs = Club(server, client, SECOND)
    ours_talk, theirs_talk = await club.channel(), await theirs.channel()
    (ours_heard, _), (theirs_heard, _) = await club.says(ours_talk, 2), await theirs.says(theirs_talk, 2)
    known = {at(ours_talk): ours_heard, at(theirs_talk): theirs_heard}
    assert club.missed(known) == {ours_talk: ours_heard}
    assert theirs.missed(known) == {theirs_talk: theirs_heard}
    assert at(theirs_talk) not in plan_catch_up(client, FIRST, {}).new
    assert at(ours_talk) not in plan_catch_up(client, SECOND, {}).new


async def test_private_chats_are_read_by_the_first_shard(client: Listener) -> None:
    private = Place(77, private=True)
    known = {private.channel: 5, Place(78, visitor=1).channel: 5, at(79): 5}
    assert plan_catch_up(client, FIRST, known).missed == [(private, 5)]
    assert plan_catch_up(client, SECOND, known).missed == []


# how much to read


async def test_the_newest_messages_of_a_channel_are_read_the_oldest_of_them_first(club: Club) -> None:
    channel = await club.channel()
    ids = await club.says(channel, MAX_PER_CHANNEL + 30)
    found = await HistoryBudget(1).read(club.client, Place(channel), ids[0])
    assert [message.id for message in found] == ids[-MAX_PER_CHANNEL:]


async def test_nothing_is_read_that_was_heard_before(club: Club) -> None:
    channel = await club.channel()
    ids = await club.says(channel, 130)
    budget = HistoryBudget(1)
    for mark in (ids[0], ids[28], ids[29], ids[30], ids[-2], ids[-1]):
        found = await budget.read(club.client, Place(channel), mark)
        assert [message.id for message in found] == [id for id in ids if id > mark]


async def test_all_channels_together_have_a_bound_and_none_gets_nothing(club: Club) -> None:
    channels = [await club.channel(f"room {n}") for n in range(3)]
    said = {channel: await club.says(channel, 10) for channel in channels}
    budget = HistoryBudget(3, in_all=18)
    found = [await budget.read(club.client, Place(channel), channel) for channel in channels]
    assert [[message.id for message in messages] for messages in found] == [
        said[channels[0]],
        said[channels[1]][-5:],
        said[channels[2]][-3:],
    ]


async def test_what_is_not_needed_is_left_for_others(club: Club) -> None:
    quiet, busy = await club.channel("quiet"), await club.channel("busy")
    await club.says(quiet, 5)
    ids = await club.says(busy, 15)
    budget = HistoryBudget(2, in_all=20)
    await budget.read(club.client, Place(quiet), quiet)
    found = await budget.read(club.client, Place(busy), busy)
    assert [message.id for message in found] == ids


async def test_channels_that_are_read_at_the_same_time_keep_nothing_from_each_other(club: Club) -> None:
    channels = [await club.channel(f"room {n}") for n in range(4)]
    said = [await club.says(channel, 5) for channel in channels]
    budget = HistoryBudget(4, in_all=20)
    found = await asyncio.gather(*(budget.read(club.client, Place(channel), channel) for channel in channels))
    assert [[message.id for message in messages] for messages in found] == said


async def test_where_there_are_more_channels_than_messages_to_read_each_shows_its_last_one(club: Club) -> None:
    channels = [await club.channel(f"room {n}") for n in range(3)]
    said = [await club.says(channel, 2) for channel in channels]
    budget = HistoryBudget(3, in_all=2)
    found = [await budget.read(club.client, Place(channel), channel) for channel in channels]
    assert [[message.id for message in messages] for messages in found] == [ids[-1:] for ids in said]


async def test_a_channel_that_may_not_be_read_takes_nothing_from_the_others(club: Club) -> None:
    hidden, forgetful = await club.channel("hidden"), await club.channel("forgetful")
    for channel in (hidden, forgetful):
        await club.says(channel, 2)
    club.server.deny(hidden, "VIEW_CHANNEL")
    club.server.deny(forgetful, "READ_MESSAGE_HISTORY")
    budget = HistoryBudget(3)
    left = budget.remaining
    with pytest.raises(Refused, match="can't write in this channel"):
        await budget.read(club.client, Place(hidden), hidden)
    assert await budget.read(club.client, Place(forgetful), forgetful) == []
    with pytest.raises(Refused):
        await budget.read(club.client, Place(1), 0)  # there is no such channel any more
    assert budget.remaining == left


async def test_a_thread_that_was_archived_meanwhile_is_no_private_chat(club: Club) -> None:
    parent = club.client.get_channel(await club.channel())
    assert isinstance(parent, discord.TextChannel)
    thread = await parent.create_thread(name="Ours", type=discord.ChannelType.public_thread)
    await club.until_known(thread.id)
    ids = await club.says(thread.id, 2)
    club.server.archives(thread.id)
    async with asyncio.timeout(IN_TIME):
        while club.client.get_channel(thread.id) is not None:
            await asyncio.sleep(0.001)
    found = await HistoryBudget(1).read(club.client, Place(thread.id), thread.id)
    assert [message.id for message in found] == ids
    assert {find_place(message) for message in found} == {Place(thread.id)}
    understood = [translate(message, ME) for message in found]
    assert all(message is not None and message.addressed for message in understood)  # it is our own


async def test_a_private_chat_is_read_though_it_is_in_no_list(server: FakeDiscord, client: Listener) -> None:
    ids = [await server.tells(f"{n}", ANN) for n in range(3)]
    found = await HistoryBudget(1).read(client, Place(server.dm(ANN), private=True), ids[0])
    assert [(message.id, message.content, message.guild) for message in found] == [
        (ids[1], "1", None),
        (ids[2], "2", None),
    ]
