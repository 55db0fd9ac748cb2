"""A backlog of photo turns on PostgreSQL, worked off by one process, by two and by four.

Each of them is the bot as its operator runs it, but without the limits of Discord, and only works (BOT_LISTEN=none);
another process has listened to Discord's double, filled the queue and ended before. So few cores serve the bots, the
database and the doubles that the bots would only compete for them; so each bot gets a fixed share of a core, the same
whether it is alone or not, and what is left is for the others. Without the share the question is what this machine
makes of it.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from typing import Any

from bench import discord, photo, quota
from bench.database import Database, running
from bench.endpoint import Endpoint
from bench.guilds import Guilds
from bench.measure import cpu_seconds, table, take_all_files, tree_cpu_seconds
from bench.result import Panel, Plot, Result, line
from bench.together import Screens
from emulator.answers import CANNED
from tests.doubles.postgres import query
from tests.doubles.process import BotProcess

SHARE = 0.2  # of a core, for each bot
SECONDS = 0.2  # that an answer takes
FLEETS = (1, 2, 4)
LATER = 3600.0  # seconds for which the queue is held back
PATIENCE = 180.0  # seconds for all answers
LET_GO = "UPDATE turns SET due = %s WHERE finished IS NULL"
LIMITED, FREE = f"{SHARE:.0%} of a core", "as it comes"
HOW = {LIMITED: "limited", FREE: "free"}


def report(*, quick: bool) -> Result:
    """A row for each number of processes, with a share of a core each and without."""
    take_all_files()
    turns = 40 if quick else 300
    fleets = FLEETS[:2] if quick else FLEETS
    rows = asyncio.run(_rows(fleets, turns))
    return Result(
        table(f"{turns} photo turns that wait, processes that work", rows),
        {f"{row['processes']} processes, {HOW[row['each gets']]}": row["times one"] for row in rows},
        {"bench-fleet": _plot(rows)},
    )


async def _rows(fleets: Sequence[int], turns: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    async with running() as database:
        for share in (SHARE, None):
            found = [await _row(database, processes, turns, share) for processes in fleets]
            rows += [{**row, "times one": row["turns/s"] / found[0]["turns/s"]} for row in found]
    return rows


async def _row(database: Database, processes: int, turns: int, share: float | None) -> dict[str, Any]:
    screens = Screens()
    store = database.new(f"of{processes}{'limited' if share else ''}")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        endpoint = await stack.enter_async_context(Endpoint(lambda question: CANNED, (SECONDS, SECONDS)))
        guilds = await stack.enter_async_context(Guilds(discord.TOKEN, screens, turns, limited=False))
        settings = {
            "BOT_STORE": store,
            "BOT_MODEL": "openai/gpt-4o",
            "OPENAI_API_URL": endpoint.url,
            "DISCORD_TOKEN": discord.TOKEN,
            "DISCORD_API_URL": guilds.url,
        }
        await _fill(folder, settings, guilds, store)
        bots = [_bot(folder / str(n), BOT_LISTEN="none", **settings) for n in range(processes)]
        for bot in bots:
            await stack.enter_async_context(bot)
        await asyncio.gather(*(bot.ready() for bot in bots))
        pids = [bot.process.pid for bot in bots]
        with quota.limited(pids, share) if share else nullcontext():
            return {
                "processes": processes,
                "each gets": LIMITED if share else FREE,
                **await _work(database, store, pids, screens, turns),
            }


class Unlimited(BotProcess):
    """Without the limits of Discord."""

    async def start(self) -> None:
        """Start it."""
        self.log = (self.folder / "log.txt").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.unlimited", self.command,
            env=self.environment, cwd=self.folder, stdout=self.log, stderr=self.log,
        )  # fmt: skip


def _bot(folder: Path, **settings: str) -> Unlimited:
    folder.mkdir()
    return Unlimited(folder, **settings)


async def _fill(folder: Path, settings: Mapping[str, str], guilds: Guilds, store: str) -> None:
    """Let everybody ask, and somebody hear it all; nothing of it is due yet."""
    base = photo.base()
    async with _bot(folder / "ear", BOT_LISTEN="discord", BOT_WORKERS="0", **settings) as ear:
        await ear.ready()
        for n, room in enumerate(guilds.rooms):
            await guilds.asks(room, photo.variant(base, n))
        await _until(store, "SELECT count(*) AS many FROM turns", len(guilds.rooms))
        await query(store, LET_GO, time.time() + LATER)


async def _until(store: str, sql: str, many: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await query(store, sql))[0]["many"] != many:
            await asyncio.sleep(0.1)


async def _work(database: Database, store: str, pids: Sequence[int], screens: Screens, turns: int) -> dict[str, Any]:
    """Let the queue go, and wait until everybody has an answer."""
    doubles, bots, server = cpu_seconds(), sum(map(tree_cpu_seconds, pids)), database.cpu_seconds()
    begun = time.perf_counter()
    await query(store, LET_GO, time.time())
    await query(store, "NOTIFY turns")
    async with asyncio.timeout(PATIENCE):
        while len(screens.whole) < turns:
            await asyncio.sleep(0.02)
    took = max(screens.whole.values()) - begun
    doubles, bots, server = (
        cpu_seconds() - doubles,
        sum(map(tree_cpu_seconds, pids)) - bots,
        database.cpu_seconds() - server,
    )
    return {
        "turns/s": turns / took,
        "times one": 0.0,
        "CPU ms a turn": bots / turns * 1000,
        "database's CPU ms a turn": server / turns * 1000,
        "all cores busy with these, %": (doubles + bots + server) / took / (os.cpu_count() or 1) * 100,
    }


def _plot(rows: Sequence[Mapping[str, Any]]) -> Plot:
    return Plot(
        [
            Panel(
                f"Each process gets {LIMITED}" if each == LIMITED else "All share the machine",
                "processes",
                "turns/s",
                [line(rows, "turns/s", "processes", "turns/s", **{"each gets": each})],
                "x",
            )
            for each in (LIMITED, FREE)
        ],
        "Turns a second against the number of processes, with a fixed share of a core for each, and without",
    )
