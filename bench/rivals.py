"""Other bots, and bots as thin as they can be, beside this run. Their figures are an earlier measurement of ours."""

from collections.abc import Mapping, Sequence

from bench.result import Result, Row
from bench.together import PROGRAMS

HEADS = (
    "program",
    "one at a time: added p50 / p99 ms",
    "CPU ms a turn",
    "idle MB",
    "start to first poll, s",
    "500 at once: turns/s",
    "added p50 s",
    "of 10 photos around a kill -9, answered",
)
MEASURED = (
    ("bare script on aiohttp", "3.4 / 6", "6.0", "41", "0.3", "269", "0.75", ""),
    ("thinnest python-telegram-bot, its own httpx", "6.7 / 8", "13.5", "54", "0.8", "37", "9.9", "2"),
    ("thinnest python-telegram-bot, aiohttp below it", "4.1 / 6", "8", "60", "0.9", "272", "0.63", ""),
    ("thinnest discord.py with httpx", "5.7 / 10", "12", "57", "1.0", "21", "16.9", ""),
    ("father-bot", "13-49 / 16-255", "33", "77", "1.5", "4.9", "52.2", "2"),
    ("AstrBot", "61-81 / 133-286", "71", "275", "10.9", "12.8", "26.7", "2"),
    ("nanobot", "297 / 340", "109", "134", "3.7", "9.1", "52.7", "5"),
    ("n3d1117", "368 / 430", "393", "99", "1.9", "1.9", "240", "5"),
    ("llmcord (Discord)", "563 / 610", "47", "78", "1.6", "19.4; 101 got no answer", "18.3", "0"),
)


def beside(results: Mapping[str, Result]) -> Sequence[Row]:
    """Their rows, and those of this run."""
    theirs = [dict(zip(HEADS, row, strict=True)) for row in MEASURED]
    platforms = [platform for platform in ("telegram", "discord") if platform in results]
    return [*theirs, *(_ours(platform, program, results) for platform in platforms for program in PROGRAMS)]


def _ours(platform: str, program: str, results: Mapping[str, Result]) -> Row:
    figures, is_floor = results[platform].figures, program == PROGRAMS[0]
    start = results["startup"].figures if "startup" in results and not is_floor else {}

    def cell(column: str, at_once: int, share: float = 1) -> str:
        return _cell(figures, f"{column}, {at_once} at once, {program}", share)

    return {
        HEADS[0]: f"this run, {platform.title()}: " + ("bare script on aiohttp" if is_floor else "**Snapthread**"),
        HEADS[1]: f"{cell('added p50 ms', 1)} / {cell('added p99 ms', 1)}",
        HEADS[2]: cell("CPU ms a turn", 1),
        HEADS[3]: _cell(start, "idle MB"),
        HEADS[4]: _cell(start, "seconds to the first poll"),
        HEADS[5]: cell("turns/s", 500),
        HEADS[6]: cell("added p50 ms", 500, 1000),
        HEADS[7]: "" if is_floor else "not tried this way; see *Kill -9*",
    }


def _cell(figures: Mapping[str, float], name: str, share: float = 1) -> str:
    return f"{figures[name] / share:.3g}" if name in figures else "-"
