"""`python -m bench intake TREE`: how long an ordinary photo takes to be taken in, here and in another checkout.

TREE is a folder with an earlier version, such as one made by `git worktree add ../before COMMIT`. Both versions run at
the same time, in processes of their own that take turns, so that whatever else the machine does slows both of them.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Self

from PIL import Image

from bench import photo
from bench.measure import grid, percentile

NAME = "intake"
HERE = Path(__file__).parents[1]
ROUNDS, QUICK_ROUNDS = 400, 20
WARM = 3  # photos at first that do not count: they start what reads the others


def main(arguments: Sequence[str]) -> int:
    """Print a row for each kind of photo."""
    parser = argparse.ArgumentParser(f"python -m bench {NAME}", description=__doc__)
    parser.add_argument("tree", type=Path, metavar="TREE", help="a checkout of another version")
    parser.add_argument("--quick", action="store_true", help="few photos, to see that it works")
    options = parser.parse_args(arguments)
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    rows = [_row(name, data, options.tree, rounds) for name, data in _photos().items()]
    print(grid(rows))
    return 0


def _photos() -> dict[str, bytes]:
    real = Image.open(HERE / "tests" / "files" / "photos" / "astronaut-12mp.jpg")
    real.thumbnail((1280, 1280))
    file = BytesIO()
    real.save(file, "JPEG", quality=85)
    return {"a portrait, 1280x960": file.getvalue(), "noise, 1280x960": photo.base()}


def _row(name: str, data: bytes, tree: Path, rounds: int) -> dict[str, object]:
    with ExitStack() as stack:
        readers = [stack.enter_context(_Reader(each)) for each in (tree, HERE)]
        seconds = [[reader.read(photo.variant(data, n)) for reader in readers] for n in range(rounds + WARM)][WARM:]
    before, now = ([both[n] for both in seconds] for n in range(2))
    return {
        "photo": name,
        "kB": len(data) // 1000,
        "before: p50 ms": percentile(before, 0.5) * 1000,
        "now: p50 ms": percentile(now, 0.5) * 1000,
        "ratio": percentile(now, 0.5) / percentile(before, 0.5),
        "least, before and now: ms": f"{min(before) * 1000:.2f} and {min(now) * 1000:.2f}",
    }


_SERVE = """
import asyncio, sys, time
from bot.files.isolation import client
from bot.files.photos import PhotoIntake

async def serve(read, write):
    async with PhotoIntake() as intake:
        while size := read(4):
            data = read(int.from_bytes(size))
            begun = time.perf_counter()
            photo = await intake.read("photo.jpg", data)
            write(f"{time.perf_counter() - begun}\\n".encode())
    await client.close()

def write(line):
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()

asyncio.run(serve(sys.stdin.buffer.read, write))
"""


class _Reader:
    """A process that takes photos in with the code of one tree."""

    def __init__(self, tree: Path) -> None:
        command = [sys.executable, "-c", _SERVE]
        self._process = subprocess.Popen(command, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()

    def read(self, data: bytes) -> float:
        """Take a photo in; return the seconds that it took."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(len(data).to_bytes(4) + data)
        self._process.stdin.flush()
        return float(self._process.stdout.readline())
