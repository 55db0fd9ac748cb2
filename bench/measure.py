"""Percentiles, CPU time and tables."""

import os
import resource
from collections.abc import Mapping, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: the value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def cpu_seconds() -> float:
    """User and system time of this process so far, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_mb() -> float:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stay_on(core: int) -> None:
    """Keep this process, threads included, on one core, so that it does not compete with the harness."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def table(title: str, rows: Sequence[Mapping[str, object]]) -> str:
    """A Markdown table of rows that share their keys."""
    heads = list(rows[0])
    lines = [f"\n## {title}", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(map(_cell, row.values())) + " |" for row in rows])


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
