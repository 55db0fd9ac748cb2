"""What was missed is taken in before what is heard next, whatever breaks in between, and is read no more than once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import discord
import pytest
import pytest_asyncio

from adapters.platforms.discord.channel_queues import ChannelQueues
from adapters.platforms.discord.downloads import LinkCache
from adapters.platforms.discord.incoming import IncomingMessages
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.read_marks import ReadMarks
from adapters.platforms.discord.references import References
from adapters.platforms.discord.rest import RestClient
from adapters.platforms.discord.rest_pacing import RestPacing
from adapters.platforms.discord.threads import PermissionNotices, PhotoThreads
from bot.errors import Busy
from bot.messages import Author, Message
from bot.ports import Store
from bot.util.retry import RetryPolicy
from tests.adapters.platforms.discord.conftest import IN_TIME, Listener, discord_on_loopback, listening
from tests.doubles.discord import ANN, BOB, CUT, GENERAL, ME, TOKEN, FakeDiscord
from tests.doubles.discord.world import COMMAND, PLURALKIT, TUPPERBOX

HISTORY = "/channels/{channel_id}/messages"


class Heard:
    """What came in, each message once, and the troubles that taking it in has."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.troubles: list[Exception] = []

    async def receive(self, message: Message) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.messages.setdefault(message.id, message)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages.values()]

    async def until(self, *texts: str) -> None:
        """Wait for these words, and then for no others and in no other order."""
        async with asyncio.timeout(IN_TIME):
            while not set(texts) <= set(self.texts):
                await asyncio.sleep(0.001)
        assert self.texts == list(texts)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest_asyncio.fixture
async def client(server: FakeDiscord) -> AsyncIterator[Listener]:
    async with listening(Listener()) as client:
        yield client


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def marks(sqlite: Store) -> ReadMarks:
    return ReadMarks(sqlite.channels)


@pytest.fixture
async def hearing(
    server: FakeDiscord, heard: Heard, marks: ReadMarks, sqlite: Store
) -> AsyncIterator[IncomingMessages]:
    rest, lines = RestClient(TOKEN, server.url, RestPacing(sqlite.coordination, TOKEN)), ChannelQueues()
    yield IncomingMessages(
        heard.receive,
        sqlite.intake,
        lines,
        marks,
        LinkCache(),
        PhotoThreads(sqlite.channels),
        PermissionNotices(rest, sqlite.blobs),
        References(),
    )
    await lines.close()
    await rest.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = RetryPolicy(first=0.02, longest=0.02)
    monkeypatch.setattr("adapters.platforms.discord.channel_queues.DISCORD_INTAKE", quick)


async def known(server: FakeDiscord, client: Listener, marks: ReadMarks) -> int:
    """A channel that was listened to until a moment ago."""
    channel = server.add_channel("photos")
    await until(lambda: client.get_channel(channel) is not None)
    await marks.begin({Place(channel).channel: channel})
    return channel


async def says(server: FakeDiscord, client: Listener, channel: int, *texts: str) -> list[discord.Message]:
    return [await client.hears(await server.says(text, channel, BOB)) for text in texts]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(IN_TIME):
        while not holds():
            await asyncio.sleep(0.001)


async def test_what_was_missed_comes_before_what_is_heard_next(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, marks: ReadMarks
) -> None:
    channel = await known(server, client, marks)
    await says(server, client, channel, "first", "second")
    hearing.hold(0)
    for message in await says(server, client, channel, "third"):
        hearing.handle_message(message, ME)
    await hearing.catch_up(client, 0, ME)
    for message in await says(server, client, channel, "fourth"):
        hearing.handle_message(message, ME)
    await heard.until("first", "second", "third", "fourth")


async def test_what_a_broken_connection_has_left_unread_is_read_through_the_next_one(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, marks: ReadMarks
) -> None:
    channel = await known(server, client, marks)
    await says(server, client, channel, "missed")
    hearing.hold(0)
    for message in await says(server, client, channel, "next"):
        hearing.handle_message(message, ME)
    await client.close()
    await hearing.catch_up(client, 0, ME)
    async with listening(Listener()) as later:
        hearing.hold(0)
        for message in await says(server, later, channel, "last"):
            hearing.handle_message(message, ME)
        assert heard.texts == []  # nothing may pass what is still to be read
        await hearing.catch_up(later, 0, ME)
        await heard.until("missed", "next", "last")


