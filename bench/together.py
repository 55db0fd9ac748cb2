"""A chat platform end to end: many rooms send a photo at the same moment, until each shows the whole answer.

The emulators of the platform and of 1min.ai share one core, the program under test has the other. Time is taken where
the people are: from a message on the platform to the text without a cursor. "As people run it" means that the platform
enforces the limits that it documents, and that the program keeps them; "without limits" shows what a turn costs.
What is imported late is not in the memory of the program that has no use for it.
"""

import asyncio
import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol

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
QUESTION = "what is this, {room}?"
ASKED_FROM = re.compile(r"what is this, (\d+)\?")
PACE = 0.05  # seconds between two pieces of an answer: about one for the whole
SETTLE = 0.3  # seconds after the last answer, in which what is left of a turn is done
PATIENCE = 120.0  # seconds for all answers to a burst, and for every thousand of them once more
FAREWELL = 2.0  # seconds in which the emulators end by themselves
WARM_UP = 20  # turns that do not count

SAMPLES = 15  # turns one at a time
CROWDS = (100, 500)  # that ask at the same moment, where limits are kept


class Burst(NamedTuple):
    """The result of a burst: seconds of each turn, of all together, of the doubles' CPU; calls made, calls refused."""

    took: list[float]
    first_words: list[float]  # from the question to the first words on the screen
    tails: list[float]  # from the end of the provider's stream to the whole answer on the screen
    elapsed: float
    cpu: float
    calls: int
    refused: int


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

    def count_calls(self) -> tuple[int, int]:
        """Return the calls for posts and edits so far, and those of them that were refused."""
        ...


class Screens:
    """When each room was asked something, and when it showed the whole answer."""

    def __init__(self) -> None:
        self.asked: dict[int, float] = {}
        self.begun: dict[int, float] = {}
        self.ended: dict[int, float] = {}
        self.whole: dict[int, float] = {}

    def forget(self) -> None:
        """Be ready for the next questions."""
        for moments in (self.asked, self.begun, self.ended, self.whole):
            moments.clear()

    def end(self, prompt: str) -> None:
        """The provider has streamed all of the answer to this."""
        if found := ASKED_FROM.search(prompt):
            self.ended[int(found[1])] = time.perf_counter()

    def ask(self, room: int) -> None:
        """A question appears there."""
        self.asked[room] = time.perf_counter()

    def show(self, room: int, text: str) -> None:
        """The room shows a text of the bot's."""
        from emulator.answers import CANNED

        self.begun.setdefault(room, time.perf_counter())
        if not text.endswith(CURSOR):
            assert text == CANNED, text
            self.whole[room] = time.perf_counter()


class OpenCrowd(Protocol):
    """Opens so many rooms, on a platform that enforces its limits or has none."""

    __module__: str

    def __call__(self, screens: Screens, rooms: int, /, *, limited: bool) -> AbstractAsyncContextManager[Crowd]: ...


class Program(Protocol):
    """A program, told where the platform and the provider are, how many ask at once, and whether there are limits."""

    def __call__(
        self, platform: str, provider: str, at_once: int, /, *, limited: bool
    ) -> AbstractAsyncContextManager[None]: ...


Costs = Callable[[], Mapping[str, float]]
COSTS: list[Costs] = []  # of the store of the program in this process


def report(
    platform: str, open_crowd: OpenCrowd, per_second: int, *, quick: bool, crowds: Sequence[int] = CROWDS
) -> Result:
    """Both programs, as people run them and without limits; the platform takes so many posts and edits a second.

    The module of `open_crowd` runs the programs: see `serve`.
    """
    limited, figures = _with_limits(open_crowd, per_second, (40,) if quick else crowds, quick=quick)
    parts = [table(f"{platform}, as people run it", limited)]
    for at_once, bursts in [(1, 4), (50, 1)] if quick else [(1, SAMPLES), (200, 2), (500, 1)]:
        floor, ours = (run(program, open_crowd, at_once, bursts) for program in PROGRAMS)
        rows = [floor, ours, ratio(floor, ours)]
        figures |= compared(at_once, floor, ours)
        parts.append(table(f"{platform} without limits: {at_once} at once, {at_once * bursts} turns", rows))
    return Result("\n".join(parts), figures)


def _with_limits(
    open_crowd: OpenCrowd, per_second: int, crowds: Sequence[int], *, quick: bool
) -> tuple[list[Mapping[str, Any]], dict[str, float]]:
    """One at a time both programs; in a crowd only ours, because the bare script knows no limits."""
    plans = [(program, 1, 4 if quick else SAMPLES) for program in PROGRAMS]
    plans += [(PROGRAMS[1], at_once, 1) for at_once in crowds]
    rows: list[Mapping[str, Any]] = []
    figures: dict[str, float] = {}
    for program, at_once, bursts in plans:
        row = run(program, open_crowd, at_once, bursts, limited=True)
        use = _own_seconds() + (at_once - 1) // per_second  # seconds that as many answers take at the least
        use *= row["turns/s"] / at_once * 100
        rows.append({"at once": at_once, **row, "use of the limit %": "-" if at_once == 1 else use})
        name = f"{at_once} at once, limits on, {program}"
        figures |= {
            f"{column}, {name}": row[column] for column in ("tail p50 ms", "first words p50 ms", "added p50 ms")
        }
        figures |= {f"hops, {name}": row["hops"], f"calls a turn, {name}": row["calls a turn"]}
        if at_once > 1:
            figures[f"use of the limit %, {at_once} at once"] = use
    figures["added p50, times the floor, limits on"] = (
        figures[f"added p50 ms, 1 at once, limits on, {PROGRAMS[1]}"]
        / figures[f"added p50 ms, 1 at once, limits on, {PROGRAMS[0]}"]
    )
    return rows, figures


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


