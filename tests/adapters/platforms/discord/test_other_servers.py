"""One bad message silences no channel, and a server that others wrote in Discord's image is spoken to as well."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.places import Place
from adapters.platforms.discord.previews import UNKNOWN
from adapters.platforms.discord.slash_commands import command_payloads
from bot.chat_platform import HealthState
from bot.messages import Message, OutgoingPost
from bot.operations.metrics import Metrics
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback
from tests.adapters.platforms.discord.pair import suggest
from tests.conftest import PHOTOS
from tests.doubles.discord import ANN, GENERAL, GUILD, ME, OTHER, TOKEN, FakeDiscord, Fault, Post, wire
from tests.doubles.socks import SocksProxy

CAT = (PHOTOS / "cat.jpg").read_bytes()
HERE = Place(GENERAL).channel
ODD_STICKER = {"id": "1", "name": "wave"}  # without format_type
UNREADABLE = {"id": "1", "name": "wave", "channel_id": "x"}


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def bot(server: FakeDiscord, sqlite: Store, tmp_path: Path, metrics: Metrics) -> AsyncIterator[Discord]:
    async with Discord(
        TOKEN,
        server.url,
        tmp_path / "discord",
        intake=sqlite.intake,
        channels=sqlite.channels,
        blobs=sqlite.blobs,
        coordination=sqlite.coordination,
        commands=command_payloads(),
        suggest=suggest,
        metrics=metrics,
    ) as bot:
        yield bot


@asynccontextmanager
async def listening(bot: Discord) -> AsyncIterator[list[Message]]:
    """Collect what the bot hears while it listens."""
    heard: list[Message] = []

    async def receive(message: Message) -> None:
        heard.append(message)

    task = asyncio.create_task(bot.listen(receive))
    try:
        await until(lambda: bot.health.state is HealthState.UP)
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


def set_aside(metrics: Metrics, kind: str) -> float:
    return metrics.registry.get_sample_value("snapthread_set_aside_total", {"platform": "discord", "kind": kind}) or 0


# one bad message


async def test_a_part_that_cannot_be_read_costs_nothing_else(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot) as heard:
        await server.says("what is this?", mention=True, files=[CAT], stickers=[ODD_STICKER])
        await until(lambda: heard)
        assert (heard[0].text, len(heard[0].attachments)) == ("what is this?", 1)
    assert len(server.identifies) == 1, "the connection goes on"


async def test_a_reply_is_heard_whatever_cannot_be_read_of_what_it_replies_to(
    bot: Discord, server: FakeDiscord
) -> None:
    endless: dict[str, Any] = {"question": {"text": "Which?"}, "answers": [], "expiry": None, "layout_type": 1}
    async with listening(bot) as heard:
        odd = await server.says("my cat", files=[CAT], stickers=[ODD_STICKER])
        poll = await server.says(poll={**endless, "allow_multiselect": False})
        for unresolved in (False, True):
            await server.says("and this?", mention=True, reply_to=odd, unresolved=unresolved)
            await server.says("and that?", mention=True, reply_to=poll, unresolved=unresolved)
        await until(lambda: len(heard) == 6)
    replies = [each.about for each in heard[2:] if each.about]
    assert [(len(each.attachments), each.text) for each in replies] == [(1, "my cat"), (0, "Which?")] * 2


async def test_a_message_that_cannot_be_read_at_all_is_set_aside_and_the_next_is_heard(
    bot: Discord, server: FakeDiscord, metrics: Metrics
) -> None:
    async with listening(bot) as heard:
        server.sends_garbage()
        await server.says("and this?", mention=True)
        await until(lambda: heard)
    assert [message.text for message in heard] == ["and this?"]
    assert len(server.identifies) == 1
    assert set_aside(metrics, "message") == 1


async def test_one_bad_message_in_the_history_is_set_aside_and_its_channel_is_read(
    bot: Discord, server: FakeDiscord, metrics: Metrics
) -> None:
    async with listening(bot) as heard:
        await server.says("before", mention=True)
        await until(lambda: heard)
    bad = await server.says("odd", mention=True)
    await server.says("after", mention=True, stickers=[ODD_STICKER])
    server.rest.unreadable.add(bad)
    async with listening(bot) as heard:
        await until(lambda: heard)
        assert [message.text for message in heard] == ["after"]
    assert set_aside(metrics, "message") == 1


async def test_an_interaction_that_cannot_be_read_ends_no_connection(
    bot: Discord, server: FakeDiscord, metrics: Metrics
) -> None:
    async with listening(bot) as heard:
        server.gateway.tell("INTERACTION_CREATE", {"id": "7", "type": 2}, GUILD, 0)
        await server.says("and this?", mention=True)
        await until(lambda: heard)
    assert set_aside(metrics, "interaction") == 1
    assert len(server.identifies) == 1


# late servers


async def test_a_server_that_becomes_available_late_is_caught_up_with_once(bot: Discord, server: FakeDiscord) -> None:
    club = server.add_guild("Club")
    channel = server.add_channel("photos", club)
    async with listening(bot) as heard:
        await server.says("before", channel, mention=True)
        await until(lambda: heard)
    server.gateway.late.add(club)
    await server.says("while the bot was down", channel, mention=True, files=[CAT])
    async with listening(bot) as heard:
        await server.says("elsewhere", OTHER, mention=True)
        await until(lambda: heard)
        await asyncio.sleep(0.5)
        assert [message.text for message in heard] == ["elsewhere"]
        server.gateway.become_available(club)
        await server.says("just now", channel, mention=True)
        await until(lambda: "just now" in [message.text for message in heard])
        texts = list(dict.fromkeys(message.text for message in heard))  # the inbox knows a message by its id
        assert texts == ["elsewhere", "while the bot was down", "just now"]


async def test_a_server_that_was_away_during_an_outage_is_caught_up_with(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot) as heard:
        await server.says("before", mention=True)
        await until(lambda: heard)
        server.gateway.tell("GUILD_DELETE", {"id": str(GUILD), "unavailable": True}, GUILD)
        server.gateway.late.add(GUILD)
        await server.says("during the outage", mention=True)
        server.gateway.become_available(GUILD)
        await until(lambda: len(heard) == 2)
        assert heard[1].text == "during the outage"


# clocks that are wrong


async def test_a_live_message_is_not_late_whatever_its_date_says(
    bot: Discord, server: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(bot) as heard:
        monkeypatch.setattr(discord.Message, "created_at", datetime.now(UTC) - timedelta(hours=1))
        await server.says("hello", mention=True)
        await until(lambda: heard)
    assert time.time() - heard[0].sent < 60


# servers that others wrote


@pytest.mark.parametrize(
    "fields",
    ["shard", "resume_gateway_url session_type", "application private_channels", "_trace v"],
)
async def test_a_ready_that_leaves_fields_out_connects(bot: Discord, server: FakeDiscord, fields: str) -> None:
    server.gateway.leaves_out = set(fields.split())
    async with listening(bot) as heard:
        await server.says("what is this?", mention=True)
        await until(lambda: heard)


NULLS = (
    *("application", "application_id", "webhook_id", "activity", "nonce", "edited_timestamp", "position", "call"),
    *("thread", "poll", "components", "sticker_items", "interaction_metadata", "message_reference"),
    *("referenced_message", "message_snapshots", "role_subscription_data", "member", "mention_channels"),
)


async def test_null_in_place_of_a_field_that_is_missing_costs_no_message(bot: Discord, server: FakeDiscord) -> None:
    async with listening(bot) as heard:
        for field in NULLS:
            post = Post(next(server.world.ids), GENERAL, ANN, f"<@{ME}> {field}", mentions=[ME])
            server.gateway.tell("MESSAGE_CREATE", {**wire.event(post, server.world, True), field: None}, GUILD, 0)
        with suppress(TimeoutError):
            await until(lambda: len(heard) == len(NULLS), 5)
    assert [message.text for message in heard] == list(NULLS)
    assert len(server.identifies) == 1


async def test_null_in_place_of_no_server_is_a_private_chat(bot: Discord, server: FakeDiscord) -> None:
    server.gateway.says_null = True
    async with listening(bot) as heard:
        await server.tells("hello")
        await until(lambda: heard)
        assert heard[0].private
    assert len(server.identifies) == 1


NOTHING = Fault(204, done=True)
GARBAGE = Fault(200, page="{not json", done=True)
EMPTY = Fault(200, page="{}", done=True)
SPARSE = Fault(200, page='{"id": "', done=True)


@pytest.mark.parametrize("fault", [NOTHING, GARBAGE, EMPTY, SPARSE], ids=["204", "garbage", "empty", "cut"])
async def test_an_edit_whose_reply_cannot_be_read_was_made(bot: Discord, server: FakeDiscord, fault: Fault) -> None:
    post = await bot.send(HERE, OutgoingPost(text="a c"))
    server.fails("edit", fault)
    assert await bot.edit(HERE, post, OutgoingPost(text="a cat")) == post
    assert server.reads() == ["a cat"]


@pytest.mark.parametrize("fault", [NOTHING, GARBAGE, EMPTY, SPARSE], ids=["204", "garbage", "empty", "cut"])
async def test_a_post_whose_reply_cannot_be_read_is_found_by_its_words(
    bot: Discord, server: FakeDiscord, fault: Fault
) -> None:
    server.fails("send", fault)
    post = await bot.send(HERE, OutgoingPost(text="a c", key="1-0"))
    assert post != UNKNOWN
    await bot.edit(HERE, post, OutgoingPost(text="a cat"))
    assert server.reads() == ["a cat"]


async def test_a_bare_404_to_an_edit_is_a_post_that_is_gone(bot: Discord, server: FakeDiscord) -> None:
    post = await bot.send(HERE, OutgoingPost(text="a c"))
    server.fails("edit", Fault(404, page="Not Found"))
    with pytest.raises(Exception, match="gone"):
        await bot.edit(HERE, post, OutgoingPost(text="a cat"))


@pytest.mark.parametrize("fault", [NOTHING, GARBAGE, EMPTY], ids=["204", "garbage", "empty"])
async def test_a_deferral_whose_reply_cannot_be_read_loses_no_question(
    bot: Discord, server: FakeDiscord, fault: Fault
) -> None:
    async with listening(bot) as heard:
        await until(lambda: server.rest.commands)
        server.fails("callback", fault)
        asked = await server.runs("help", by=ANN)
        await until(lambda: heard)
        await bot.send(heard[0].channel, OutgoingPost(text="Here I am", reply_to=heard[0].id, key="1-0"))
        assert asked.shows == "Here I am"


async def test_an_application_that_says_little_of_itself_is_one(bot: Discord, server: FakeDiscord) -> None:
    server.rest.application_fields = {"id", "flags"}
    await bot.check()


async def test_discord_is_reached_through_socks(server: FakeDiscord, sqlite: Store, tmp_path: Path) -> None:
    async with (
        SocksProxy(server.port) as proxy,
        Discord(
            TOKEN,
            "http://discord.blocked.invalid/api/v10",
            tmp_path / "discord",
            intake=sqlite.intake,
            channels=sqlite.channels,
            blobs=sqlite.blobs,
            coordination=sqlite.coordination,
            commands=command_payloads(),
            suggest=suggest,
            proxy=proxy.address,
        ) as bot,
    ):
        async with listening(bot) as heard:
            await server.says("what is this?", mention=True, files=[CAT])
            await until(lambda: heard)
            assert await bot.download(heard[0].attachments[0], 1 << 20) == CAT
        await bot.send(HERE, OutgoingPost(text="a cat"))
    assert server.reads() == ["a cat"]
    assert {"discord.blocked.invalid", "127.0.0.1"} == set(proxy.asked)
