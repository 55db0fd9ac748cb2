"""Added time and CPU per photo turn, against the floor, in the same run.

The emulator of 1min.ai has one core and what is measured has the other. The emulator streams an answer at a fixed pace,
so its own time is known; "added" is what is left of a turn without it.
"""

import asyncio
import json
import multiprocessing
import subprocess
import sys
from multiprocessing.connection import Connection

from adapters.providers.sandbox.answers import CANNED
from adapters.providers.sandbox.wire import pieces
from bench import floor, photo, snapthread
from bench.measure import cpu_seconds, peak_mb, percentile, stay_on, table

PROGRAMS = {"floor": floor.all_turns, "snapthread": snapthread.all_turns}
PACE = 0.025  # seconds between two pieces of an answer
SECONDS = PACE * (len(pieces(CANNED)) + 4)  # the provider's own time: empty frames, result and end are paced too


def report(*, quick: bool) -> str:
    """Both programs, one turn at a time and many at once."""
    plans = [(1, 15), (100, 200)] if quick else [(1, 60), (100, 600), (500, 1500)]
    parts = []
    for at_once, turns in plans:
        rows = [run(program, at_once, turns) for program in PROGRAMS]
        rows.append({"program": "ratio", **{key: rows[1][key] / rows[0][key] for key in rows[0] if key != "program"}})  # type: ignore[operator]
        parts.append(table(f"{at_once} at once, {turns} turns", rows))
    return "\n".join(parts)


def run(program: str, at_once: int, turns: int) -> dict[str, object]:
    """Run a program in a process of its own against a fresh emulator, and return what was measured."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    emulator = multiprocessing.get_context("spawn").Process(target=_emulate, args=(theirs,))
    emulator.start()
    try:
        url = ours.recv()
        command = [sys.executable, "-m", "bench.turns", program, url, str(at_once), str(turns)]
        figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    finally:
        ours.send("stop")
        emulator.join()
    return {"program": program, **figures}


def _emulate(pipe: Connection) -> None:
    from adapters.providers.sandbox import Sandbox

    async def serve() -> None:
        stay_on(1)
        async with Sandbox(pace=PACE, eyes=False) as sandbox:
            pipe.send(sandbox.url)
            await asyncio.to_thread(pipe.recv)

    asyncio.run(serve())


async def _measure(program: str, url: str, at_once: int, turns: int) -> dict[str, float]:
    stay_on(0)
    base = photo.base()
    photos = [photo.variant(base, n) for n in range(turns + at_once)]
    await PROGRAMS[program](url, photos[turns:][:20], min(at_once, 20), 0)  # warm up
    pause = 0.05 if at_once == 1 else 0  # people pause; what is left to do for the turn before is not this one's delay
    cpu, clock = cpu_seconds(), asyncio.get_running_loop().time()
    took = await PROGRAMS[program](url, photos[:turns], at_once, pause)
    elapsed = asyncio.get_running_loop().time() - clock
    return {
        "added p50 ms": (percentile(took, 0.5) - SECONDS) * 1000,
        "added p99 ms": (percentile(took, 0.99) - SECONDS) * 1000,
        "CPU ms a turn": (cpu_seconds() - cpu) / turns * 1000,
        "turns/s": turns / elapsed,
        "peak MB": peak_mb(),
    }


if __name__ == "__main__":
    name, address, many, count = sys.argv[1:]
    print(json.dumps(asyncio.run(_measure(name, address, int(many), int(count)))))