def run(program: str, open_crowd: OpenCrowd, at_once: int, bursts: int, *, limited: bool = False) -> dict[str, Any]:
    """Let a program in a process of its own answer bursts from fresh emulators; return what was measured."""
    warm_up = min(at_once, WARM_UP)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    emulators = multiprocessing.get_context("spawn").Process(
        target=_emulate, args=(theirs, open_crowd, warm_up + at_once * bursts, limited)
    )
    emulators.start()
    theirs.close()
    try:
        command = [sys.executable, "-m", open_crowd.__module__, program, *ours.recv(), str(at_once), str(int(limited))]
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
    took = [seconds for burst in measured for seconds in burst.took]
    tails = [seconds for burst in measured for seconds in burst.tails]
    first_words = [seconds for burst in measured for seconds in burst.first_words]
    elapsed = sum(burst.elapsed for burst in measured)
    return {
        "program": program,
        "first words p50 ms": percentile(first_words, 0.5) * 1000,
        "tail p50 ms": percentile(tails, 0.5) * 1000,
        "tail p99 ms": percentile(tails, 0.99) * 1000,
        "added p50 ms": (percentile(took, 0.5) - _own_seconds()) * 1000,
        "added p99 ms": (percentile(took, 0.99) - _own_seconds()) * 1000,
        "CPU ms a turn": (after["cpu"] - before["cpu"]) / len(took) * 1000,
        "turns/s": len(took) / elapsed,
        "calls a turn": sum(burst.calls for burst in measured) / len(took),
        "refused": sum(burst.refused for burst in measured),
        **{cost: (after[cost] - before[cost]) / len(took) for cost in ("hops", "statements", "commits")},
        "peak MB": after["peak"],
        "emulators' core busy %": sum(burst.cpu for burst in measured) / elapsed * 100,
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


def _emulate(pipe: Connection, open_crowd: OpenCrowd, rooms: int, limited: bool) -> None:
    stay_on(1)
    take_all_files()
    asyncio.run(_be_people(pipe, open_crowd, rooms, limited=limited))


async def _be_people(pipe: Connection, open_crowd: OpenCrowd, rooms: int, *, limited: bool) -> None:
    from bench import photo
    from emulator import Emulator

    base, screens = photo.base(), Screens()
    async with Emulator(pace=PACE, eyes=False) as emulator, open_crowd(screens, rooms, limited=limited) as crowd:
        emulator.on_end(screens.end)
        pipe.send((crowd.url, emulator.url))
        quiet = iter(enumerate(crowd.rooms))
        while count := await asyncio.to_thread(_next, pipe):
            photos = {room: photo.variant(base, n) for n, room in islice(quiet, count)}
            pipe.send(await _let_ask(crowd, screens, photos))


async def _let_ask(crowd: Crowd, screens: Screens, photos: Mapping[int, bytes]) -> Burst:
    """Let every room send its photo at the same moment, and wait for all the answers."""
    screens.forget()
    cpu, (calls, refused) = cpu_seconds(), crowd.count_calls()
    await asyncio.gather(*(crowd.asks(room, photo) for room, photo in photos.items()))
    async with asyncio.timeout(PATIENCE * (1 + len(photos) / 1000)):
        while len(screens.whole) < len(photos):
            await asyncio.sleep(0.02)
    cpu = cpu_seconds() - cpu
    await asyncio.sleep(SETTLE)
    crowd.tidy()
    calls_after, refused_after = crowd.count_calls()
    return Burst(
        took=[screens.whole[room] - screens.asked[room] for room in photos],
        first_words=[screens.begun[room] - screens.asked[room] for room in photos],
        tails=[screens.whole[room] - screens.ended[room] for room in photos],
        elapsed=max(screens.whole.values()) - min(screens.asked.values()),
        cpu=cpu,
        calls=calls_after - calls,
        refused=refused_after - refused,
    )


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
    name, platform, provider, at_once, limited = sys.argv[1:]
    log_errors_only()
    asyncio.run(_serve(programs[name](platform, provider, int(at_once), limited=limited == "1")))


async def _serve(program: AbstractAsyncContextManager[None]) -> None:
    """Answer photos until there is no more input; each line of it asks for the figures so far."""
    stay_on(0)
    take_all_files()
    async with program:
        while await asyncio.to_thread(sys.stdin.readline):
            costs = COSTS[0]() if COSTS else {"hops": 0, "statements": 0, "commits": 0}
            print(json.dumps({"cpu": cpu_seconds(), "peak": own_peak_mb(), **costs}), flush=True)
