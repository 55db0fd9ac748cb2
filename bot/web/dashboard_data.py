"""The data of the dashboard, from the counts of the store: series over time, costs by day, errors by kind, processes.

An interval in the past does not change any more, so after the first request only the newest one is counted again.
The first request for a month of a million turns takes seconds, but nobody has to wait for it: a response counts for a
fraction of a second, newest first, and says how far it came. Turns deleted later stay counted until the process
ends; the counts contain no text.
"""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.accounting.model_scores import by_rank, wilson_interval
from bot.errors import FailureCode, Scope
from bot.messages import Backlog, Usage, WorkerProcess
from bot.ports import Coordination, Reporting, Votes
from bot.web.interval_cache import RANGES, IntervalCache
from bot.web.tally_sums import NOTHING, Interval, TallySum, biggest, stretch_of, total
from bot.words import catalogue

Json = dict[str, Any]
Costs = Mapping[str, Usage]  # by model

SILENT = 20.0  # seconds; processes report every five
UNITS = ("credits", "dollars")
MOST_ASIDE = 50  # turns that were put aside, listed one by one
FORMER_LOST_CHANNEL = "_shut_out"  # how such a code ended, after the name of the platform, in rows of earlier versions
RECENT = 3600.0  # seconds in which a model that stood in for another one counts as news
ELLIPSIS = "…"
TOLD_APART = {"limit_reached": "dashboard_limit_reached"}  # where a sentence has more gaps than words
ELSE = "else"  # errors that only another version of the bot knows


class DashboardData:
    """Computes the data of the dashboard."""

    def __init__(self, reporting: Reporting, coordination: Coordination, votes: Votes | None = None) -> None:
        self._reporting, self._coordination, self._votes = reporting, coordination, votes
        self._turns = IntervalCache(self._count_turns)
        self._costs = IntervalCache(reporting.list_spent_by_model)

    async def tell(self, name: str, split: str, language: str, seconds: float) -> Json:
        """Return all data of a range, split by a property, as JSON; counting takes about `seconds` seconds.

        Errors are told in the language.
        """
        shown, now, deadline = RANGES[name], time.time(), time.monotonic() + seconds
        starts, days = shown.starts(now), shown.midnights(now)
        turns = await self._turns.recall(starts, shown.step, deadline)
        costs = await self._costs.recall(days, days[1] - days[0], deadline)
        about = {"range": name, "split": split, "now": now}
        about |= {"start": starts[0], "step": shown.step, "stretches": len(starts)}
        uncounted = sum(each is None for each in (*turns, *costs))
        # In a thread, because it takes some milliseconds that would delay other tasks.
        series = await asyncio.to_thread(_tell, turns, costs, split=split, language=language)
        series["costs"]["start"] = days[0]
        live = _live(await self._reporting.get_backlog(), await self._coordination.list_processes(), now)
        live["stand_ins"] = [asdict(each) for each in await self._reporting.list_stand_ins(now - RECENT)]
        live |= {"put_aside": await self._list_put_aside(), "scores": await self._list_scores()}
        return about | {"uncounted": uncounted} | series | live

    async def _list_scores(self) -> Sequence[Json]:
        """List how often each model wins comparisons, the surest winner first, with 95% intervals."""
        scores = by_rank(await self._votes.list_scores()) if self._votes else []
        intervals = (wilson_interval(score.won, score.votes) for score in scores)
        return [
            asdict(score) | {"low": low, "high": high} for score, (low, high) in zip(scores, intervals, strict=True)
        ]

    async def _list_put_aside(self) -> Json:
        """List the latest turns that were put aside, and count all of them."""
        turns = await self._reporting.list_put_aside(MOST_ASIDE)
        total = len(turns) if len(turns) < MOST_ASIDE else await self._reporting.count_put_aside()
        return {"total": total, "turns": [asdict(turn) for turn in turns]}

    async def _count_turns(self, start: float, end: float) -> Interval:
        return stretch_of(await self._reporting.list_tallies(start, end))


def _tell(turns: Sequence[Interval | None], costs: Sequence[Costs | None], *, split: str, language: str) -> Json:
    known = [stretch for stretch in turns if stretch]
    everything = total(each for stretch in known for each in stretch.sums["all"].values())
    return {
        "total": {"turns": everything.turns, "failed": everything.failed, **everything.percentiles},
        "groups": _groups(turns, split),
        "costs": {"days": len(costs), **{unit: _dearest(costs, unit) for unit in UNITS}},
        "errors": _errors(known, catalogue(language)),
    }


