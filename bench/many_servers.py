"""A bot in very many servers of Discord: how long it takes to start, what it holds then, and what idleness costs.

Then it is away for a while, and comes back when all goes wrong at once: see `bench.absence`.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from bench import absence, discord
from bench.measure import resident_mb, tree_cpu_seconds
from bench.result import Result, Row, joined
from bench.startup import ready
from emulator import Emulator
from tests.doubles.discord import FakeDiscord
from tests.doubles.process import BotProcess

SERVERS, CHANNELS = 2_000, 12  # of each server
QUICK = 50
PATIENCE = 180.0  # seconds until all of them are known
IDLE = 10.0  # seconds


def report(*, quick: bool) -> Result:
    """Compare a bot in one server with one in many, at rest and after an absence."""
    counts = (1, QUICK) if quick else (1, SERVERS)
    starts, returns = zip(*(asyncio.run(_measure(servers)) for servers in counts), strict=True)
    figures = {name: float(str(value)) for row in (starts[-1], returns[-1]) for name, value in row.items()}
    text = joined(
        (f"Servers with {CHANNELS} channels each, one process", starts),
        ("The same after an absence, with late servers, broken messages and refused posts", returns),
    )
    return Result(text, figures)


async def _measure(servers: int) -> tuple[Row, Row]:
    """Return what a start finds, and what a return at its worst does."""
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator(eyes=False) as emulator, FakeDiscord(discord.TOKEN) as double:
            known = dict(_open_server(double, n) for n in range(servers))
            bot = BotProcess(
                Path(folder),
                ONEMIN_API_KEY="bench",
                ONEMIN_API_URL=emulator.url,
                ONEMIN_REQUESTS_PER_MINUTE="100000",
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
                start = {
                    "servers": servers,
                    "seconds to /readyz": seconds,
                    "REST calls until then": calls,
                    "idle MB": resident_mb(bot.process.pid),
                    "idle CPU, % of a core": idle / IDLE * 100,
                }
                await bot.stop()
                return start, {"servers": servers, **await absence.measure_return(bot, double, emulator, known)}


def _open_server(double: FakeDiscord, n: int) -> tuple[int, list[int]]:
    """Return a new server, and its channels."""
    server = double.add_guild(f"server {n}")
    return server, [double.add_channel(f"channel {m}", server) for m in range(CHANNELS)]
