"""From nothing to a bot that listens to Telegram, Discord and the page: `python -m bot run`; and what it holds then."""

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bench import discord, telegram
from bench.measure import percentile, resident_mb, table, tree_cpu_seconds
from bench.result import Result
from emulator import Emulator
from tests.doubles.discord import FakeDiscord
from tests.doubles.process import BotProcess
from tests.doubles.telegram import TelegramBed

STARTS = 5
PATIENCE = 30.0  # seconds until it is ready
IDLE = 4.0  # seconds, after which what was only needed to start has been given back


def report(*, quick: bool) -> Result:
    """One row: of several starts the middle one and the slowest."""
    starts = [asyncio.run(_start()) for _ in range(2 if quick else STARTS)]
    rows = [{"": name, **_spread([start[name] for start in starts])} for name in starts[0]]
    figures = {str(row[""]): float(str(row["p50"])) for row in rows}
    return Result(table(f"{len(starts)} starts with Telegram, Discord and the page, on SQLite", rows), figures)


def _spread(values: list[float]) -> dict[str, float]:
    return {"p50": percentile(values, 0.5), "most": max(values)}


class _Bed(TelegramBed):
    """Notes when it is first asked for news."""

    asked: float | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["method"] == "getUpdates" and self.asked is None:
            self.asked = time.perf_counter()
        return await super().handle(request)


async def _start() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator() as emulator, _Bed(telegram.TOKEN) as bed, FakeDiscord(discord.TOKEN) as guilds:
            bot = BotProcess(
                Path(folder),
                ONEMIN_API_KEY="bench",
                ONEMIN_API_URL=emulator.url,
                TELEGRAM_TOKEN=telegram.TOKEN,
                TELEGRAM_API_URL=bed.url,
                DISCORD_TOKEN=discord.TOKEN,
                DISCORD_API_URL=guilds.url,
            )
            begun = time.perf_counter()
            async with bot:
                is_ready = await ready(bot, PATIENCE)
                cpu = tree_cpu_seconds(bot.process.pid)
                assert bed.asked is not None, "it is ready and does not listen to Telegram"
                await asyncio.sleep(IDLE)
                return {
                    "seconds to the first poll": bed.asked - begun,
                    "seconds to /readyz": is_ready - begun,
                    "processor seconds until then": cpu,
                    "idle MB": resident_mb(bot.process.pid),
                }


async def ready(bot: BotProcess, patience: float) -> float:
    """Return the moment when all parts of it work, within so many seconds."""
    timeout: Any = aiohttp.ClientTimeout(total=5)
    async with asyncio.timeout(patience), aiohttp.ClientSession(timeout=timeout) as http:
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"{bot.url}/readyz") as reply:
                    if reply.status == 200:
                        return time.perf_counter()
            await asyncio.sleep(0.01)
