"""A flame graph of photo turns: where the processor's time of the main thread goes. `python -m bench flame FILE`.

The program samples itself: its own stack whenever it has used some more processor time, which the kernel notices a few
hundred times a second. The graph is an SVG that needs no script: wider means more time, above stands what was called.
What other threads use is booked for what the main thread does meanwhile.
"""

import asyncio
import html
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bench import photo, snapthread, turns
from bench.measure import cpu_seconds, log_errors_only

NAME = "flame"
TURNS, AT_ONCE = 200, 20
EVERY = 0.001  # seconds of processor time, as far as the kernel goes along
WIDTH, ROW, LEAST = 1200, 16, 2.0  # pixels; what is narrower is left out
DEPTH = 60  # frames that are drawn
COLOURS = {"bot": "#e8a33d", "adapters": "#e06c4f", "bench": "#9aa7b0", "site-packages": "#6fa8dc"}
OTHER = "#b6b6d8"  # the standard library

Stack = tuple[str, ...]


@dataclass(slots=True)
class Flame:
    """A frame with all that was called from it."""

    name: str
    samples: int = 0
    called: dict[str, "Flame"] = field(default_factory=dict)

    def add(self, stack: Stack, samples: int) -> None:
        """Count samples of a stack, the outermost frame first."""
        self.samples += samples
        if stack:
            self.called.setdefault(stack[0], Flame(stack[0])).add(stack[1:], samples)


@contextmanager
def sampled() -> Iterator[Counter[Stack]]:
    """Sample the main thread while entered; only the part of a stack that belongs to a task or callback is kept."""
    stacks: Counter[Stack] = Counter()

    def sample(_: int, frame: FrameType | None) -> None:
        stacks[_stack(frame)] += 1

    former = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield stacks
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


def _stack(frame: FrameType | None) -> Stack:
    names: list[str] = []
    while frame is not None and frame.f_code.co_name != "_run_once":
        names.append(_named(frame))
        frame = frame.f_back
    return tuple(reversed(names)) or ("waiting",)


def _named(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    part = path.rpartition("site-packages/")[2] if "site-packages" in path else "/".join(Path(path).parts[-2:])
    return f"{part.removesuffix('.py')}:{frame.f_code.co_name}"


def draw(stacks: Counter[Stack], title: str) -> str:
    """Return the SVG."""
    root = Flame("all")
    for stack, samples in stacks.items():
        root.add(stack[:DEPTH], samples)
    boxes = list(_boxes(root, 0.0, WIDTH / max(1, root.samples), 0))
    height = (max(depth for _, _, depth, _ in boxes) + 3) * ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/><text x="6" y="13">{html.escape(title)}</text>',
    ]
    for left, width, depth, flame in boxes:
        top, share = height - (depth + 1) * ROW, flame.samples / root.samples * 100
        label = html.escape(flame.name if len(flame.name) * 6.2 < width else "")
        parts.append(
            f"<g><title>{html.escape(flame.name)} {share:.1f}%</title>"
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}" fill="{_colour(flame.name)}"/>'
            f'<text x="{left + 3:.1f}" y="{top + 12}">{label}</text></g>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _boxes(flame: Flame, left: float, scale: float, depth: int) -> Iterator[tuple[float, float, int, Flame]]:
    width = flame.samples * scale
    if width < LEAST:
        return
    yield left, width, depth, flame
    for called in sorted(flame.called.values(), key=lambda each: each.name):
        yield from _boxes(called, left, scale, depth + 1)
        left += called.samples * scale


def _colour(name: str) -> str:
    own = name.partition("/")[0]
    if own in COLOURS:
        return COLOURS[own]
    return COLOURS["site-packages"] if own in LIBRARIES else OTHER


LIBRARIES = frozenset(
    {"aiohttp", "httpx", "httpx_aiohttp", "httpx_sse", "telegram", "discord", "aiosqlite", "structlog"}
)


async def _sample(url: str) -> tuple[Counter[Stack], float]:
    base = photo.base()
    photos = [photo.variant(base, n) for n in range(TURNS + AT_ONCE)]
    async with snapthread.answering(url, photos, AT_ONCE) as turn:
        await turns.run_all(turn, range(TURNS, len(photos)), AT_ONCE)
        before = cpu_seconds()
        with sampled() as stacks:
            await turns.run_all(turn, range(TURNS), AT_ONCE)
        return stacks, (cpu_seconds() - before) / TURNS * 1000


def main(arguments: list[str]) -> int:
    """Draw the graph into a file."""
    log_errors_only()
    path = Path(arguments[0] if arguments else "docs/images/flame.svg")
    with turns.emulator(turns.PACE) as url:
        stacks, each = asyncio.run(_sample(url))
    title = f"{TURNS} photo turns, {AT_ONCE} at the same moment: {each:.1f} ms of processor time each"
    path.write_text(draw(stacks, title))
    print(f"{path}: {title}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