def _groups(turns: Sequence[Interval | None], split: str) -> Sequence[Json]:
    """Return the biggest groups and the others, with a value for each interval; None: not counted yet."""
    stretches = [(stretch or NOTHING).sums[split] for stretch in turns]
    sizes: defaultdict[str, int] = defaultdict(int)
    for sums in stretches:
        for name, each in sums.items():
            sizes[name] += each.turns
    counted = [stretch is not None for stretch in turns]
    return [
        {"name": name, **_series([_sum_of(sums, members) for sums in stretches], counted)}
        for name, members in biggest(sizes).items()
    ]


def _sum_of(sums: Mapping[str, TallySum], names: Sequence[str]) -> TallySum:
    found = [sums[name] for name in names if name in sums]
    return found[0] if len(found) == 1 else total(found)


def _series(sums: Sequence[TallySum], counted: Sequence[bool]) -> Json:
    pairs = list(zip(sums, counted, strict=True))
    return {
        "turns": [each.turns if known else None for each, known in pairs],
        "failed": [each.failed if known else None for each, known in pairs],
        **{
            name: {part: [each.percentiles[name][part] for each in sums] for part in ("p50", "p95")}
            for name in ("first_words", "took")
        },
    }


def _dearest(costs: Sequence[Costs | None], unit: str) -> Sequence[Json]:
    """Return the daily cost of the most expensive models, and of the others together; free models are left out."""
    names = {name for found in costs for name in found or ()}
    spent = {name: [_amount(found, name, unit) for found in costs] for name in names}
    sizes = {name: whole for name, days in spent.items() if (whole := sum(filter(None, days)))}
    return [
        {"name": name, "values": _added([spent[each] for each in members])} for name, members in biggest(sizes).items()
    ]


def _amount(spent: Costs | None, name: str, unit: str) -> float | None:
    """Return the amount; None if the day is not counted yet, 0 if the model was free or reports nothing."""
    return None if spent is None else getattr(spent.get(name), unit, None) or 0


def _added(rows: Iterable[Sequence[float | None]]) -> Sequence[float | None]:
    return [None if None in day else round(sum(filter(None, day)), 6) for day in zip(*rows, strict=True)]


def _errors(stretches: Iterable[Interval], words: Mapping[str, str]) -> Sequence[Json]:
    """Return the count of each kind, the most frequent first, and its sentence among these words of the bot."""
    kinds: dict[str, tuple[int, float]] = {}
    for stretch in stretches:
        for key, (turns, last) in stretch.errors.items():
            code = FailureCode.CHANNEL_LOST if key.endswith(FORMER_LOST_CHANNEL) else key
            sentence_key = code if code in words else ELSE
            before = kinds.get(sentence_key, (0, 0.0))
            kinds[sentence_key] = (before[0] + turns, max(before[1], last))
    return [
        {
            "key": key,
            "turns": turns,
            "last": last,
            "sentence": _sentence(words.get(TOLD_APART.get(key, key), ""), words["dashboard_service"]),
            "is_askers": _is_askers(key),
        }
        for key, (turns, last) in sorted(kinds.items(), key=lambda kind: (-kind[1][0], kind[0]))
    ]


def _is_askers(key: str) -> bool:
    """Tell whether a failure is in the question or its photos, and so nothing that the operator could mend."""
    return key in set(FailureCode) and FailureCode(key).scope in (Scope.QUESTION, Scope.PHOTO)


def _sentence(words: str, service: str) -> str:
    """Return a sentence with a gap for each thing that nobody knows any more."""
    return re.sub(r"\{\w+(?::([^}]*))?\}", _fill_gap, words.replace("{service}", service))


def _fill_gap(gap: re.Match[str]) -> str:
    """Return the dots for a gap, with its words for most numbers where it chooses some: … photos."""
    _, _, words = (gap[1] or "").partition("other=")
    return words.partition("|")[0].replace("#", ELLIPSIS) or ELLIPSIS


def _live(backlog: Backlog, fleet: Iterable[WorkerProcess], now: float) -> Json:
    processes = [asdict(process) | {"silent": now - process.seen > SILENT} for process in fleet]
    return {"backlog": asdict(backlog), "fleet": processes}
