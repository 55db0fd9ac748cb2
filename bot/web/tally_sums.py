"""Sums of tallies, by the properties that turns can be split by, and per interval."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

from bot.messages import Tally, Times

MOST = 6  # groups that are shown by name
OTHERS = "others"
NOBODY = "no model"  # commands, and turns refused by a limit
PARTS = {"p50": 0.5, "p95": 0.95}


def _provider(tally: Tally) -> str:
    return tally.model.partition("/")[0] if tally.model else NOBODY


SPLITS: Mapping[str, Callable[[Tally], str]] = {
    "all": lambda tally: "all",
    "platform": lambda tally: tally.platform,
    "provider": _provider,
    "model": lambda tally: tally.model or NOBODY,
}
"""The properties that turns can be split by: the name of the group that a tally belongs to."""


@dataclass
class TallySum:
    """A sum of turns and their times."""

    turns: int = 0
    failed: int = 0
    first_words: dict[int, tuple[int, float]] = field(default_factory=dict)
    took: dict[int, tuple[int, float]] = field(default_factory=dict)

    @cached_property
    def percentiles(self) -> Mapping[str, Mapping[str, float | None]]:
        """Seconds to the first words and to the whole answer; to be read when nothing more is added."""
        times = {"first_words": self.first_words, "took": self.took}
        return {name: {key: percentile(each, part) for key, part in PARTS.items()} for name, each in times.items()}

    def add_tally(self, tally: Tally) -> None:
        """Add a tally."""
        self._add(tally.turns, 0 if tally.error is None else tally.turns, tally.first_words, tally.took)

    def add(self, more: "TallySum") -> None:
        """Add another sum."""
        self._add(more.turns, more.failed, more.first_words, more.took)

    def _add(self, turns: int, failed: int, first_words: Times, took: Times) -> None:
        self.turns += turns
        self.failed += failed
        for mine, more in ((self.first_words, first_words), (self.took, took)):
            for key, (n, amount) in more.items():
                before = mine.get(key, (0, 0.0))
                mine[key] = (before[0] + n, before[1] + amount)


@dataclass(frozen=True)
class Interval:
    """The counts of an interval: sums by split and group; by error the number of turns and the time of the latest."""

    sums: Mapping[str, Mapping[str, TallySum]]
    errors: Mapping[str, tuple[int, float]]


NOTHING = Interval({split: {} for split in SPLITS}, {})


def stretch_of(tallies: Iterable[Tally]) -> Interval:
    """Add up the tallies of an interval."""
    sums: dict[str, defaultdict[str, TallySum]] = {split: defaultdict(TallySum) for split in SPLITS}
    errors: dict[str, tuple[int, float]] = {}
    for tally in tallies:
        for split, name_of in SPLITS.items():
            sums[split][name_of(tally)].add_tally(tally)
        if tally.error is not None:
            turns, last = errors.get(tally.error, (0, 0.0))
            errors[tally.error] = (turns + tally.turns, max(last, tally.last))
    return Interval(sums, errors)


def total(sums: Iterable[TallySum]) -> TallySum:
    """Return the sum of all intervals."""
    whole = TallySum()
    for each in sums:
        whole.add(each)
    return whole


def percentile(times: Times, part: float) -> float | None:
    """Return the percentile `part` (0 to 1) of the times, in seconds: the mean of the class that it falls into."""
    rank = ceil(part * sum(n for n, _ in times.values()))
    for key in sorted(times):
        n, amount = times[key]
        rank -= n
        if rank <= 0:
            return float(f"{amount / n:.3g}")
    return None


def biggest(sizes: Mapping[str, float]) -> Mapping[str, Sequence[str]]:
    """Return the biggest groups by name, biggest first, and the rest as one, unless it is a single group."""
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    most = MOST if len(names) > MOST + 1 else MOST + 1
    rest = {OTHERS: names[most:]} if names[most:] else {}
    return {name: [name] for name in names[:most]} | rest
