"""What a store that has seen much costs: the same turns, one at a time, after a thousand finished ones and after a
million.

PostgreSQL runs beside the emulator of 1min.ai; its own CPU time is told apart.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from bench import queue, turns
from bench.database import Database, database
from bench.measure import table
from bench.result import Line, Panel, Plot, Result, line

PACE = 0.005  # seconds between two pieces of an answer: only what is added counts here
STORES = ("SQLite", "PostgreSQL")


def report(*, quick: bool) -> Result:
    """A row for each store and size."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    asked = 10 if quick else 40
    with tempfile.TemporaryDirectory() as folder, database() as server:
        rows = [_row("SQLite", size, f"sqlite:///{folder}/{size}.db", asked) for size in sizes]
        rows += [_row("PostgreSQL", size, server.new(f"of{size}"), asked, server) for size in sizes]
    return Result(table(f"{asked} turns, one at a time", rows), _figures(rows, sizes), {"bench-growth": _plot(rows)})


def _row(kind: str, size: int, url: str, asked: int, server: Database | None = None) -> dict[str, Any]:
    asyncio.run(_fill(url, size))
    if server:
        server.settle(url)
    cpu = server.cpu_seconds() if server else 0
    found = turns.run(turns.Plan("snapthread", 1, asked, PACE, store=url))
    cpu = server.cpu_seconds() - cpu if server else 0
    return {
        "store": kind,
        "finished turns": size,
        "added p50 ms": found["added p50 ms"],
        "added p99 ms": found["added p99 ms"],
        "CPU ms a turn": found["CPU ms a turn"],
        "database's own CPU ms a turn": cpu / (asked + turns.WARM_UP) * 1000 if server else "in it",
    }


async def _fill(url: str, size: int) -> None:
    async with queue.opened(url) as store:
        await queue.fill(store, size)


def _figures(rows: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> dict[str, float]:
    """How much slower the fullest store is than the emptiest."""
    added = {(row["store"], row["finished turns"]): row["added p50 ms"] for row in rows}
    return {f"{kind}: full against empty": added[kind, sizes[-1]] / added[kind, sizes[0]] for kind in STORES}


def _plot(rows: Sequence[Mapping[str, Any]]) -> Plot:
    def lines(column: str) -> list[Line]:
        return [line(rows, kind, "finished turns", column, store=kind) for kind in STORES]

    x = "finished turns in the store"
    return Plot(
        [
            Panel("What a turn takes longer", x, "added p50, ms", lines("added p50 ms"), "x"),
            Panel("What a turn costs", x, "CPU ms a turn", lines("CPU ms a turn"), "x"),
        ],
        "Added time and CPU of a turn against the number of finished turns in the store, SQLite and PostgreSQL",
    )
