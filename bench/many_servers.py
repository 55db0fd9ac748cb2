"""A bot in very many servers of Discord: how long it takes to start, what it holds then, and what idleness costs."""

import asyncio
import tempfile
import time
from pathlib import Path

from bench import discord
from bench.measure import resident_mb, table, tree_cpu_seconds
from bench.result import Result
from bench.startup import ready
from emulator import Emulator
from tests.doubles.discord import FakeDiscord
from tests.doubles.process import BotProcess

SERVERS, CHANNELS = 2_000, 12  # of each server
QUICK = 50
PATIENCE = 180.0  # seconds until all of them are known
IDLE = 10.0  # seconds


def report(*, quick: bool) -> Result:
    """Compare a bot in one server with one in many."""
    counts = (1, QUICK) if quick else (1, SERVERS)
    rows = [asyncio.run(_measure(servers)) for servers in counts]
    figures = {name: float(value) for name, value in rows[-1].items()}
    return Result(table(f"Servers with {CHANNELS} channels each, one process", rows), figures)


async def _measure(servers: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator() as emulator, FakeDiscord(discord.TOKEN) as double:
            for n in range(servers):
                guild = double.add_guild(f"server {n}")
                for m in range(CHANNELS):
                    double.add_channel(f"channel {m}", guild)
            bot = BotProcess(
                Path(folder),
                ONEMIN_API_KEY="bench",
                ONEMIN_API_URL=emulator.url,
                DISCORD_TOKEN=discord.TOKEN,
                DISCORD_API_URL=double.url,
            )
            begun = time.perf_counter()
            async with bot:
                seconds = await ready(bot, PATIENCE) - begun
                calls = len(double.calls)
                await asyncio.sleep(IDLE / 2)
                cpu = tree_cpu_seconds(bot.process.pid)
                await asyncio.sleep(IDLE)
                idle = tree_cpu_seconds(bot.process.pid) - cpu
                return {
                    "servers": servers,
                    "seconds to /readyz": seconds,
                    "REST calls until then": calls,
                    "idle MB": resident_mb(bot.process.pid),
                    "idle CPU, % of a core": idle / IDLE * 100,
                }
