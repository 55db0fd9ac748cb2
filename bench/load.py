"""Telegram end to end, from one turn in flight to two thousand: when does it become slow?

So many chats send a photo at the same moment, and what is measured may have all of them in work (BOT_WORKERS).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bench import telegram, together
from bench.measure import table
from bench.result import Line, Panel, Plot, Result, line

PLANS = {1: 8, 10: 3, 50: 2, 100: 2, 200: 1, 500: 1, 1000: 1, 2000: 1}  # at once, and how often
QUICK = {1: 3, 20: 1}


def report(*, quick: bool) -> Result:
    """A row for each number of turns in flight and each program."""
    rows = [
        {"in flight": at_once, **together.run(program, telegram.open_crowd, at_once, bursts)}
        for at_once, bursts in (QUICK if quick else PLANS).items()
        for program in together.PROGRAMS
    ]
    return Result(table("Telegram, turns in flight", rows), _figures(rows), {"bench-load": _plot(rows)})


def _figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {
        f"turns/s, {row['in flight']} in flight": row["turns/s"]
        for row in rows
        if row["program"] == together.PROGRAMS[1]
    }


def _plot(rows: Sequence[Mapping[str, Any]]) -> Plot:
    def lines(column: str, what: str = "") -> list[Line]:
        return [line(rows, f"{name}{what}", "in flight", column, program=name) for name in together.PROGRAMS]

    return Plot(
        [
            Panel("Throughput", "turns in flight", "turns/s", lines("turns/s"), "x"),
            Panel(
                "Added time",
                "turns in flight",
                "ms",
                [*lines("added p50 ms", ", p50"), *lines("added p99 ms", ", p99")],
                "xy",
            ),
        ],
        "Turns a second, and added time, against the number of turns in flight: the floor and Snapthread",
    )
