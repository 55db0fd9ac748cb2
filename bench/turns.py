"""Added time and CPU per photo turn, against the floor, in the same run.

The emulator of 1min.ai has one core and what is measured has the other. The emulator streams an answer at a fixed pace,
so its own time is known; "added" is what is left of a turn without it.
"""

import asyncio
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench import floor, photo, snapthread, together
from bench.floor import Turn
from bench.measure import (
    cpu_seconds,
    log_errors_only,
    peak_mb,
    percentile,
    ratio,
    scratch,
    stay_on,
    table,
    take_all_files,
)
from bench.result import Result
from bot.ports import Store
from bot.store import open_store
from bot.store.sql import SqlStore
from bot.store.sqlite import SQLite
from emulator.answers import CANNED
from emulator.wire import pieces

PACE = 0.025  # seconds between two pieces of an answer
WARM_UP = 20  # turns that do not count
PIECES = len(pieces(CANNED)) + 4  # empty frames, result and end are paced too


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: `at_once` turns at the same time. Without a `store` it is a new SQLite file."""

    program: str  # floor or snapthread
    at_once: int
    turns: int
    pace: float = PACE
    store: str = ""
    synchronous: str = "FULL"  # of SQLite; PostgreSQL is told in its address


def report(*, quick: bool) -> Result:
    """Both programs, one turn at a time and many at once."""
    plans = [(1, 15), (100, 200)] if quick else [(1, 40), (100, 600), (500, 1500)]
    parts: list[str] = []
    figures: dict[str, float] = {}
    for at_once, turns in plans:
        bare, ours = (run(Plan(program, at_once, turns)) for program in together.PROGRAMS)
        figures |= together.compared(at_once, bare, ours)
        parts.append(table(f"{at_once} at once, {turns} turns", [bare, ours, ratio(bare, ours)]))
    return Result("\n".join(parts), figures)


def run(plan: Plan) -> dict[str, Any]:
    """Run a program in a process of its own against a fresh emulator, and return what was measured."""
    with emulator(plan.pace) as url, scratch() as env:
        command = [sys.executable, "-m", "bench.turns", url, json.dumps(asdict(plan))]
        figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout)
    return {"program": plan.program, **figures}


@contextmanager
def emulator(pace: float) -> Iterator[str]:
    """Run 1min.ai in a process of its own while entered; yield its address."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_emulate, args=(theirs, pace))
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _emulate(pipe: Connection, pace: float) -> None:
    from emulator import Emulator

    async def serve() -> None:
        stay_on(1)
        take_all_files()
        async with Emulator(pace=pace, eyes=False) as emulator:
            pipe.send(emulator.url)
            await asyncio.Event().wait()

    asyncio.run(serve())


# the program that is measured


async def _measure(url: str, plan: Plan) -> dict[str, float]:
    stay_on(0)
    take_all_files()
    base = photo.base()
    photos = [photo.variant(base, n) for n in range(plan.turns + WARM_UP)]
    async with _program(url, photos, plan) as turn:
        await run_all(turn, range(plan.turns, len(photos)), WARM_UP)
        cpu, clock = cpu_seconds(), time.perf_counter()
        took = await run_all(turn, range(plan.turns), plan.at_once)
        cpu, elapsed = cpu_seconds() - cpu, time.perf_counter() - clock
    return {
        "added p50 ms": (percentile(took, 0.5) - plan.pace * PIECES) * 1000,
        "added p99 ms": (percentile(took, 0.99) - plan.pace * PIECES) * 1000,
        "CPU ms a turn": cpu / plan.turns * 1000,
        "turns/s": plan.turns / elapsed,
        "peak MB": peak_mb(),
    }


def _program(url: str, photos: list[bytes], plan: Plan) -> AbstractAsyncContextManager[Turn]:
    if plan.program == "floor":
        return floor.answering(url, photos)
    return snapthread.answering(url, photos, max(plan.at_once, WARM_UP), partial(_store, plan))


async def run_all(turn: Turn, numbers: Iterable[int], at_once: int) -> list[float]:
    """Have the photos of these numbers answered, so many at the same time; return the seconds that each took."""
    gate = asyncio.Semaphore(at_once)
    pause = 0.05 if at_once == 1 else 0  # people pause: what is left of the turn before is not this one's delay

    async def one(n: int) -> float:
        async with gate:
            await asyncio.sleep(pause)
            return await turn(n)

    return list(await asyncio.gather(*map(one, numbers)))


def _store(plan: Plan, folder: Path, model: str) -> Store:
    if plan.store.startswith("postgres"):
        return open_store(plan.store, model)
    path = plan.store.removeprefix("sqlite:///") or f"{folder}/bot.db"
    return SqlStore.over(_Flushing(path, model, plan.synchronous))


class _Flushing(SQLite):
    """Flushes to disk as often as it is told: FULL, NORMAL or OFF."""

    def __init__(self, path: str, first_model: str, synchronous: str) -> None:
        super().__init__(path, first_model)
        self.synchronous = synchronous

    async def __aenter__(self) -> "_Flushing":
        await super().__aenter__()
        await self._writer.execute(f"PRAGMA synchronous = {self.synchronous}")
        return self


if __name__ == "__main__":
    log_errors_only()
    print(json.dumps(asyncio.run(_measure(sys.argv[1], Plan(**json.loads(sys.argv[2]))))))
