"""A chat platform end to end: many rooms send a photo at the same moment, until each shows the whole answer.

The emulators of the platform and of 1min.ai share one core, the program under test has the other. Time is taken where
the people are: from a message on the platform to the text without a cursor. The platform's own limits are switched off.
What is imported late is not in the memory of the program that has no use for it.
"""

import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, Protocol

from bench.measure import (
    cpu_seconds,
    log_errors_only,
    own_peak_mb,
    percentile,
    ratio,
    scratch,
    stay_on,
    table,
    take_all_files,
)
from bench.result import Result

PROGRAMS = ("floor", "snapthread")
CURSOR = "▌"
QUESTION = "what is this?"
PACE = 0.05  # seconds between two pieces of an answer: about one for the whole
SETTLE = 0.3  # seconds after the last answer, in which what is left of a turn is done
PATIENCE = 30.0  # seconds for all answers to a burst, and for every thousand of them once more
FAREWELL = 2.0  # seconds in which the emulators end by themselves
WARM_UP = 20  # turns that do not count

Burst = tuple[list[float], float, float]  # seconds of each turn, of all together, and of the emulators' CPU


class Crowd(Protocol):
    """People on an emulated platform, each alone with the bot in a room."""

    @property
    def rooms(self) -> Sequence[int]:
        """Where they are: platforms know rooms by numbers."""
        ...

    @property
    def url(self) -> str:
        """Where the platform is."""
        ...

    async def asks(self, room: int, photo: bytes) -> None:
        """Send a photo with `QUESTION`, and tell `Screens` of the moment."""

    def tidy(self) -> None:
        """Forget the photos."""


class Screens:
    """When each room was asked something, and when it showed the whole answer."""

    def __init__(self) -> None:
        self.asked: dict[int, float] = {}
        self.whole: dict[int, float] = {}

    def ask(self, room: int) -> None:
        """A question appears there."""
        self.asked[room] = time.perf_counter()

    def show(self, room: int, text: str) -> None:
        """The room shows a text of the bot's."""
        from emulator.answers import CANNED

        if not text.endswith(CURSOR):
            assert text == CANNED, text
            self.whole[room] = time.perf_counter()


OpenCrowd = Callable[[Screens, int], AbstractAsyncContextManager[Crowd]]  # takes how many rooms there shall be
Program = Callable[[str, str, int], AbstractAsyncContextManager[None]]  # takes two addresses and how many at once


def report(platform: str, open_crowd: OpenCrowd, *, quick: bool) -> Result:
    """Both programs, one photo at a time and many at the same moment.

    The module of `open_crowd` runs the programs: see `serve`.
    """
    plans = [(1, 4), (50, 1)] if quick else [(1, 20), (200, 3), (500, 2)]
    parts: list[str] = []
    figures: dict[str, float] = {}
    for at_once, bursts in plans:
        floor, ours = (run(program, open_crowd, at_once, bursts) for program in PROGRAMS)
        rows = [floor, ours, ratio(floor, ours)]
        figures |= compared(at_once, floor, ours)
        parts.append(table(f"{platform}: {at_once} at once, {at_once * bursts} turns", rows))
    return Result("\n".join(parts), figures)


def compared(at_once: int, floor: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, float]:
    """The figures that goals look at."""
    ratios = ratio(floor, ours)
    return {
        f"added p50, times the floor, {at_once} at once": ratios["added p50 ms"],
        f"CPU, times the floor, {at_once} at once": ratios["CPU ms a turn"],
        f"turns/s, {at_once} at once": ours["turns/s"],
        **{
            f"{column}, {at_once} at once, {row['program']}": row[column]
            for row in (floor, ours)
            for column in ("added p50 ms", "added p99 ms", "CPU ms a turn", "turns/s")
        },
    }


