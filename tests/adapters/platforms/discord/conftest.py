"""A Discord on loopback, and clients of it: one connection serves all tests of a module that needs one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import discord
import pytest
import pytest_asyncio
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.platforms.discord.adapter import Discord
from adapters.platforms.discord.attachment_store import AttachmentStore
from adapters.platforms.discord.downloads import AttachmentDownloads, LinkCache
from bot.ports import Store
from tests.adapters.platforms.discord import shelf as shelves
from tests.adapters.platforms.discord.pair import Pair, side_by_side
from tests.adapters.platforms.discord.shelf import Reader, Shelf
from tests.conftest import PHOTOS
from tests.doubles.discord import TOKEN, FakeDiscord

IN_TIME = 5.0  # seconds for something to be heard


class Listener(discord.AutoShardedClient):
    """Hears what the bot hears."""

    def __init__(self, *, content: bool = True) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        flags = discord.MemberCacheFlags.none()
        super().__init__(
            intents=intents,
            max_messages=None,
            member_cache_flags=flags,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.05,
        )
        self._heard: dict[int, asyncio.Future[discord.Message]] = {}
        self._presses: asyncio.Queue[tuple[discord.Interaction, str]] = asyncio.Queue()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Begin at once, instead of five seconds after the last shard."""

    async def on_message(self, message: discord.Message) -> None:
        self._future(message.id).set_result(message)

    async def handle_press(self, interaction: discord.Interaction, command: str) -> None:
        """Somebody pressed a button of ours."""
        self._presses.put_nowait((interaction, command))

    async def press(self) -> tuple[discord.Interaction, str]:
        """The next press, and what was said by it."""
        async with asyncio.timeout(IN_TIME):
            return await self._presses.get()

    async def hears(self, id: int) -> discord.Message:
        """The message as it came."""
        async with asyncio.timeout(IN_TIME):
            return await self._future(id)

    async def reads(self, channel: int, id: int) -> discord.Message:
        """The message as REST gives it."""
        return await self.talked(channel).fetch_message(id)

    def talked(self, channel: int) -> discord.TextChannel | discord.Thread | discord.PartialMessageable:
        known = self.get_channel(channel)
        if isinstance(known, discord.TextChannel | discord.Thread):
            return known
        return self.get_partial_messageable(channel)

    def _future(self, id: int) -> asyncio.Future[discord.Message]:
        return self._heard.setdefault(id, asyncio.get_running_loop().create_future())


@asynccontextmanager
async def listening(client: Listener) -> AsyncIterator[Listener]:
    """A client that is connected."""
    task = asyncio.create_task(client.start(TOKEN))
    try:
        async with asyncio.timeout(IN_TIME):
            while not (client.shards and client.is_ready()):
                await asyncio.sleep(0.01)
        yield client
    finally:
        await client.close()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def discord_on_loopback(server: FakeDiscord) -> AsyncIterator[FakeDiscord]:
    """The Discord that clients find."""
    with pytest.MonkeyPatch.context() as patch:
        async with server:
            patch.setattr(Route, "BASE", server.url)
            patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway.url))
            patch.setattr(discord.Asset, "BASE", server.origin)
            yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[FakeDiscord]:
    async with discord_on_loopback(FakeDiscord(message_content=True)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(server: FakeDiscord) -> AsyncIterator[Listener]:
    """May read what everybody says."""
    async with listening(Listener()) as client:
        yield client


# files


@pytest.fixture
async def shelf(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelf]:
    async with Shelf() as shelf:
        monkeypatch.setattr(Route, "BASE", f"{shelf.url}/api/v10")
        monkeypatch.setattr(discord.Asset, "BASE", shelf.url)
        yield shelf


@pytest.fixture
async def read(shelf: Shelf) -> AsyncIterator[Reader]:
    client = discord.Client(intents=discord.Intents.default())
    await client.http.static_login(shelves.TOKEN)
    yield Reader(client)
    await client.http.close()


@pytest.fixture
def links() -> LinkCache:
    return LinkCache()


@pytest.fixture
def keep(sqlite: Store) -> AttachmentStore:
    return AttachmentStore(sqlite.blobs)


@pytest.fixture
async def files(read: Reader, keep: AttachmentStore, links: LinkCache) -> AsyncIterator[AttachmentDownloads]:
    async with AttachmentDownloads(read, keep, links) as files:
        yield files


# processes


@pytest.fixture
async def pair(sqlite: Store, tmp_path: Path) -> AsyncIterator[Pair]:
    async with discord_on_loopback(FakeDiscord()) as server, side_by_side(server, sqlite, tmp_path) as pair:
        yield pair


def open_bot(server: FakeDiscord, store: Store, *, galleries: bool = True) -> Discord:
    """A bot on that Discord and store, which suggests nothing."""

    async def suggest(*_: str) -> tuple[()]:
        return ()

    return Discord(
        TOKEN,
        server.url,
        PHOTOS,
        intake=store.intake,
        channels=store.channels,
        blobs=store.blobs,
        coordination=store.coordination,
        suggest=suggest,
        galleries=galleries,
    )
