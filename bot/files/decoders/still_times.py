"""Stills from moving pictures: up to eight at even times, without the blank ones at the beginning."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

MOST_FRAMES = 8
_BLANK = 12  # levels between the darkest and the brightest pixel, up to which a picture shows nothing


@dataclass(frozen=True, slots=True)
class Still:
    """A drawn frame, and its time in seconds since the beginning."""

    time: float
    image: Image.Image


def is_blank(image: Image.Image) -> bool:
    """Tell whether a picture is of one colour, but for noise."""
    small = image.convert("RGB").resize((64, 64), reducing_gap=1.0)
    return all(int(high) - int(low) <= _BLANK for low, high in small.getextrema())  # type: ignore[misc]


def even_times(start: float, end: float) -> list[float]:
    """Return the times of stills, from the first to the last one."""
    step = (end - start) / (MOST_FRAMES - 1)
    return [start + step * n for n in range(MOST_FRAMES)]


def choose(times: Sequence[float], first: int) -> list[int]:
    """Choose frames by the times at which they begin, from the frame `first` on: all, or those at even times."""
    if len(times) - first <= MOST_FRAMES:
        return list(range(first, len(times)))
    wanted = even_times(times[first], times[-1])
    return sorted({max(n for n in range(first, len(times)) if times[n] <= each + 1e-6) for each in wanted})