def run(program: str, open_crowd: OpenCrowd, at_once: int, bursts: int) -> dict[str, Any]:
    """Let a program in a process of its own answer bursts from fresh emulators; return what was measured."""
    warm_up = min(at_once, WARM_UP)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    emulators = multiprocessing.get_context("spawn").Process(
        target=_emulate, args=(theirs, open_crowd, warm_up + at_once * bursts)
    )
    emulators.start()
    theirs.close()
    try:
        command = [sys.executable, "-m", open_crowd.__module__, program, *ours.recv(), str(at_once)]
        with (
            scratch() as env,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process,
        ):
            try:
                _figures(process)  # there are some as soon as it listens
                _burst(ours, warm_up)
                before = _figures(process)
                measured = [_burst(ours, at_once) for _ in range(bursts)]
                after = _figures(process)
            finally:
                process.terminate()
    finally:
        ours.close()
        emulators.join(FAREWELL)
        emulators.terminate()
        emulators.join()
    took = [seconds for burst in measured for seconds in burst[0]]
    elapsed = sum(burst[1] for burst in measured)
    return {
        "program": program,
        "added p50 ms": (percentile(took, 0.5) - _own_seconds()) * 1000,
        "added p99 ms": (percentile(took, 0.99) - _own_seconds()) * 1000,
        "CPU ms a turn": (after["cpu"] - before["cpu"]) / len(took) * 1000,
        "turns/s": len(took) / elapsed,
        "peak MB": after["peak"],
        "emulators' core busy %": sum(burst[2] for burst in measured) / elapsed * 100,
    }


def _burst(pipe: Connection, photos: int) -> Burst:
    pipe.send(photos)
    burst: Burst = pipe.recv()
    return burst


def _figures(process: "subprocess.Popen[str]") -> dict[str, float]:
    assert process.stdin and process.stdout
    process.stdin.write("figures\n")
    process.stdin.flush()
    figures: dict[str, float] = json.loads(process.stdout.readline())
    return figures


def _own_seconds() -> float:
    """The provider's own time: empty frames, result and end are paced too."""
    from emulator.answers import CANNED
    from emulator.wire import pieces

    return PACE * (len(pieces(CANNED)) + 4)


# the people, their platform and the provider


def _emulate(pipe: Connection, open_crowd: OpenCrowd, rooms: int) -> None:
    stay_on(1)
    take_all_files()
    asyncio.run(_be_people(pipe, open_crowd, rooms))


async def _be_people(pipe: Connection, open_crowd: OpenCrowd, rooms: int) -> None:
    from bench import photo
    from emulator import Emulator

    base, screens = photo.base(), Screens()
    async with Emulator(pace=PACE, eyes=False) as emulator, open_crowd(screens, rooms) as crowd:
        pipe.send((crowd.url, emulator.url))
        quiet = iter(enumerate(crowd.rooms))
        while count := await asyncio.to_thread(_next, pipe):
            photos = {room: photo.variant(base, n) for n, room in islice(quiet, count)}
            pipe.send(await _let_ask(crowd, screens, photos))


async def _let_ask(crowd: Crowd, screens: Screens, photos: Mapping[int, bytes]) -> Burst:
    """Let every room send its photo at the same moment, and wait for all the answers."""
    screens.asked, screens.whole, cpu = {}, {}, cpu_seconds()
    await asyncio.gather(*(crowd.asks(room, photo) for room, photo in photos.items()))
    async with asyncio.timeout(PATIENCE * (1 + len(photos) / 1000)):
        while len(screens.whole) < len(photos):
            await asyncio.sleep(0.02)
    cpu = cpu_seconds() - cpu
    await asyncio.sleep(SETTLE)
    crowd.tidy()
    took = [screens.whole[room] - screens.asked[room] for room in photos]
    return took, max(screens.whole.values()) - min(screens.asked.values()), cpu


def _next(pipe: Connection) -> int:
    try:
        return int(pipe.recv())
    except EOFError:
        return 0


def take_any_number(double: Any) -> None:
    """Lengthen the queue for new connections: beyond 128 the kernel turns them away, which costs them seconds."""
    for site in double._runner.sites:
        for listening in site._server.sockets:
            with socket.socket(fileno=os.dup(listening.fileno())) as same:
                same.listen(4096)


# the programs under test


def serve(programs: Mapping[str, Program]) -> None:
    """Run the program that the command line names, which listens as soon as it is entered."""
    name, platform, provider, at_once = sys.argv[1:]
    log_errors_only()
    asyncio.run(_serve(programs[name](platform, provider, int(at_once))))


async def _serve(program: AbstractAsyncContextManager[None]) -> None:
    """Answer photos until there is no more input; each line of it asks for the figures so far."""
    stay_on(0)
    take_all_files()
    async with program:
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"cpu": cpu_seconds(), "peak": own_peak_mb()}), flush=True)
