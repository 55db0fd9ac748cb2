"""The differences of two photos, marked by a worker process."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from adapters.providers.local.measurements import KINDS
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import Photo


@dataclass(frozen=True, slots=True)
class MarkedDifferences:
    """The differences of two photos; `share` is None where their shapes do not fit."""

    share: float | None  # of the picture, 0 to 1
    places: int
    picture: bytes = field(repr=False)  # a JPEG of the second photo with the places marked; empty: there are none


async def find_differences(first: Photo, second: Photo, owner: str = "") -> MarkedDifferences:
    """Compare two photos. Raise Unreadable or WorkerFailed where that fails, FileNotFoundError for a photo gone."""
    data, other = await asyncio.gather(*(asyncio.to_thread(each.file.read_bytes) for each in (first, second)))
    value, picture = await run("mark_differences", data + other, owner=owner, first_bytes=len(data), kinds=KINDS)
    return _parse(value, picture)


def _parse(value: Any, picture: bytes) -> MarkedDifferences:
    """Parse what a worker found. Raise WorkerFailed where that is none of it."""
    try:
        share = value["share"]
        return MarkedDifferences(None if share is None else float(share), int(value["places"]), picture)
    except (LookupError, TypeError, ValueError):
        raise WorkerFailed("crashed") from None