async def test_a_connection_that_broke_before_it_had_compared_leaves_all_to_the_next_one(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, marks: ReadMarks, tmp_path: Path
) -> None:
    channel = await known(server, client, marks)
    await says(server, client, channel, "missed")
    with closing(connect(tmp_path / "bot.db", isolation_level=None)) as database:
        database.execute("ALTER TABLE heard RENAME TO away")
        hearing.hold(0)
        comparing = asyncio.create_task(hearing.catch_up(client, 0, ME))
        async with listening(Listener()) as later:
            await client.close()
            for message in await says(server, later, channel, "next"):
                hearing.handle_message(message, ME)
            comparing_again = asyncio.create_task(hearing.catch_up(later, 0, ME))
            await asyncio.sleep(0.01)
            database.execute("ALTER TABLE away RENAME TO heard")
            await asyncio.gather(comparing, comparing_again)
            await heard.until("missed", "next")
            assert len(server.called("GET", HISTORY)) == 1


async def test_what_was_read_is_taken_in_however_often_the_store_is_away_and_not_read_again(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, marks: ReadMarks
) -> None:
    channel = await known(server, client, marks)
    texts = [f"message {n}" for n in range(5)]
    await says(server, client, channel, *texts)
    heard.troubles = [OSError("the store is away"), Busy("discord_unreachable")] * 3
    hearing.hold(0)
    await hearing.catch_up(client, 0, ME)
    await heard.until(*texts)
    assert heard.troubles == []
    assert len(server.called("GET", HISTORY)) == 1


async def test_reading_is_tried_again_while_discord_is_away(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, marks: ReadMarks
) -> None:
    channel = await known(server, client, marks)
    await says(server, client, channel, "missed")
    server.fails("history", CUT, times=3)
    hearing.hold(0)
    for message in await says(server, client, channel, "next"):
        hearing.handle_message(message, ME)
    await hearing.catch_up(client, 0, ME)
    await heard.until("missed", "next")


# proxy bots


def handle(hearing: IncomingMessages, message: discord.Message) -> None:
    hearing.handle_message(message, ME)


async def test_what_a_proxy_says_takes_the_place_of_the_original(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, sqlite: Store
) -> None:
    original = await server.says("A: what is this?", mention=True, files=[b"a photo"])
    handle(hearing, await client.hears(original))
    await heard.until("A: what is this?")
    await sqlite.intake.add(heard.messages[str(original)])
    proxied = await server.proxies(original, f"<@{ME}> what is this?")
    handle(hearing, await client.hears(proxied))
    await heard.until("A: what is this?", "what is this?")
    message = heard.messages[str(proxied)]
    assert message.author == Author(str(ANN), "Alice")
    assert message.addressed
    assert [attachment.ref.split("/")[1] for attachment in message.attachments] == [str(proxied)]
    assert await sqlite.queue.claim(10) == []


async def test_for_whom_a_proxy_spoke_waits_a_moment_for_it(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard
) -> None:
    first = await server.says("A: hello", mention=True)
    handle(hearing, await client.hears(first))
    handle(hearing, await client.hears(await server.proxies(first, f"<@{ME}> hello")))
    by_ann, by_bob = [await server.says("what is this?", by=person, mention=True) for person in (ANN, BOB)]
    for id in (by_ann, by_bob):
        handle(hearing, await client.hears(id))
    await until(lambda: str(by_bob) in heard.messages)
    assert [heard.messages[str(id)].may_be_replaced for id in (first, by_ann, by_bob)] == [False, True, False]


