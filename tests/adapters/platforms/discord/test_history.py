"""Channels are read back as far as the bot and whoever asks for it may read them."""

from collections.abc import AsyncIterator

import pytest

from adapters.platforms.discord import history as module
from adapters.platforms.discord.places import Place
from bot.chat_platform import ReadsHistory
from bot.errors import BotError
from bot.messages import Author
from bot.ports import Store
from tests.adapters.platforms.discord.conftest import discord_on_loopback, open_bot
from tests.conftest import PHOTOS
from tests.doubles.discord import ANN, BOB, GENERAL, OTHER, FakeDiscord

CAT = (PHOTOS / "cat.jpg").read_bytes()
HERE = Place(GENERAL).channel


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest.fixture
async def history(server: FakeDiscord, sqlite: Store) -> AsyncIterator[ReadsHistory]:
    async with open_bot(server, sqlite) as bot:
        reads = bot.as_platform().history
        assert reads is not None
        yield reads


async def test_photos_of_people_come_page_by_page_with_their_words(
    server: FakeDiscord, history: ReadsHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    photo = await server.says("my cat", by=BOB, files=[CAT])
    for n in range(3):
        await server.says(f"word {n}", by=ANN)
    first = await history.read_back(HERE, "")
    assert (first.count, first.messages) == (3, ())
    assert first.read_to is not None
    second = await history.read_back(HERE, first.read_to)
    assert (second.count, second.read_to) == (1, None)
    [message] = second.messages
    assert (message.id, message.text, message.channel) == (str(photo), "my cat", HERE)
    assert message.attachments[0].ref.startswith(f"{GENERAL}/{photo}/")


async def test_a_channel_that_either_may_not_read_is_left_out(server: FakeDiscord, history: ReadsHistory) -> None:
    bob = Author(str(BOB), "Bob")
    assert {HERE, Place(OTHER).channel} <= set(await history.list_readable_channels(HERE, bob))
    server.hides(OTHER, BOB)
    assert Place(OTHER).channel not in await history.list_readable_channels(HERE, bob)
    server.deny(GENERAL, "READ_MESSAGE_HISTORY")
    assert HERE not in await history.list_readable_channels(HERE, bob)
    with pytest.raises(BotError):
        await history.read_back(Place(4711).channel, "")


async def test_where_the_bot_is_no_member_nothing_is_read(history: ReadsHistory) -> None:
    visit = Place(GENERAL, visitor=ANN).channel
    assert await history.list_readable_channels(visit, Author(str(ANN), "Ann")) == []
    with pytest.raises(BotError):
        await history.read_back(visit, "")
