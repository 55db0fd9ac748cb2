"""How much longer an ordinary photo takes in a worker process than it would inside the bot."""

import asyncio
import time
from io import BytesIO
from typing import Any

from bench import photo
from bench.measure import percentile, table
from bench.result import Result
from bot.files.decoders.photo_file import clean_photo
from bot.files.isolation import client

LIMITS: dict[str, Any] = {"kind": "JPEG", "longest_side": 2048, "most_pixels": 40_000_000, "out_bytes": 4_000_000}


def report(*, quick: bool) -> Result:
    """Measure both ways in turn, so that whatever else the machine does slows both of them."""
    inside, outside = asyncio.run(_measure(40 if quick else 400))
    rows = [_row("inside the bot", inside), _row("in a worker process", outside)]
    added = percentile(outside, 0.5) - percentile(inside, 0.5)
    return Result(
        table("A photo of 1280x960 from a chat app, cleaned", rows),
        {"added ms": added * 1000, "times": percentile(outside, 0.5) / percentile(inside, 0.5)},
    )


async def _measure(rounds: int) -> tuple[list[float], list[float]]:
    base = photo.base()
    inside, outside = list[float](), list[float]()
    await client.run("clean_photo", base, **LIMITS)  # starts the fork server
    for n in range(rounds):
        data = photo.variant(base, n)
        begun = time.perf_counter()
        await asyncio.to_thread(clean_photo, BytesIO(data), **LIMITS)
        between = time.perf_counter()
        await client.run("clean_photo", data, **LIMITS)
        inside.append(between - begun)
        outside.append(time.perf_counter() - between)
    await client.close()
    return inside, outside


def _row(where: str, seconds: list[float]) -> dict[str, object]:
    return {
        "where": where,
        "p50 ms": percentile(seconds, 0.5) * 1000,
        "p95 ms": percentile(seconds, 0.95) * 1000,
    }
