"""python -m bench [turns|telegram|discord|stalls|queue|memory|flight] [--quick]: what it costs on this machine."""

import argparse
import platform

from bench import discord, flight, memory, queue, stalls, telegram, turns

SUITES = {
    "turns": turns.report,
    "telegram": telegram.report,
    "discord": discord.report,
    "stalls": lambda *, quick: stalls.report(),
    "queue": queue.report,
    "memory": memory.report,
    "flight": flight.report,
}


def main() -> None:
    """Print a report of the suites that were named, or of all."""
    parser = argparse.ArgumentParser("python -m bench", description="Measure Snapthread against the floor")
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help="which ones; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    options = parser.parse_args()
    print(f"# Snapthread on this machine\n{platform.platform()}, Python {platform.python_version()}")
    for name in options.suites or SUITES:
        print(SUITES[name](quick=options.quick), flush=True)


if __name__ == "__main__":
    main()
