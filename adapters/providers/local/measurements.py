"""Measurements of a photo, taken by a worker process, because the bot itself never decodes pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.files.isolation.client import WorkerFailed, run

COLOURS = (
    "black", "white", "grey", "beige", "brown", "red", "orange", "yellow", "olive", "green", "turquoise", "blue",
    "navy", "purple", "pink",
)  # fmt: skip
KINDS = ("JPEG", "PNG", "WEBP")  # of photos that were cleaned
VISIBLE_DIFFERENCE = 24  # levels of 255 by which a cell of two pictures differs visibly


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The measurements of one photo."""

    colours: tuple[str, ...]  # of COLOURS, the largest share first
    brightness: float  # mean of the grey levels, 0 to 255
    black: float  # share of the pixels that are almost black, 0 to 1
    white: float  # share likewise
    detail: float  # variance of the Laplacian: 0 without any edge, hundreds for crisp ones
    cells: bytes  # grey levels of a coarse grid over the picture


async def measure(file: Path, owner: str = "") -> Measurements:
    """Measure a photo. Raise Unreadable or WorkerFailed for one that cannot be decoded, FileNotFoundError for none."""
    value, cells = await run("measure_photo", file, owner=owner, kinds=KINDS)
    return _parse(value, cells)


def difference(first: Measurements, second: Measurements) -> float:
    """Return the share of the picture, 0 to 1, in which two photos visibly differ."""
    different_cells = sum(
        abs(one - other) > VISIBLE_DIFFERENCE for one, other in zip(first.cells, second.cells, strict=True)
    )
    return different_cells / len(first.cells)


def _parse(value: Any, cells: bytes) -> Measurements:
    """Parse what a worker measured. Raises WorkerFailed where those are no measurements."""
    try:
        numbers = {name: float(value[name]) for name in ("brightness", "black", "white", "detail")}
        colours = tuple(str(name) for name in value["colours"])
    except (LookupError, TypeError, ValueError):
        raise WorkerFailed("crashed") from None
    if not set(colours) <= set(COLOURS):
        raise WorkerFailed("crashed")
    return Measurements(colours=colours, cells=cells, **numbers)
