"""The double of Discord, seen through an unmodified discord.py."""

import asyncio
import io
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands, ui
from PIL import Image

from tests.doubles import discord as double
from tests.doubles.discord import (
    ADMIN,
    ANN,
    BOB,
    BOT_ROLE,
    CUT,
    FORUM,
    GENERAL,
    GUILD,
    LOST,
    ME,
    NO_ANSWER,
    OTHER,
    THINKING,
    TOKEN,
    FakeDiscord,
    Fault,
    NotOffered,
    flood,
)
from tests.doubles.discord.world import PLURALKIT

MESSAGES = "/channels/{channel_id}/messages"


def photo(color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(buffer, "JPEG")
    return buffer.getvalue()


class Bot(discord.AutoShardedClient):
    """Writes down what it hears."""

    def __init__(self, *, content: bool = True) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.events: list[str] = []
        self.edited: list[discord.RawMessageUpdateEvent] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Begin at once, instead of five seconds after the last."""

    async def on_message(self, message: discord.Message) -> None:
        if message.author.id != ME:
            self.heard.append(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.edited.append(event)

    async def on_socket_event_type(self, name: str) -> None:
        self.events.append(name)

    def text_channel(self, id: int = GENERAL) -> discord.TextChannel:
        channel = self.get_channel(id)
        assert isinstance(channel, discord.TextChannel)
        return channel


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(message_content=True) as server:
        monkeypatch.setattr(discord.http.Route, "BASE", server.url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway.url))
        monkeypatch.setattr(discord.Asset, "BASE", server.origin)
        yield server


@asynccontextmanager
async def running(server: FakeDiscord, bot: Bot | None = None) -> AsyncIterator[Bot]:
    """A bot from its start until its end."""
    bot = bot or Bot()
    task = asyncio.create_task(bot.start(TOKEN))
    try:
        await server.connected()
        await bot.wait_until_ready()
        yield bot
    finally:
        await bot.close()
        with suppress(BaseException):
            await task


@pytest.fixture
async def bot(server: FakeDiscord) -> AsyncIterator[Bot]:
    async with running(server) as bot:
        yield bot


async def until(true: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def fetch(url: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as http, http.get(url) as reply:
        return reply.status, await reply.read()


async def refused(call: Any, code: int) -> None:
    with pytest.raises(discord.HTTPException) as error:
        await call
    assert error.value.code == code


# messages


async def test_a_photo_that_somebody_shows_arrives_and_can_be_fetched(server: FakeDiscord, bot: Bot) -> None:
    id = await server.says("look", files=[("my photo.jpg", photo())])
    await until(lambda: bot.heard)
    [message] = bot.heard
    assert (message.id, message.content, message.author.id, message.channel.id) == (id, "look", ANN, GENERAL)
    assert isinstance(message.author, discord.Member) and message.guild is not None and message.guild.id == GUILD
    [attachment] = message.attachments
    assert (attachment.filename, attachment.content_type, attachment.width) == ("my_photo.jpg", "image/jpeg", 64)
    assert await attachment.read() == photo()
    assert message.created_at.timestamp() == pytest.approx(time.time(), abs=5)


async def test_an_answer_is_seen_as_it_reads_after_its_edits(server: FakeDiscord, bot: Bot) -> None:
    id = await server.says("look")
    await until(lambda: bot.heard)
    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Again", custom_id="again"))
    answer = await bot.heard[0].reply("It is", nonce="n1", mention_author=False)
    await answer.edit(content="It is red.", view=view, allowed_mentions=discord.AllowedMentions.none())
    [post] = server.posts()
    assert (post.text, post.reply_to, post.nonce, post.edits) == ("It is red.", id, "n1", 1)
    assert post.commands == ["again"] and post.mentions_pinged == []
    await until(lambda: bot.edited)
    assert bot.edited[0].message.content == "It is red."
    assert server.reads() == ["It is red."]


async def test_a_reply_carries_what_it_is_about(server: FakeDiscord, bot: Bot) -> None:
    first = await server.says("look", files=[photo()])
    await server.says("what is it?", by=BOB, reply_to=first)
    gone = await server.says("soon gone")
    await server.says("too late", reply_to=gone)
    await server.deletes(GENERAL, gone)
    await until(lambda: len(bot.heard) == 4)
    reference = bot.heard[1].reference
    assert reference is not None and isinstance(reference.resolved, discord.Message)
    assert reference.resolved.attachments and bot.heard[1].mentions[0].id == ANN
    late = await bot.text_channel().fetch_message(bot.heard[3].id)
    assert late.reference is not None and isinstance(late.reference.resolved, discord.DeletedReferencedMessage)


async def test_what_discord_has_not_looked_for_is_something_else_than_what_is_gone(
    server: FakeDiscord, bot: Bot
) -> None:
    shown = await server.says("my cat", OTHER, BOB, files=[photo()])
    await server.says("what is it?", reply_to=shown, unresolved=True, reply_channel=OTHER)
    gone = await server.says("my dog", by=BOB, files=[photo()])
    await server.deletes(GENERAL, gone)
    await server.says("and that?", reply_to=gone)
    await until(lambda: len(bot.heard) == 4)
    *_, absent, null = (message.reference for message in bot.heard if message.reference)
    assert absent is not None
    assert null is not None
    assert (absent.resolved, absent.channel_id) == (None, OTHER)
    assert isinstance(null.resolved, discord.DeletedReferencedMessage)


async def test_a_card_is_made_of_components_and_keeps_them_when_it_is_forwarded(server: FakeDiscord, bot: Bot) -> None:
    robot = server.add_user("robot", bot=True)
    card = await server.says(by=robot, **server.card(photo(), text="Launch at nine"))
    await server.says(channel=OTHER, forwarded=card)
    await until(lambda: len(bot.heard) == 2)
    shown, forward = bot.heard
    assert shown.flags.components_v2
    assert (shown.content, shown.embeds) == ("", [])
    for part in (shown, forward.message_snapshots[0]):
        [container] = part.components
        assert isinstance(container, discord.components.Container)
        assert [type(each).__name__ for each in container.children] == ["TextDisplay", "MediaGalleryComponent"]
    with pytest.raises(AssertionError):
        await server.says("words beside it", by=robot, **server.card(photo()))


async def test_a_proxy_says_it_again_as_a_webhook_and_takes_the_original_away(server: FakeDiscord, bot: Bot) -> None:
    original = await server.says("A: what is this?", mention=True, files=[photo()])
    proxied = await server.proxies(original, f"<@{ME}> what is this?")
    await until(lambda: "MESSAGE_DELETE" in bot.events)
    said = bot.heard[-1]
    assert (said.id, said.author.name, said.author.bot) == (proxied, "Alice", True)
    assert (said.webhook_id, said.application_id) == (said.author.id, PLURALKIT)
    assert [file.filename for file in said.attachments] == ["photo0.jpg"]
    assert [user.id for user in said.mentions] == [ME]


async def test_a_channel_can_be_hidden_from_people(server: FakeDiscord, bot: Bot) -> None:
    server.hides(OTHER, ANN)
    guild = bot.guilds[0]
    await until(lambda: bot.text_channel(OTHER).overwrites)
    ann, bob = [await guild.fetch_member(id) for id in (ANN, BOB)]
    assert not bot.text_channel(OTHER).permissions_for(ann).view_channel
    assert bot.text_channel(OTHER).permissions_for(bob).view_channel


async def test_history_is_read_from_a_mark_on(server: FakeDiscord, bot: Bot) -> None:
    ids = [await server.says(str(n)) for n in range(250)]
    mark = discord.Object(ids[99])
    later = [m.id async for m in bot.text_channel().history(limit=None, after=mark)]
    before = [m.id async for m in bot.text_channel().history(limit=2, before=mark)]
    assert later == ids[100:] and before == [ids[98], ids[97]]
    assert bot.text_channel().last_message_id == ids[-1]


async def test_files_can_be_sent_and_kept_by_an_edit(server: FakeDiscord, bot: Bot) -> None:
    files = [discord.File(io.BytesIO(photo(color)), f"{color}.jpg") for color in ("red", "blue")]
    sent = await bot.text_channel().send("two", files=files)
    assert await sent.attachments[1].read() == photo("blue")
    await sent.edit(attachments=[sent.attachments[1]])
    [post] = server.posts()
    assert [file.name for file in post.files] == ["blue.jpg"]


async def test_what_files_show_can_be_said_and_said_otherwise(server: FakeDiscord, bot: Bot) -> None:
    sent = await bot.text_channel().send(file=discord.File(io.BytesIO(photo()), "a.jpg", description="a red page"))
    assert sent.attachments[0].description == "a red page"
    await sent.edit(content="still red")
    [post] = server.posts()
    assert [file.description for file in post.files] == ["a red page"]
    too_long = discord.File(io.BytesIO(photo()), "b.jpg", description="x" * 1025)
    await refused(bot.text_channel().send(file=too_long), 50035)


async def test_a_voice_message_is_one_recording_and_says_how_long_it_is(server: FakeDiscord, bot: Bot) -> None:
    first = await server.says("my cat", files=[photo()])
    await server.speaks(b"OggS", seconds=1200.5, reply_to=first)
    await until(lambda: len(bot.heard) == 2)
    said = bot.heard[1]
    [sound] = said.attachments
    assert said.flags.voice and said.content == "" and said.reference is not None
    assert (sound.filename, sound.content_type, sound.duration) == ("voice-message.ogg", "audio/ogg", 1200.5)
    assert sound.is_voice_message() and sound.waveform
    assert await sound.read() == b"OggS"
    forwarded = await server.says(forwarded=said.id, channel=OTHER)
    await until(lambda: len(bot.heard) == 3)
    [copy] = bot.heard[2].message_snapshots[0].attachments
    assert (bot.heard[2].id, copy.duration) == (forwarded, 1200.5)


async def test_direct_messages_have_no_guild(server: FakeDiscord, bot: Bot) -> None:
    await server.tells("hi")
    await until(lambda: bot.heard)
    assert isinstance(bot.heard[0].channel, discord.DMChannel) and bot.heard[0].guild is None
    user = await bot.fetch_user(BOB)
    await user.send("hello Bob")
    assert [post.text for post in server.direct(BOB)] == ["hello Bob"]
    server.refuses_dms(BOB)
    await refused(user.send("are you there?"), 50007)


async def test_forwards_stickers_and_links_look_as_they_do_on_discord(server: FakeDiscord, bot: Bot) -> None:
    first = await server.says("look", files=[photo()])
    await server.says(channel=OTHER, by=BOB, forwarded=first)
    await server.says("wave", stickers=[server.sticker(photo("blue"))])
    link = await server.says("https://photos.example/photo.jpg")
    await server.edits(GENERAL, link, embeds=[server.embed(photo("green"))])
    await until(lambda: len(bot.heard) == 4 and bot.edited)
    _, forward, wave, _ = bot.heard
    assert forward.content == "" and forward.reference is not None and forward.flags.forwarded
    [snapshot] = forward.message_snapshots
    assert snapshot.content == "look" and await snapshot.attachments[0].read() == photo()
    assert await wave.stickers[0].read() == photo("blue")
    [embed] = bot.edited[0].message.embeds
    assert embed.thumbnail.proxy_url is not None and embed.type == "image"
    assert await fetch(embed.thumbnail.proxy_url) == (200, photo("green"))


async def test_edits_and_deletions_are_told(server: FakeDiscord, bot: Bot) -> None:
    ids = [await server.says(str(n)) for n in range(3)]
    await server.edits(GENERAL, ids[0], "nought")
    await server.deletes(GENERAL, ids[0])
    await server.deletes(GENERAL, *ids[1:])
    await until(lambda: bot.events[-1] == "MESSAGE_DELETE_BULK")
    assert bot.edited[0].message.content == "nought" and bot.edited[0].message.edited_at is not None
    assert bot.events[-3:] == ["MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"]
    await refused(bot.text_channel().fetch_message(ids[0]), 10008)


async def test_the_same_nonce_posts_only_once(server: FakeDiscord, bot: Bot) -> None:
    first = await bot.text_channel().send("once", nonce="turn-1")
    second = await bot.text_channel().send("once", nonce="turn-1")
    assert first.id == second.id and server.reads() == ["once"]
    server.nonce_seconds = 0
    await bot.text_channel().send("once", nonce="turn-1")
    assert server.reads() == ["once", "once"]


async def test_pings_are_what_allowed_mentions_let_through(server: FakeDiscord, bot: Bot) -> None:
    text = f"<@{ANN}> <@{BOB}> <@&{BOT_ROLE}> @everyone"
    await bot.text_channel().send(text)
    await bot.text_channel().send(text, allowed_mentions=discord.AllowedMentions.none())
    await bot.text_channel().send(text, allowed_mentions=discord.AllowedMentions(users=[discord.Object(BOB)]))
    pinged = [post.mentions_pinged for post in server.posts()]
    assert pinged == [[ANN, BOB, BOT_ROLE, "@everyone"], [], [BOB, BOT_ROLE, "@everyone"]]


# what the bot may read


async def test_without_the_intent_only_what_is_said_to_the_bot_can_be_read(server: FakeDiscord) -> None:
    server.grant_message_content(False)
    async with running(server, Bot(content=False)) as bot:
        ours = await bot.text_channel().send("mine")
        said = await server.says("secret", files=[photo()])
        await server.says("listen", mention=True, files=[photo()])
        await server.says("loud", reply_to=ours.id)
        await server.says("quiet", reply_to=ours.id, ping=False)
        await server.says("role", mention_role=True)
        await server.tells("private")
        await until(lambda: len(bot.heard) == 6)
        words = [message.content.partition("> ")[2] or message.content for message in bot.heard]
        assert words == ["", "listen", "loud", "", "", "private"]
        assert [len(message.attachments) for message in bot.heard[:2]] == [0, 1]
        quiet = bot.heard[3].reference
        assert quiet is not None and isinstance(quiet.resolved, discord.Message) and quiet.resolved.content == "mine"
        read = await bot.text_channel().fetch_message(said)
        assert read.content == "" and not read.attachments
        info = await bot.application_info()
        assert not info.flags.gateway_message_content_limited


async def test_asking_for_an_intent_that_was_not_granted_ends_it(server: FakeDiscord) -> None:
    server.grant_message_content(False)
    async with Bot(content=True) as bot, asyncio.timeout(10):
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(TOKEN)
    assert server.identifies == []


async def test_a_granted_intent_has_to_be_asked_for_as_well(server: FakeDiscord) -> None:
    async with running(server, Bot(content=False)) as bot:
        await server.says("secret")
        await until(lambda: bot.heard)
        assert bot.heard[0].content == ""
        assert (await bot.application_info()).flags.gateway_message_content_limited


# the gateway


async def test_what_was_missed_comes_again_after_a_cut(server: FakeDiscord, bot: Bot) -> None:
    await server.says("before")
    await until(lambda: bot.heard)
    server.drop()
    await server.disconnected()
    await server.says("meanwhile")
    await until(lambda: len(bot.heard) == 2)
    assert server.gateway.resumes == [True] and len(server.identifies) == 1
    assert "RESUMED" in bot.events


@pytest.mark.parametrize(("code", "resumed"), [(1001, True), (4000, True), (4009, False)])
async def test_a_closed_connection_is_taken_up_again(server: FakeDiscord, bot: Bot, code: int, resumed: bool) -> None:
    server.drop(code)
    await server.disconnected()
    await server.connected()
    assert server.gateway.resumes == [resumed]
    await server.says("still there?")
    await until(lambda: bot.heard)


async def test_a_bot_that_closes_in_order_leaves_no_session(server: FakeDiscord) -> None:
    async with running(server):
        assert len(server.gateway.sessions) == 1
    await server.disconnected()
    assert not server.gateway.sessions


async def test_an_outage_takes_nothing_away(server: FakeDiscord, bot: Bot) -> None:
    await server.goes_down()
    with pytest.raises(aiohttp.ClientError):
        await fetch(server.url)
    id = await server.says("is anybody there?")
    await server.comes_back()
    await until(lambda: bot.events.count("READY") == 2, 15)  # discord.py does not try to resume a second time
    assert [m.id async for m in bot.text_channel().history()] == [id]


async def test_a_forgotten_session_begins_anew_and_misses_what_was_said(server: FakeDiscord, bot: Bot) -> None:
    server.forget_sessions()
    server.drop()
    await server.disconnected()
    id = await server.says("meanwhile")
    await server.connected()
    await until(lambda: bot.events.count("READY") == 2)
    assert server.gateway.resumes == [False] and len(server.identifies) == 2 and not bot.heard
    assert [m.id async for m in bot.text_channel().history()] == [id]


async def test_discord_can_ask_for_another_connection(server: FakeDiscord, bot: Bot) -> None:
    server.gateway.ask_to_reconnect()
    await until(lambda: server.gateway.resumes == [True])
    server.gateway.invalidate()
    await until(lambda: len(server.identifies) == 2)


async def test_each_shard_hears_of_its_servers_alone(server: FakeDiscord) -> None:
    server.gateway.shards = 2
    there = [server.add_channel("general", server.add_guild(f"Club {shard}", shard=shard)) for shard in (0, 1)]
    async with running(server) as bot:
        assert sorted(server.identifies) == [(0, 2), (1, 2)]
        for channel in there:
            await server.says("hi", channel)
        await server.tells("hi")
        await until(lambda: len(bot.heard) == 3)
        shards = [message.guild.shard_id for message in bot.heard if message.guild]
        assert shards == [0, 1]
        numbers = {session.shard: session.number for session in server.gateway.live}
        await server.tells("again")
        await until(lambda: len(bot.heard) == 4)
        after = {session.shard: session.number for session in server.gateway.live}
        assert after == {0: numbers[0] + 1, 1: numbers[1]}


async def test_new_servers_and_channels_are_told(server: FakeDiscord, bot: Bot) -> None:
    guild = server.add_guild("Other club", owner=BOB)
    channel = server.add_channel("new", guild)
    await until(lambda: bot.get_channel(channel))
    assert bot.text_channel(channel).guild.owner_id == BOB
    server.deletes_channel(channel)
    await until(lambda: not bot.get_channel(channel))
    await refused(bot.fetch_channel(channel), 10003)
    server.removes_bot(guild)
    await until(lambda: not bot.get_guild(guild))


async def test_an_event_that_cannot_be_read_ends_discord_py(server: FakeDiscord) -> None:
    bot = Bot()
    task = asyncio.create_task(bot.start(TOKEN))
    await server.connected()
    server.sends_garbage()
    with pytest.raises(KeyError):
        await asyncio.wait_for(task, 10)
    assert bot.is_closed()


async def test_a_revoked_token_is_refused_everywhere(server: FakeDiscord) -> None:
    bot = Bot()
    task = asyncio.create_task(bot.start(TOKEN))
    await server.connected()
    await bot.wait_until_ready()
    server.revoke_token()
    with pytest.raises(discord.ConnectionClosed) as closed:
        await asyncio.wait_for(task, 10)
    assert closed.value.code == 4004
    async with Bot() as again:
        with pytest.raises(discord.LoginFailure):
            await again.start(TOKEN)


async def test_a_heartbeat_is_answered(server: FakeDiscord) -> None:
    server.gateway.heartbeat = 0.05
    async with running(server) as bot:
        await until(lambda: server.gateway.heartbeats > 2)
        assert bot.latency < 1


# refusals, limits, faults


async def test_refusals_have_the_codes_of_discord(server: FakeDiscord, bot: Bot) -> None:
    channel = bot.text_channel()
    ann = await channel.fetch_message(await server.says("mine"))
    sent = await channel.send("ours")
    await refused(channel.send("x" * 2001), 50035)
    await refused(channel.send(" "), 50006)
    await refused(sent.edit(content=""), 50006)
    await refused(ann.edit(content="yours"), 50005)
    await refused(ann.delete(), 50013)
    await refused(bot.fetch_channel(1), 10003)
    await refused(bot.fetch_guild(1), 10004)
    assert channel.guild is not None
    await refused(channel.guild.fetch_member(1), 10007)
    await server.deletes(GENERAL, ann.id)
    await refused(ann.reply("late"), 50035)
    await refused(sent.reply(file=discord.File(io.BytesIO(bytes((10 << 20) + 1)), "big.png")), 40005)


@pytest.mark.parametrize(
    ("permission", "code"),
    [("VIEW_CHANNEL", 50001), ("SEND_MESSAGES", 50013), ("READ_MESSAGE_HISTORY", 160002), ("ATTACH_FILES", 50013)],
)
async def test_permissions_can_be_taken_from_the_bot(server: FakeDiscord, bot: Bot, permission: str, code: int) -> None:
    message = await bot.text_channel().fetch_message(await server.says("look"))
    server.deny(GENERAL, permission)
    await refused(message.reply("no", file=discord.File(io.BytesIO(photo()), "p.jpg")), code)
    await until(lambda: bot.events[-1] == "CHANNEL_UPDATE")
    channel = bot.text_channel()
    assert not getattr(channel.permissions_for(channel.guild.me), permission.lower())
    server.allow(GENERAL, permission)
    await message.reply("yes")


async def test_a_channel_out_of_sight_is_not_heard(server: FakeDiscord, bot: Bot) -> None:
    server.deny(OTHER, "VIEW_CHANNEL")
    await server.says("secret", OTHER)
    await server.says("open")
    await until(lambda: bot.heard)
    assert [message.content for message in bot.heard] == ["open"]


async def test_discord_py_keeps_to_a_limit_that_the_headers_tell(server: FakeDiscord, bot: Bot) -> None:
    server.limits(edit=(2, 0.3))
    sent = await bot.text_channel().send("0")
    began = time.monotonic()
    for n in range(5):
        await sent.edit(content=str(n))
    assert time.monotonic() - began > 0.5 and server.reads() == ["4"]
    assert all(call.status == 200 for call in server.called("PATCH", f"{MESSAGES}/{{message_id}}"))


async def test_who_asks_too_often_is_told_to_wait(server: FakeDiscord) -> None:
    server.limits(send=(2, 0.5))
    headers = {"Authorization": f"Bot {TOKEN}"}
    url = f"{server.url}/channels/{GENERAL}/messages"
    async with aiohttp.ClientSession(headers=headers) as http:
        replies = [await http.post(url, json={"content": "hi"}) for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        assert replies[2].headers["Via"] and replies[2].headers["X-RateLimit-Remaining"] == "0"
        body = await replies[2].json()
        assert 0 < body["retry_after"] <= 0.5 and not body["global"]
        server.limits(everything=(0, 0.2))
        async with http.get(f"{server.url}/users/@me") as reply:
            assert (await reply.json())["global"]
    assert server.reads() == ["hi", "hi"]


async def test_calls_go_wrong_on_demand(server: FakeDiscord, bot: Bot) -> None:
    channel = bot.text_channel()
    server.fails("send", flood(0.05), times=2)
    await channel.send("after the flood")
    server.fails("send", Fault(503))
    with pytest.raises(discord.DiscordServerError):
        await channel.send("off")
    for fault in (CUT, LOST):
        server.fails("send", fault)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await channel.send(f"cut {fault.lost}")
    assert server.reads() == ["after the flood", "cut True"]
    assert [call.status for call in server.called("POST", MESSAGES)] == [429, 429, 200, 503, 0, 0]


async def test_links_expire_and_are_made_anew(server: FakeDiscord, bot: Bot) -> None:
    id = await server.says(files=[photo()])
    await until(lambda: bot.heard)
    [old] = bot.heard[0].attachments
    server.expire_links()
    with pytest.raises(discord.NotFound):
        await old.read()
    [fresh] = (await bot.text_channel().fetch_message(id)).attachments
    assert fresh.id == old.id and await fresh.read() == photo()
    assert (await fetch(fresh.url.replace("hm=", "hm=0")))[0] == 404
    server.cdn.link_seconds = 0
    [stale] = (await bot.text_channel().fetch_message(id)).attachments
    assert int(yarl.URL(stale.url).query["ex"], 16) <= time.time()
    assert (await fetch(stale.url))[0] == 404
    server.fails("file", Fault(503))
    assert (await fetch(fresh.url))[0] == 503


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": [{"type": 2, "style": 1, **button} for button in buttons]}


A = {"custom_id": "a", "label": "A"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nonce": "n" * 26}, "nonce"),
        ({"embeds": [{}] * 11}, "embeds"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds"),
        ({"embeds": [{"description": "x" * 4000}] * 2}, "embeds"),
        ({"components": row(A)["components"]}, "components"),
        ({"components": [row({"label": "A"})] * 6}, "components"),
        ({"components": [row(A, A)]}, "components"),
        ({"components": [row()]}, "components"),
        ({"components": [row({"custom_id": "a" * 101})]}, "components"),
        ({"components": [row({"label": "a" * 81})]}, "components"),
        ({"attachments": [{"id": "0", "description": "x" * 1025}]}, "attachments"),
        ({"flags": 1 << 15, "content": "", "components": [{"type": 10, "content": "x" * 4001}]}, "components"),
        ({"flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}, "content"),
    ],
)
async def test_a_form_that_discord_would_not_take_is_refused(server: FakeDiscord, body: Any, field: str) -> None:
    headers, url = {"Authorization": f"Bot {TOKEN}"}, f"{server.url}/channels/{GENERAL}/messages"
    async with aiohttp.ClientSession(headers=headers) as http, http.post(url, json={"content": "hi", **body}) as reply:
        assert reply.status == 400
        told = await reply.json()
    assert told["code"] == 50035 and field in told["errors"] and not server.posts()


async def test_what_a_bot_asks_about_its_place_is_answered(server: FakeDiscord, bot: Bot) -> None:
    guild = await bot.fetch_guild(GUILD, with_counts=False)
    member = await guild.fetch_member(ME)
    assert guild.owner_id == ADMIN and guild.self_role is not None and guild.self_role.id == BOT_ROLE
    assert [role.id for role in member.roles] == [GUILD, BOT_ROLE]
    assert (await guild.fetch_member(ADMIN)).roles[-1].permissions.manage_guild
    message = await bot.text_channel().fetch_message(await server.says("look"))
    await message.add_reaction("👀")
    assert (await message.fetch()).reactions[0].me
    await message.remove_reaction("👀", member)
    assert not (await message.fetch()).reactions
    async with bot.text_channel().typing():
        assert [channel for _, channel in server.rest.typing] == [GENERAL]


async def test_a_slow_discord_takes_its_time(server: FakeDiscord, bot: Bot) -> None:
    server.delay = 0.1
    began = time.monotonic()
    await bot.text_channel().send("slow")
    assert time.monotonic() - began > 0.1


# threads


async def test_a_thread_can_begin_at_a_message_once(server: FakeDiscord, bot: Bot) -> None:
    message = await bot.text_channel().fetch_message(await server.says("look"))
    thread = await message.create_thread(name="About the photo")
    assert thread.id == message.id and [one.name for one in server.threads()] == ["About the photo"]
    await refused(message.create_thread(name="again"), 160004)
    sent = await thread.send("here")
    await server.says("and here", thread.id)
    await until(lambda: bot.heard[-1].content == "and here")
    assert isinstance(bot.heard[-1].channel, discord.Thread)
    assert server.reads(thread.id) == ["here"]
    server.archives(thread.id)
    await refused(sent.edit(content="changed"), 50083)
    await thread.send("opens it again")
    await sent.edit(content="changed")
    read = await bot.text_channel().fetch_message(message.id)
    assert read.thread is not None and read.thread.id == thread.id


@pytest.mark.parametrize("message_first", [False, True])
async def test_a_post_in_a_forum_has_the_id_of_its_thread(server: FakeDiscord, bot: Bot, message_first: bool) -> None:
    id = await server.posts_in_forum("My cat", "what is it?", [photo()], message_first=message_first)
    await until(lambda: bot.heard and bot.get_channel(id))
    [message] = bot.heard
    assert message.id == message.channel.id == id and message.attachments
    assert isinstance(message.channel, discord.PartialMessageable if message_first else discord.Thread)
    await message.reply("a cat")
    assert server.reads(id) == ["a cat"] and server.threads(FORUM)[0].name == "My cat"
    forum = bot.get_channel(FORUM)
    assert isinstance(forum, discord.ForumChannel)
    made = await forum.create_thread(name="Mine", content="hello", file=discord.File(io.BytesIO(photo()), "p.jpg"))
    assert made.message.id == made.thread.id and server.reads(made.thread.id) == ["hello"]


async def test_a_thread_can_be_made_renamed_closed_and_opened(server: FakeDiscord, bot: Bot) -> None:
    kind = discord.ChannelType.public_thread
    thread = await bot.text_channel().create_thread(name="Ours", type=kind, auto_archive_duration=60)
    assert bot.text_channel().guild.me.id == thread.owner_id
    await thread.edit(name="Yours", archived=True, locked=True)
    [seen] = server.threads()
    assert (seen.name, seen.archived, seen.locked) == ("Yours", True, True)
    assert await bot.text_channel().guild.active_threads() == []
    await refused(thread.send("closed"), 160005)
    await thread.edit(archived=False, locked=False)
    assert [one.id for one in await bot.text_channel().guild.active_threads()] == [thread.id]
    await thread.send("open")
    await refused(bot.text_channel().create_thread(name="x" * 101, type=kind), 50035)
    theirs = await bot.fetch_channel(server.opens_thread("Theirs"))
    assert isinstance(theirs, discord.Thread)
    await theirs.join()
    await refused(theirs.edit(locked=True), 50013)
    server.deny(theirs.id, "SEND_MESSAGES_IN_THREADS")
    await refused(theirs.send("no"), 50013)
    server.deny(GENERAL, "CREATE_PUBLIC_THREADS")
    message = await bot.text_channel().fetch_message(await server.says("look"))
    await refused(message.create_thread(name="no"), 50013)


async def test_a_thread_of_the_start_is_known_at_once(server: FakeDiscord) -> None:
    id = server.opens_thread("Old", by=BOB)
    async with running(server) as bot:
        assert isinstance(bot.get_channel(id), discord.Thread)


# interactions


class Form(ui.Modal, title="A question"):
    """A form with a text, a choice and a file."""

    words: ui.Label[Any] = ui.Label(text="Words", component=ui.TextInput(custom_id="words"))
    files: ui.Label[Any] = ui.Label(text="Photo", component=ui.FileUpload(custom_id="files"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.words.component, ui.TextInput) and isinstance(self.files.component, ui.FileUpload)
        data = await self.files.component.values[0].read()
        await interaction.response.send_message(f"{self.words.component.value} {len(data)}")


class Again(ui.Button[ui.View]):
    """A button that changes its message."""

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="again", view=None)


def add_commands(bot: Bot) -> None:
    tree = bot.tree

    @tree.command(description="Describe a photo")
    @app_commands.allowed_installs(guilds=True, users=True)
    async def describe(interaction: discord.Interaction, image: discord.Attachment, style: str = "plain") -> None:
        await interaction.response.defer(thinking=True)
        data = await image.read()
        await interaction.edit_original_response(content=f"{style} {len(data)} {image.width}")
        await interaction.followup.send("more")

    @describe.autocomplete("style")
    async def styles(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}{n}", value=f"{n}") for n in range(3)]

    @tree.command(description="Only you see it")
    async def whisper(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"psst {member.name}", ephemeral=True)

    @tree.command(description="Be late")
    async def sleep(interaction: discord.Interaction) -> None:
        await asyncio.sleep(0.3)
        with suppress(discord.NotFound):
            await interaction.response.send_message("too late")

    @tree.command(description="Set things up")
    @app_commands.default_permissions(manage_guild=True)
    async def setup(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    @tree.context_menu(name="What is this?")
    async def menu(interaction: discord.Interaction, message: discord.Message) -> None:
        view = ui.View(timeout=None)
        view.add_item(Again(label="Again", custom_id="again"))
        await interaction.response.send_message(f"{message.content} {len(message.attachments)}", view=view)


@pytest.fixture
async def helper(server: FakeDiscord) -> AsyncIterator[Bot]:
    """A bot with commands."""
    bot = Bot(content=False)
    add_commands(bot)
    async with running(server, bot):
        await bot.tree.sync()
        yield bot


async def test_a_command_with_a_photo_thinks_and_answers(server: FakeDiscord, helper: Bot) -> None:
    asked = await server.runs("describe", files={"image": ("p.jpg", photo())}, options={"style": "rich"})
    await asked.answered()
    await until(lambda: len(server.posts()) == 2)
    answer, more = server.posts()
    assert answer.text == f"rich {len(photo())} 64" and more.text == "more"
    assert asked.shows == answer.text and not answer.thinking and answer.edits == 0
    assert asked.followups == [more] and more.reply_to == answer.id
    read = await helper.text_channel().fetch_message(answer.id)
    assert read.interaction_metadata is not None and read.interaction_metadata.user.id == ANN
    assert len(server.called("PUT", "/applications/{application_id}/commands")) == 1


async def test_options_bring_what_they_name(server: FakeDiscord, bot: Bot) -> None:
    group = app_commands.Group(name="show", description="Show things")
    shown: list[str] = []

    @group.command(description="All kinds")
    @app_commands.choices(size=[app_commands.Choice(name="Big", value=2)])
    async def things(
        interaction: discord.Interaction, role: discord.Role, place: discord.TextChannel, size: int, loud: bool = False
    ) -> None:
        shown.extend([role.name, place.name, str(size), str(loud)])
        await interaction.response.send_message("done")

    bot.tree.add_command(group)
    await bot.tree.sync()
    given: dict[str, Any] = {"role": BOT_ROLE, "place": OTHER, "size": 2, "loud": True}
    await (await server.runs("show things", options=given)).answered()
    assert shown == ["Snapthread", "other", "2", "True"]
    for wrong in ({"size": 3}, {"colour": "red"}):
        with pytest.raises(NotOffered):
            await server.runs("show things", options=given | wrong)
    with pytest.raises(NotOffered):
        await server.runs("show things", options={"size": 2})
    with pytest.raises(NotOffered):
        await server.runs("hide")


async def test_commands_keep_their_ids_and_have_their_limits(server: FakeDiscord, helper: Bot) -> None:
    before = {command.name: command.id for command in await helper.tree.fetch_commands()}
    await helper.tree.sync()
    assert {command.name: command.id for command in await helper.tree.fetch_commands()} == before
    menus = [{"type": 3, "name": f"menu {n}"} for n in range(16)]
    headers, url = {"Authorization": f"Bot {TOKEN}"}, f"{server.url}/applications/{ME}/commands"
    async with aiohttp.ClientSession(headers=headers) as http, http.put(url, json=menus) as reply:
        assert (reply.status, (await reply.json())["code"]) == (400, 30032)


@pytest.mark.parametrize(
    "options",
    [
        [{"type": 3, "name": "Words", "description": "x"}],
        [{"type": 3, "name": "a word", "description": "x"}],
        [{"type": 3, "name": "words", "description": ""}],
        [{"type": 3, "name": "words", "description": "x" * 101}],
        [{"type": 3, "name": "words", "description": "x"}] * 2,
        [{"type": 3, "name": f"n{n}", "description": "x"} for n in range(26)],
        [
            {"type": 11, "name": "photo", "description": "x"},
            {"type": 3, "name": "words", "description": "x", "required": True},
        ],
        [{"type": 11, "name": "photo", "description": "x", "autocomplete": True}],
        [{"type": 3, "name": "n", "description": "x", "autocomplete": True, "choices": [{"name": "1", "value": "1"}]}],
        [{"type": 3, "name": "n", "description": "x", "choices": [{"name": f"{n}", "value": "1"} for n in range(26)]}],
    ],
)
async def test_options_that_discord_cannot_offer_are_refused(server: FakeDiscord, options: Any) -> None:
    headers, url = {"Authorization": f"Bot {TOKEN}"}, f"{server.url}/applications/{ME}/commands"
    wanted = [{"type": 1, "name": "imagine", "description": "x", "options": options}]
    async with aiohttp.ClientSession(headers=headers) as http, http.put(url, json=wanted) as reply:
        assert (reply.status, (await reply.json())["code"]) == (400, 50035)


async def test_in_direct_messages_commands_work_too(server: FakeDiscord, helper: Bot) -> None:
    asked = await server.runs("describe", server.dm(), files={"image": photo()})
    await asked.answered()
    assert server.direct()[0].text == f"plain {len(photo())} 64"


async def test_an_answer_can_be_read_changed_and_taken_back(server: FakeDiscord, helper: Bot) -> None:
    image = {"image": photo()}
    caught: list[discord.Interaction] = []

    async def on_interaction(interaction: discord.Interaction) -> None:
        caught.append(interaction)

    helper.on_interaction = on_interaction  # type: ignore[attr-defined]
    for whisper in (True, False):
        asking = server.runs("whisper", options={"member": BOB}) if whisper else server.runs("describe", files=image)
        asked = await (await asking).answered()
        interaction = caught[-1]
        sent = await interaction.followup.send("more", ephemeral=whisper, wait=True)
        await sent.edit(content="less")
        assert (await interaction.followup.fetch_message(sent.id)).content == "less"
        assert (await interaction.original_response()).flags.ephemeral is whisper
        await sent.delete()
        await interaction.delete_original_response()
        assert asked.response is None and asked.shows == ""
    assert [post.text for post in server.posts() if post.text != "more"] == []


async def test_choices_are_proposed_while_somebody_types(server: FakeDiscord, helper: Bot) -> None:
    assert await server.types("describe", "style", "po") == [{"name": f"po{n}", "value": f"{n}"} for n in range(3)]


async def test_a_whisper_is_seen_by_one_person_and_in_no_history(server: FakeDiscord, helper: Bot) -> None:
    asked = await (await server.runs("whisper", by=BOB, options={"member": ANN})).answered()
    [post] = server.posts()
    assert (post.text, post.ephemeral_to, asked.ephemeral) == ("psst ann", BOB, True)
    assert not server.messages()
    await refused(helper.text_channel().fetch_message(post.id), 10008)
    with pytest.raises(NotOffered):
        await server.presses(post, "any", by=ANN)


async def test_who_answers_late_is_told_that_nobody_listens(server: FakeDiscord, helper: Bot) -> None:
    server.interactions.answer_seconds = 0.2
    asked = await server.runs("sleep")
    path = "/interactions/{webhook_id}/{webhook_token}/callback"
    await until(lambda: server.called("POST", path))
    assert [call.status for call in server.called("POST", path)] == [404]
    assert asked.failed and asked.shows == NO_ANSWER and not server.posts()


async def test_a_command_for_admins_is_not_offered_to_others(server: FakeDiscord, helper: Bot) -> None:
    with pytest.raises(NotOffered):
        await server.runs("setup", by=ANN)
    asked = await (await server.runs("setup", by=ADMIN)).acknowledged()
    assert asked.modal is not None and asked.modal["title"] == "A question"
    filled = await server.submits(asked, {"words": "hello", "files": [("p.jpg", photo())]})
    await filled.answered()
    assert server.reads() == [f"hello {len(photo())}"]


async def test_a_menu_shows_the_whole_message_and_its_buttons_work(server: FakeDiscord, helper: Bot) -> None:
    server.world.message_content = False
    id = await server.says("look", files=[photo()])
    await (await server.uses_menu("What is this?", id)).answered()
    [post] = server.posts()
    assert (post.text, post.commands) == ("look 1", ["again"])
    pressed = await (await server.presses(post, "again", by=BOB)).answered()
    assert pressed.response is post and (post.text, post.commands, post.edits) == ("again", [], 1)
    with pytest.raises(NotOffered):
        await server.presses(post, "again")


@pytest.mark.parametrize("private", [False, True])
async def test_installed_by_a_user_alone_the_bot_has_only_the_webhook(
    server: FakeDiscord, helper: Bot, private: bool
) -> None:
    guild = server.add_guild("Elsewhere", member=False)
    channel = server.add_group(ANN, BOB) if private else server.add_channel("general", guild)
    caught: list[discord.Interaction] = []

    async def on_interaction(interaction: discord.Interaction) -> None:
        caught.append(interaction)

    helper.on_interaction = on_interaction  # type: ignore[attr-defined]
    options: Any = {"files": {"image": photo()}, "as_user_app": True}
    asked = await (await server.runs("describe", channel, **options)).answered()
    await until(lambda: asked.followups)
    [interaction] = caught
    assert interaction.is_user_integration() and not interaction.is_guild_integration()
    assert interaction.context.guild is not private and interaction.context.private_channel is private
    await refused(helper.fetch_channel(channel), 50001)
    await refused(helper.http.send_message(channel, params=discord.http.handle_message_parameters("hi")), 50001)
    for _ in range(4):
        await interaction.followup.send("more")
    await refused(interaction.followup.send("too much"), 40094)
    assert len(server.posts(channel)) == 6
    with pytest.raises(NotOffered):
        await server.runs("whisper", channel, options={"member": BOB}, as_user_app=True)


async def test_an_interaction_is_answered_once_and_ends(server: FakeDiscord, helper: Bot) -> None:
    asked = await (await server.runs("whisper", options={"member": ANN})).answered()
    callback = f"{server.url}/interactions/{asked.id}/{asked.token}/callback"
    original = f"{server.url}/webhooks/{ME}/{asked.token}/messages/@original"
    async with aiohttp.ClientSession() as http:
        async with http.post(callback, json={"type": 5}) as reply:
            assert (reply.status, (await reply.json())["code"]) == (400, 40060)
        async with http.get(original) as reply:
            assert (reply.status, (await reply.json())["flags"]) == (200, 64)
        asked.ends = 0
        async with http.patch(original, json={"content": "late"}) as reply:
            assert (reply.status, (await reply.json())["code"]) == (401, 50027)
        async with http.post(f"{server.url}/webhooks/{ME}/wrong", json={"content": "hi"}) as reply:
            assert (reply.status, (await reply.json())["code"]) == (404, 10015)


async def test_a_bot_that_died_while_thinking_has_not_answered(server: FakeDiscord, helper: Bot) -> None:
    server.fails("response", CUT)
    asked = await server.runs("describe", files={"image": photo()})
    await asked.acknowledged()
    assert asked.shows == THINKING
    asked.ends = 0
    assert asked.failed and asked.shows == NO_ANSWER


async def test_the_files_of_a_command_do_not_last(server: FakeDiscord, helper: Bot) -> None:
    server.cdn.ephemeral_seconds = 0
    asked = await server.runs("describe", files={"image": photo()})
    [file] = asked.data["resolved"]["attachments"].values()
    assert file["ephemeral"] and "/ephemeral-attachments/" in file["url"]
    assert (await fetch(file["url"]))[0] == 404


async def test_text_displays_are_what_a_modern_message_says(server: FakeDiscord, bot: Bot) -> None:
    view = ui.LayoutView()
    view.add_item(ui.Container(ui.TextDisplay("one"), ui.TextDisplay("two")))
    sent = await bot.text_channel().send(view=view)
    assert server.reads() == ["one\ntwo"]
    await refused(sent.edit(content="three"), 50035)


# the double


async def test_it_is_quick_and_listens_where_it_is_told(server: FakeDiscord, bot: Bot) -> None:
    began = time.monotonic()
    for n in range(500):
        await server.says(str(n))
    await until(lambda: len(bot.heard) == 500)
    assert time.monotonic() - began < 5
    ids = list(server.world.channel(GENERAL).order)
    assert all(a < b for a, b in itertools.pairwise(ids))
    port = server.port
    with pytest.raises(OSError):
        async with double.FakeDiscord(port=port):
            pass
