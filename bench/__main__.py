"""`python -m bench [SUITE ...]` prints what suites find; `python -m bench report [SUITE ...]` writes the report.

`python -m bench flame FILE` draws a flame graph. `python -m bench corpus DIR` runs the intake over a folder of files.
`python -m bench legibility` reads what is sent.
`python -m bench intake TREE` compares how photos are taken in with an earlier version.
`python -m bench heavy` takes in the heaviest files of each kind. `python -m bench search` times /find, and
`python -m bench search recall` counts what it finds.
"""

import argparse
import platform
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from bench import (
    chaos,
    corpus,
    discord,
    durability,
    flame,
    fleet,
    flight,
    growth,
    heavy,
    intake,
    isolation,
    legibility,
    load,
    many_servers,
    memory,
    moving,
    page,
    queue,
    search,
    stalls,
    startup,
    telegram,
    turns,
)
from bench.measure import log_errors_only
from bench.report import DOCS, Report, Suite

SUITES: Mapping[str, Suite] = {
    "turns": turns.report,
    "telegram": telegram.report,
    "discord": discord.report,
    "load": load.report,
    "stalls": stalls.report,
    "isolation": isolation.report,
    "queue": queue.report,
    "growth": growth.report,
    "durability": durability.report,
    "moving": moving.report,
    "startup": startup.report,
    "servers": many_servers.report,
    "memory": memory.report,
    "flight": flight.report,
    "fleet": fleet.report,
    "chaos": chaos.report,
    "page": page.report,
}
REPORT = "report"


def main() -> int:
    """Run what was named, or all of it; 1 when a suite of the report failed."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # what was started is ended either way
    if sys.argv[1:2] == [corpus.NAME]:  # no suite: it measures files of yours
        return corpus.main(sys.argv[2:])
    if sys.argv[1:2] == [legibility.NAME]:  # it needs something that reads
        return legibility.main(sys.argv[2:])
    if sys.argv[1:2] == [intake.NAME]:  # it needs another version
        return intake.main(sys.argv[2:])
    if sys.argv[1:2] == [heavy.NAME]:  # it needs a minute and a core
        return heavy.main(sys.argv[2:])
    if sys.argv[1:2] == [search.NAME]:  # it fills a store for minutes
        return search.main(sys.argv[2:])
    if sys.argv[1:2] == [flame.NAME]:  # it draws a picture
        return flame.main(sys.argv[2:])
    options = _parser().parse_args()
    log_errors_only()
    if REPORT in options.suites:
        return _report(options)
    print(f"# Snapthread on this machine\n{platform.platform()}, Python {platform.python_version()}")
    for name in options.suites or SUITES:
        print(SUITES[name](quick=options.quick), flush=True)
    return 0


def _report(options: argparse.Namespace) -> int:
    report = Report(options.to, SUITES)
    failed = report.measure(_chosen(options, report), quick=options.quick)
    print(f"{report.write()} is written" + (f"; these failed: {', '.join(failed)}" if failed else ""))
    return int(bool(failed))


def _chosen(options: argparse.Namespace, report: Report) -> list[str]:
    """The suites to be measured anew."""
    named = [name for name in SUITES if name in options.suites]
    if options.keep:
        return [name for name in SUITES if name in named or name not in report.found]
    return named or [*SUITES]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description="Measure Snapthread, also against the floor.")
    what = f"which ones, all by default; with `{REPORT}` the others stay as they were measured last"
    parser.add_argument("suites", nargs="*", choices=[REPORT, *SUITES, []], help=what, metavar="SUITE")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--keep", action="store_true", help="report: measure only what is missing; then write it anew")
    parser.add_argument("--to", type=Path, default=DOCS, metavar="FOLDER", help="report: where it goes (docs)")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
