"""Percentiles, CPU time and tables."""

import asyncio
import os
import re
import resource
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from bot.operations import logs


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: the value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def cpu_seconds() -> float:
    """User and system time of this process so far, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def tree_cpu_seconds(pid: int) -> float:
    """User and system time of another process so far, with all that it has started."""
    spent = sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK")  # its own, and that of those that have ended
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):  # it has ended meanwhile
            spent += tree_cpu_seconds(int(child))
    return spent


def resident_mb(pid: int) -> float:
    """The memory that another process holds now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024


def _stat(pid: int) -> list[str]:
    """What the kernel tells of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def peak_mb() -> float:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def own_peak_mb() -> float:
    """The most memory this program has held; what getrusage says is at least that of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


class Lag(NamedTuple):
    """How late the event loop came back, and how much of that it waited for a core that others had; in seconds."""

    late: float
    queued: float

    @property
    def own(self) -> float:
        """What is left on a machine that has nothing else to do."""
        return max(0.0, self.late - self.queued)


@asynccontextmanager
async def watched() -> AsyncGenerator[list[Lag], None]:
    """Note, while entered, how late the event loop comes back to who sleeps for a millisecond."""
    lags: list[Lag] = []

    async def watch() -> None:
        while True:
            begun, queued = time.perf_counter(), _queued_seconds()
            await asyncio.sleep(0.001)
            lags.append(Lag(time.perf_counter() - begun - 0.001, _queued_seconds() - queued))

    watching = asyncio.create_task(watch())
    try:
        yield lags
    finally:
        watching.cancel()


def _queued_seconds() -> float:
    """For how long this thread could have run so far, but no core was free."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def take_all_files() -> None:
    """Let this process, and those that it starts, open as many files and connections as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def stay_on(core: int) -> None:
    """Keep this process, threads included, on one core, so that it does not compete with the harness."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def log_errors_only() -> None:
    """What the bot has to say besides is no part of a table."""
    logs.set_up("text", "error", [])


@contextmanager
def scratch() -> Iterator[Mapping[str, str]]:
    """An environment for a program that may be killed: its temporary files are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield {**os.environ, "TMPDIR": folder}


def ratio(floor: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """A row that says how many times the floor's figures ours are."""
    return {
        "program": "ratio",
        **{key: ours[key] / floor[key] if floor[key] else "-" for key in floor if key != "program"},
    }


def table(title: str, rows: Sequence[Mapping[str, object]]) -> str:
    """A Markdown table of rows that share their keys, under its title."""
    return f"\n## {title}\n{grid(rows)}"


def grid(rows: Sequence[Mapping[str, object]]) -> str:
    """A Markdown table of rows that share their keys."""
    heads = list(rows[0])
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(map(_cell, row.values())) + " |" for row in rows])


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
