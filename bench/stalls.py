"""How long the event loop is held up while large photos are cleaned."""

import asyncio
import io
import time
from pathlib import Path

from PIL import Image

from bench.measure import percentile, table, watched
from bench.result import Result
from bot.app import tune_garbage_collector
from bot.files.photos import PhotoIntake

PHOTOS = Path(__file__).parents[1] / "tests" / "files" / "photos"


def report(*, quick: bool) -> Result:
    """A row for each kind of photo, four of them at the same time; it takes seconds, also when it is not quick."""
    tune_garbage_collector()  # as in the bot: else it walks through all libraries now and then
    rows = [asyncio.run(_stalls(name, data)) for name, data in _large_photos().items()]
    return Result(
        table("Event-loop stalls during 12-megapixel photos, four at once", rows),
        {"longest stall ms": max(float(str(row["without waiting for a core"])) for row in rows)},
    )


def _large_photos() -> dict[str, bytes]:
    jpeg = (PHOTOS / "astronaut-12mp.jpg").read_bytes()
    picture = Image.open(io.BytesIO(jpeg))
    found = {"JPEG": jpeg}
    for kind in ("PNG", "WEBP", "AVIF", "TIFF", "BMP"):
        file = io.BytesIO()
        picture.save(file, kind, **({"speed": 10} if kind == "AVIF" else {}))
        found[kind] = file.getvalue()
    return found


async def _stalls(name: str, data: bytes) -> dict[str, object]:
    async with PhotoIntake(most_bytes=64 * 1024 * 1024) as photos, watched() as lags:
        begun = time.perf_counter()
        await asyncio.gather(*(photos.read("large.jpg", data) for _ in range(4)))
        took = (time.perf_counter() - begun) / 4
    return {
        "kind": name,
        "ms a photo": took * 1000,
        "stall p99 ms": percentile([lag.late for lag in lags], 0.99) * 1000,
        "longest stall ms": max(lag.late for lag in lags) * 1000,
        "without waiting for a core": max(lag.own for lag in lags) * 1000,
    }
