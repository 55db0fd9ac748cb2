"""The report: all suites one after the other, and what they found put into `report.md` beside this file.

Each suite's findings are kept as data as soon as they are there, so a run that is interrupted can go on, single suites
can be measured anew, and the words can change without any measurement.
"""

import json
import re
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import goals, machine, rivals
from bench.draw import draw
from bench.measure import grid
from bench.result import Result

Suite = Callable[..., Result]
"""Takes `quick`: small sizes, to see that it works."""

TEMPLATE = Path(__file__).with_name("report.md")
DOCS = Path(__file__).parents[1] / "docs"
PLACE = re.compile(r"^\{(\w+)\}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a suite found, and when: `load` is how many programs wanted a core in the minute before."""

    result: Result
    at: str
    seconds: int
    load: float
    quick: bool


class Report:
    """The figures in a folder: `performance.json` for us, `performance.md` and `images` for people."""

    def __init__(self, folder: Path, suites: Mapping[str, Suite]) -> None:
        self.folder, self.suites = folder, suites
        self._data = folder / "performance.json"
        kept: dict[str, Any] = json.loads(self._data.read_text()) if self._data.exists() else {}
        self.machine: Mapping[str, str] = kept.get("machine", {})
        self.found = {
            name: Measured(**{**one, "result": Result.from_json(one["result"])})
            for name, one in kept.get("suites", {}).items()
            if name in suites
        }

    def measure(self, names: Sequence[str], *, quick: bool) -> list[str]:
        """Run these suites anew and keep what they find; the names of those that failed."""
        if names:
            self.machine = machine.describe()
        failed = []
        for name in names:
            print(f"{name} ...", flush=True)
            try:
                self.found[name] = _run(self.suites[name], quick=quick)
            except Exception:
                traceback.print_exc()
                self.found.pop(name, None)
                failed.append(name)
            else:
                print(self.found[name].result, f"\n\n{self.found[name].seconds} s\n", flush=True)
            self._keep()
        return failed

    def write(self) -> Path:
        """Write the page and its pictures; the page's path."""
        for one in self.found.values():
            for name, plot in one.result.plots.items():
                draw(plot, self.folder / "images" / f"{name}.png")
        results = {name: one.result for name, one in self.found.items()}
        parts = {
            "machine": self._machine(),
            "goals": grid(goals.judged(results)),
            "rivals": grid(rivals.beside(results)),
            **{name: self._part(name) for name in self.suites},
        }
        template = TEMPLATE.read_text()
        missing = set(self.suites) - set(PLACE.findall(template))
        assert not missing, f"{TEMPLATE.name} has no place for {missing}"
        page = self.folder / "performance.md"
        page.write_text(PLACE.sub(lambda place: parts[place[1]], template))
        return page

    def _keep(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        suites = {name: {**asdict(one), "result": one.result.as_json()} for name, one in self._in_order()}
        self._data.write_text(json.dumps({"machine": self.machine, "suites": suites}) + "\n")

    def _in_order(self) -> Sequence[tuple[str, Measured]]:
        return [(name, self.found[name]) for name in self.suites if name in self.found]

    def _machine(self) -> str:
        rows = [{"": what, "here": value} for what, value in self.machine.items()]
        runs = [
            {
                "suite": name,
                "measured": one.at,
                "seconds it took": one.seconds,
                "load before": one.load,
                "sizes": "**small: the figures mean little**" if one.quick else "full",
            }
            for name, one in self._in_order()
        ]
        return f"{grid(rows)}\n\n{grid(runs)}" if runs else "*Nothing was measured.*"

    def _part(self, name: str) -> str:
        if name not in self.found:
            return "*Not measured.*"
        result = self.found[name].result
        pictures = [f"![{plot.words}](images/{file}.png)" for file, plot in result.plots.items()]
        return "\n\n".join([re.sub("^## ", "### ", result.text.strip(), flags=re.MULTILINE), *pictures])


def _run(suite: Suite, *, quick: bool) -> Measured:
    load, at, begun = machine.load(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), time.perf_counter()
    result = suite(quick=quick)
    return Measured(result, at, round(time.perf_counter() - begun), round(load, 2), quick)
