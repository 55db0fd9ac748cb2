"""Crowds at the web server's door, and the bot as a real process: nobody on the platforms notices them."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from bot.web.connections import raise_descriptor_limit
from emulator import Emulator
from tests.conftest import PHOTOS
from tests.doubles.discord import TOKEN as DISCORD_TOKEN
from tests.doubles.discord import FakeDiscord
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, TelegramBed
from tests.doubles.telegram import TOKEN as TELEGRAM_TOKEN
from tests.doubles.waiting import until

CAT = (PHOTOS / "cat.jpg").read_bytes()
DESCRIPTORS = 1024  # of the bot: what many systems give a process
CLOSED_WITHIN = 65.0  # seconds
MOST_LINES = 100

HALF_REQUEST = b"POST /login HTTP/1.1\r\nHost: bot.example\r\nContent-Le"
LOGIN = (
    b"POST /login HTTP/1.1\r\nHost: bot.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 4000\r\n\r\n"
)

pytestmark = pytest.mark.timeout(240)


@dataclass
class Stranger:
    """Somebody who connects, says no more than the beginning of a request, and stays."""

    begun: bytes
    drips: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    came: bytes = b""

    async def stay(self, port: int) -> None:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(self.begun)
            async with asyncio.TaskGroup() as group:
                dripping = group.create_task(self.drip(writer)) if self.drips else None
                with suppress(OSError):
                    self.came = await reader.read()
                if dripping:
                    dripping.cancel()
            writer.close()
        self.closed.set()

    async def drip(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(0.5)
            writer.write(b"x")


@dataclass
class Crowd:
    """Strangers who come at once."""

    strangers: list[Stranger]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def at(cls, bot: BotProcess, strangers: list[Stranger]) -> AsyncIterator[Self]:
        port = int(bot.url.rpartition(":")[2])
        crowd = cls(strangers)
        crowd.tasks = [asyncio.create_task(stranger.stay(port)) for stranger in strangers]
        try:
            yield crowd
        finally:
            for task in crowd.tasks:
                task.cancel()
            await asyncio.gather(*crowd.tasks, return_exceptions=True)

    async def gone(self) -> None:
        """Wait until the bot has closed every connection."""
        async with asyncio.timeout(CLOSED_WITHIN):
            await asyncio.gather(*(stranger.closed.wait() for stranger in self.strangers))


@dataclass
class Platforms:
    telegram: TelegramBed
    discord: FakeDiscord
    bot: BotProcess
    asked: int = 0

    async def ask(self) -> None:
        """Ask about a photo on both, and wait until it is answered there."""
        self.asked += 1
        await self.telegram.sends_photo(CAT, "what is this?")
        await self.discord.says("what is this?", mention=True, files=[CAT])
        await until(lambda: len(self.answers(self.telegram.reads(ANN))) == self.asked, 60)
        await until(lambda: len(self.answers(self.discord.reads())) == self.asked, 60)

    @staticmethod
    def answers(texts: list[str]) -> list[str]:
        return [text for text in texts if "451 × 300" in text and not text.endswith("▌")]

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, **settings: str) -> AsyncIterator[Self]:
        async with TelegramBed() as telegram, FakeDiscord() as discord, Emulator(pace=0.01) as emulator:
            bot = BotProcess(
                folder,
                TELEGRAM_TOKEN=TELEGRAM_TOKEN,
                TELEGRAM_API_URL=telegram.url,
                DISCORD_TOKEN=DISCORD_TOKEN,
                DISCORD_API_URL=discord.url,
                ONEMIN_API_KEY="any-key",
                ONEMIN_API_URL=emulator.url,
                ONEMIN_REQUESTS_PER_MINUTE="100000",
                BOT_LOG_LEVEL="info",
                WEB_TOKEN="sixteen-characters-or-more",
                **settings,
            )
            async with bot:
                resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
                await bot.ready(60)
                yield cls(telegram, discord, bot)


@pytest.fixture(autouse=True)
def many_connections() -> None:
    if raise_descriptor_limit() < 4096:
        pytest.skip("this machine lets nobody open 2,000 connections")


CROWDS = {
    "2,000 idle connections": lambda: [Stranger(b"") for _ in range(2000)],
    "1,500 half requests": lambda: [Stranger(HALF_REQUEST) for _ in range(1500)],
    "60 dripped log-ins": lambda: [Stranger(LOGIN, drips=True) for _ in range(60)],
}


@pytest.mark.parametrize("crowd", CROWDS)
async def test_a_crowd_at_the_door_keeps_nobody_from_being_answered(tmp_path: Path, crowd: str) -> None:
    async with Platforms.open(tmp_path) as platforms:
        await platforms.ask()
        lines = len(platforms.bot.said().splitlines())
        strangers = CROWDS[crowd]()
        async with Crowd.at(platforms.bot, strangers) as standing:
            await platforms.ask()
            await standing.gone()
            refused = [stranger for stranger in strangers if stranger.came.startswith(b"HTTP/1.1 503 ")]
            assert bool(refused) == (len(strangers) > DESCRIPTORS)
        await platforms.ask()
        async with aiohttp.ClientSession() as http, http.get(f"{platforms.bot.url}/healthz") as reply:
            assert reply.status == 200
        said = platforms.bot.said()
        assert len(said.splitlines()) - lines < MOST_LINES
        assert "Traceback" not in said