async def test_what_is_being_answered_already_is_not_said_again_by_a_proxy(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, sqlite: Store
) -> None:
    original = await server.says("A: what is this?", mention=True)
    handle(hearing, await client.hears(original))
    await heard.until("A: what is this?")
    await sqlite.intake.add(heard.messages[str(original)])
    assert len(await sqlite.queue.claim(10)) == 1
    handle(hearing, await client.hears(await server.proxies(original, f"<@{ME}> what is this?")))
    handle(hearing, await client.hears(await server.says("and this?", mention=True)))
    await heard.until("A: what is this?", "and this?")


async def test_what_a_proxy_said_while_nobody_listened_is_heard_under_its_own_name(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard
) -> None:
    for app in (PLURALKIT, TUPPERBOX):
        original = await server.says("A: hello", mention=True)
        proxied = await server.proxies(original, f"<@{ME}> hello {app}", app=app)
        handle(hearing, await client.hears(proxied))
        await until(lambda proxied=proxied: str(proxied) in heard.messages)  # type: ignore[misc]
        assert heard.messages[str(proxied)].author.name == "Alice"


async def test_other_webhooks_are_nobody(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard
) -> None:
    original = await server.says("A: hello", mention=True)
    handle(hearing, await client.hears(await server.proxies(original, f"<@{ME}> hello", app=1)))
    handle(hearing, await client.hears(await server.says("the end", mention=True)))
    await heard.until("the end")


async def test_what_another_bot_shows_may_be_asked_about_next_until_it_is_taken_away(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard, sqlite: Store
) -> None:
    robot = server.add_user("robot", bot=True)
    article = {**server.embed(b"rain", "rain.jpg"), "type": "article", "title": "Rain"}
    shown = [
        await server.says("painted", by=robot, files=[b"a rocket"], type=COMMAND),
        await server.says(by=robot, **server.card(b"a card")),
        await server.proxies(await server.says("a bridge", files=[b"a boat"]), "a bridge", app=1),
    ]
    unmeant = [await server.says("news", by=robot, embeds=[article]), await server.says("words", by=robot)]
    for id in (*shown, *unmeant):
        handle(hearing, await client.hears(id))
    handle(hearing, await client.hears(await server.says("the end", mention=True)))
    await heard.until("the end")

    async def pointers() -> list[str]:
        return [each.message for each in await sqlite.intake.list_pointers(Place(GENERAL).channel, 0)]

    assert await pointers() == [str(id) for id in shown]
    card = await client.hears(shown[1])
    card.components = []
    hearing.handle_edit(card, ME)
    hearing.handle_delete(None, GENERAL, False, [shown[0]])
    handle(hearing, await client.hears(await server.says("really", mention=True)))
    await heard.until("the end", "really")
    assert await pointers() == [str(shown[2])]


# references


async def test_a_reply_to_the_bot_of_which_discord_left_out_the_rest_is_said_to_it(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard
) -> None:
    post = await client.talked(GENERAL).send("A rocket.")
    said = await server.says("how big?", reply_to=post.id, ping=False, unresolved=True)
    handle(hearing, await client.hears(said))
    await heard.until("how big?")
    assert heard.messages[str(said)].addressed


async def test_what_nobody_says_to_the_bot_is_not_looked_into(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard
) -> None:
    thread = server.opens_thread("Rockets", of=await server.says("my rocket", by=BOB))
    await until(lambda: client.get_channel(thread) is not None)
    before = len(server.called("GET", "/channels/{channel_id}/messages/{message_id}"))
    handle(hearing, await client.hears(await server.says("nice", thread)))
    await heard.until("nice")
    assert len(server.called("GET", "/channels/{channel_id}/messages/{message_id}")) == before


async def test_a_chain_of_replies_among_people_is_not_climbed(
    server: FakeDiscord, client: Listener, hearing: IncomingMessages, heard: Heard
) -> None:
    nice = await server.says("nice", by=BOB, reply_to=await server.says("my rocket"))
    before = len(server.called("GET", "/channels/{channel_id}/messages/{message_id}"))
    handle(hearing, await client.hears(await server.says("yes", reply_to=nice)))
    await heard.until("yes")
    assert len(server.called("GET", "/channels/{channel_id}/messages/{message_id}")) == before
