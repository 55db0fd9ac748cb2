"""What was aimed at, held against what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.result import Result


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for a figure of a suite; `least` turns it round."""

    words: str
    suite: str
    figure: str
    bound: float
    least: bool = False

    def met(self, measured: float) -> bool:
        """Whether the figure is as good as was aimed at."""
        return measured >= self.bound if self.least else measured <= self.bound


def _with_limits() -> list[Goal]:
    """Goals at the settings that people run, with the platform's limits enforced."""
    ours = "limits on, snapthread"
    here = "Telegram, default settings"
    return [
        Goal(f"{here}, one at a time: tail at most 30 ms", "telegram", f"tail p50 ms, 1 at once, {ours}", 30),
        Goal(
            f"{here}, one at a time: added p50 at most 2 times the bare script's",
            "telegram",
            "added p50, times the floor, limits on",
            2,
        ),
        *(
            Goal(
                f"{here}, {at_once} at the same moment: at least 95% as fast as 30 calls a second allow",
                "telegram",
                f"use of the limit %, {at_once} at once",
                95,
                least=True,
            )
            for at_once in (100, 500)
        ),
        Goal(
            "Hops into SQLite's thread for a photo turn: at most half of the 38 there were",
            "telegram",
            f"hops, 1 at once, {ours}",
            19,
        ),
        Goal(
            "Discord, default settings, one at a time: tail at most 30 ms",
            "discord",
            f"tail p50 ms, 1 at once, {ours}",
            30,
        ),
    ]


def _without_limits(suite: str, what: str) -> list[Goal]:
    """Goals for what a turn costs, with the platform's limits off: they would hide it."""
    goals = [
        Goal(
            f"{what}, one at a time, limits off: CPU at most 2 times the bare script's",
            suite,
            "CPU, times the floor, 1 at once",
            2,
        ),
        Goal(
            f"{what}, 500 at the same moment, limits off: CPU at most 2.2 times the bare script's",
            suite,
            "CPU, times the floor, 500 at once",
            2.2,
        ),
    ]
    for at_once in (200, 500):
        words = f"{what}, {at_once} at the same moment, limits off: added p50 at most 2 times the bare script's"
        goals.append(Goal(words, suite, f"added p50, times the floor, {at_once} at once", 2))
    return goals


GOALS = (
    *_with_limits(),
    *_without_limits("telegram", "Telegram"),
    *_without_limits("discord", "Discord"),
    Goal("500 questions with photos of 4 MB in flight: longest stall at most 20 ms", "flight", "longest stall ms", 20),
    Goal("The same: peak below 300 MB", "flight", "peak MB", 300),
    Goal("Four 12-megapixel photos: longest stall at most 20 ms", "stalls", "longest stall ms", 20),
    Goal("An ordinary photo takes at most 5 ms longer in a worker process", "isolation", "added ms", 5),
    Goal(
        "A claim beside 1,000,000 finished turns: p95 below 3 ms", "queue", "claim p95 ms, 1,000,000 finished turns", 3
    ),
    Goal(
        "Two processes on PostgreSQL do at least 1.85 times as much as one",
        "fleet",
        "2 processes, limited",
        1.85,
        least=True,
    ),
    Goal("From the start to the first poll: below 0.6 seconds", "startup", "seconds to the first poll", 0.6),
    Goal("Idle, with both platforms: below 80 MB", "startup", "idle MB", 80),
    *(
        goal
        for device in ("a phone, 360 px", "a screen, 1,280 px")
        for goal in (
            Goal(
                f"The page, {device}: 5,000 entries open in under a second", "page", f"opens in ms, p50, {device}", 1000
            ),
            Goal(
                f"The page, {device}: at most 3% of the frames late in scrolling",
                "page",
                f"late frames, %, {device}",
                3,
            ),
        )
    ),
    Goal("The page: first words on screen at most 30 ms after the provider's", "page", "first words on screen", 30),
    Goal("The page: the first load below 100 kB", "page", "first load, kB", 100),
    Goal("The page: below 150 kB in all", "page", "in all, kB", 150),
    Goal("kill -9 and chaos: no turn lost", "chaos", "lost", 0),
    Goal("kill -9 and chaos: no turn out of order", "chaos", "out of order", 0),
)


def judged(results: Mapping[str, Result]) -> Sequence[Mapping[str, object]]:
    """A row for each goal."""
    return [_row(goal, results.get(goal.suite)) for goal in GOALS]


def _row(goal: Goal, result: Result | None) -> Mapping[str, object]:
    measured = result.figures.get(goal.figure) if result else None
    if measured is None:
        return {"goal": goal.words, "measured": "not measured", "": ""}
    return {"goal": goal.words, "measured": float(measured), "": "met" if goal.met(measured) else "**missed**"}
