"""What it costs that nothing is lost when the power goes: the same turns, flushed to disk and not.

The bot flushes: `synchronous=FULL` on SQLite, and PostgreSQL as it comes. The other settings are here only to be
compared.
"""

import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from bench import turns
from bench.database import database
from bench.measure import table
from bench.result import Line, Panel, Plot, Result

AT_ONCE = 100
OURS = {"SQLite": "FULL", "PostgreSQL": "on"}  # as the bot has it
OPTION = "&options=-csynchronous_commit%3D"
OTHERS = {"SQLite": ("NORMAL", "OFF"), "PostgreSQL": ("off",)}


def report(*, quick: bool) -> Result:
    """A row for each setting."""
    alone, together = (10, 50) if quick else (30, 300)
    rows = []
    with tempfile.TemporaryDirectory() as folder, database() as server:
        for kind, ours in OURS.items():
            for flushed in (ours, *OTHERS[kind]):
                where = (
                    f"sqlite:///{folder}/{flushed}.db" if kind == "SQLite" else server.new(flushed) + OPTION + flushed
                )
                rows.append(
                    {"store": kind, "flushed": _words(kind, flushed), **_figures(alone, together, where, flushed)}
                )
    return Result(
        table(f"{alone} turns one at a time, {together} with {AT_ONCE} at the same moment", rows),
        plots={"bench-durability": _plot(rows)},
    )


def _words(kind: str, flushed: str) -> str:
    return f"{'synchronous' if kind == 'SQLite' else 'synchronous_commit'}={flushed}"


def _figures(alone: int, together: int, store: str, flushed: str) -> dict[str, Any]:
    one = turns.run(turns.Plan("snapthread", 1, alone, 0.005, store, flushed))
    many = turns.run(turns.Plan("snapthread", AT_ONCE, together, store=store, synchronous=flushed))
    return {
        "one at a time: added p50 ms": one["added p50 ms"],
        "added p99 ms": one["added p99 ms"],
        "CPU ms a turn": one["CPU ms a turn"],
        f"{AT_ONCE} at once: added p50 ms": many["added p50 ms"],
        "turns/s": many["turns/s"],
    }


def _plot(rows: Sequence[Mapping[str, Any]]) -> Plot:
    def bars(column: str) -> list[Line]:
        return [Line(_name(row), [(n, row[column])], "bar") for n, row in enumerate(rows)]

    return Plot(
        [
            Panel("One at a time", "", "added p50, ms", bars("one at a time: added p50 ms")),
            Panel(f"{AT_ONCE} at the same moment", "", "turns/s", bars("turns/s")),
        ],
        "Added time of a turn and turns a second, flushed to disk and not, on SQLite and PostgreSQL",
    )


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['store']}\n{str(row['flushed']).partition('=')[2]}"
