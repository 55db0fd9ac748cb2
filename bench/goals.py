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


def _ratios(suite: str, what: str, burst: int) -> list[Goal]:
    goals = []
    for at_once in (1, burst, 500):
        here = f"{what}, {'one at a time' if at_once == 1 else f'{at_once} at the same moment'}"
        added, cpu = (f"{which}, times the floor, {at_once} at once" for which in ("added p50", "CPU"))
        goals.append(Goal(f"{here}: added p50 at most 2 times the floor", suite, added, 2))
        goals.append(Goal(f"{here}: CPU at most 3 times the floor", suite, cpu, 3))
    speed = f"{what}, 500 at the same moment: at least 100 turns/s on one core"
    return [*goals, Goal(speed, suite, "turns/s, 500 at once", 100, least=True)]


GOALS = (
    *_ratios("turns", "The calls alone", 100),
    *_ratios("telegram", "Telegram", 200),
    *_ratios("discord", "Discord", 200),
    Goal("The event loop is held up for at most 20 ms", "stalls", "longest stall ms", 20),
    Goal("An ordinary photo takes at most 5 ms longer in a worker process", "isolation", "added ms", 5),
    Goal("500 questions with photos of 4 MB in flight: peak below 300 MB", "flight", "peak MB", 300),
    Goal("The same: the event loop is held up for at most 20 ms", "flight", "longest stall ms", 20),
    Goal(
        "A claim beside 1,000,000 finished turns: p95 below 3 ms", "queue", "claim p95 ms, 1,000,000 finished turns", 3
    ),
    Goal("Two processes do at least 1.7 times as much as one", "fleet", "2 processes, limited", 1.7, least=True),
    Goal("From the start to the first poll: at most 2 seconds", "startup", "seconds to the first poll", 2),
    Goal("Idle, with both platforms: at most 100 MB", "startup", "idle MB", 100),
    Goal("Chaos: no turn lost", "chaos", "lost", 0),
    Goal("Chaos: no turn out of order", "chaos", "out of order", 0),
)


def judged(results: Mapping[str, Result]) -> Sequence[Mapping[str, object]]:
    """A row for each goal."""
    return [_row(goal, results.get(goal.suite)) for goal in GOALS]


def _row(goal: Goal, result: Result | None) -> Mapping[str, object]:
    measured = result.figures.get(goal.figure) if result else None
    if measured is None:
        return {"goal": goal.words, "measured": "not measured", "": ""}
    return {"goal": goal.words, "measured": float(measured), "": "met" if goal.met(measured) else "**missed**"}
