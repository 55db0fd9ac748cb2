"""A bot in very many servers of Discord: how long it takes to start, what it holds then, and what idleness costs.

Then it is away for a while, and comes back, once to a calm Discord and once when all goes wrong: see `bench.absence`.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

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
COMPARED = ("REST calls a photo", "MB then")


def report(*, quick: bool) -> Result:
    """Compare a bot in one server with one in many, at rest, and after an absence with and without trouble."""
    many = QUICK if quick else SERVERS
    setups = ((1, True), (many, False), (many, True))
    starts, returns = zip(
        *(asyncio.run(_measure(servers, is_troubled=worst)) for servers, worst in setups), strict=True
    )
    _, calm, worst = returns
    ratios = [{"of": name, "at its worst / without trouble": worst[name] / calm[name]} for name in COMPARED]
    figures = {
        name: float(str(value)) for row in (starts[-1], worst) for name, value in row.items() if name != "return"
    }
    text = joined(
        (f"Servers with {CHANNELS} channels each, one process", starts[:2]),
        ("The same after an absence", returns),
        (f"What trouble costs in {many:,} servers", ratios),
    )
    return Result(text, figures)


async def _measure(servers: int, *, is_troubled: bool) -> tuple[Row, dict[str, Any]]:
    """Return what a start finds, and what a return does."""
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
                returned = await absence.measure_return(bot, double, emulator, known, is_troubled=is_troubled)
                return start, {"servers": servers, "return": "at its worst" if is_troubled else "calm", **returned}


def _open_server(double: FakeDiscord, n: int) -> tuple[int, list[int]]:
    """Return a new server, and its channels."""
    server = double.add_guild(f"server {n}")
    return server, [double.add_channel(f"channel {m}", server) for m in range(CHANNELS)]
