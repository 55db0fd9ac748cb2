"""`python -m bench intake TREE`: how long an ordinary photo takes to be taken in, here and in another checkout.

TREE is a folder with an earlier version, such as one made by `git worktree add ../before COMMIT`. Both versions run at
the same time, in processes of their own that take turns, so that whatever else the machine does slows both of them.
The first table is about the bytes alone; the second about a photo in Telegram, until 1min.ai has it.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from io import BytesIO
from pathlib import Path
from typing import Self

from aiohttp import web
from PIL import Image

from bench import photo
from bench.measure import grid, percentile
from emulator import Emulator
from emulator.request_context import RequestContext

NAME = "intake"
HERE = Path(__file__).parents[1]
ROUNDS, QUICK_ROUNDS = 400, 20
TURNS, QUICK_TURNS = 100, 5
FIRST_CHAT = 1000
PAUSE = 0.05  # seconds between two turns: what is left of one is not the next one's delay
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
    print(grid(asyncio.run(_turns(options.tree, QUICK_TURNS if options.quick else TURNS))))
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
    return {"photo": name, "kB": len(data) // 1000, **_compared(seconds)}


def _compared(seconds: Sequence[Sequence[float]]) -> dict[str, object]:
    """Compare pairs: the seconds before, and now."""
    before, now = ([both[n] for both in seconds] for n in range(2))
    return {
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


# a photo in Telegram


async def _turns(tree: Path, turns: int) -> list[dict[str, object]]:
    photo_in_telegram, pairs = next(iter(_photos().values())), list[list[tuple[float, float]]]()
    async with AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(_Bot(each)) for each in (tree, HERE)]
        for n in range(turns + WARM):
            pairs.append([await bot.take(n, photo.variant(photo_in_telegram, n)) for bot in bots])
    from_message = [[seconds for seconds, _ in both] for both in pairs[WARM:]]
    from_file = [[seconds for _, seconds in both] for both in pairs[WARM:]]
    return [
        {"until 1min.ai has the photo": "from the message", **_compared(from_message)},
        {"until 1min.ai has the photo": "from the request for its file", **_compared(from_file)},
    ]


class _Bot:
    """The bot of one tree as a process, between a Telegram and a 1min.ai of its own."""

    def __init__(self, tree: Path) -> None:
        self._tree, self._stack = tree, AsyncExitStack()
        self._asked_for = self._arrived = 0.0
        self._uploaded = asyncio.Event()

    async def __aenter__(self) -> Self:
        from tests.doubles.process import BotProcess
        from tests.doubles.telegram import TOKEN, TelegramBed

        note_request, note_upload = self._note_request, self._note_upload

        class Bed(TelegramBed):
            async def download(self, request: web.Request) -> web.StreamResponse:
                note_request()
                return await super().download(request)

        self.bed = await self._stack.enter_async_context(Bed())
        emulator = await self._stack.enter_async_context(_NotingEmulator(note_upload))
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        bot = BotProcess(
            folder,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_URL=self.bed.url,
            ONEMIN_API_KEY="any-key",
            ONEMIN_API_URL=emulator.url,
            ONEMIN_REQUESTS_PER_MINUTE="1000000",
            PYTHONPATH=str(self._tree.resolve()),
        )
        await self._stack.enter_async_context(bot)
        await bot.ready()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def _note_request(self) -> None:
        self._asked_for = time.perf_counter()

    def _note_upload(self) -> None:
        self._arrived = time.perf_counter()
        self._uploaded.set()

    async def take(self, n: int, data: bytes) -> tuple[float, float]:
        """Send a photo from a chat of its own; return the seconds until it is uploaded, and those from its download."""
        chat, begun = FIRST_CHAT + n, time.perf_counter()
        self._uploaded.clear()
        await self.bed.sends_photo(data, "what is this?", chat, by=chat)
        await self._uploaded.wait()
        while not any(not text.endswith("▌") for text in self.bed.reads(chat)):
            await asyncio.sleep(0.02)
        await asyncio.sleep(PAUSE)
        return self._arrived - begun, self._arrived - self._asked_for


class _NotingEmulator(Emulator):
    """Tells of each upload when its last byte has come."""

    def __init__(self, note: Callable[[], None]) -> None:
        super().__init__(pace=0.001, eyes=False)
        serve = self._uploads.serve

        async def note_and_serve(visit: RequestContext) -> web.StreamResponse:
            note()
            return await serve(visit)

        self._uploads.serve = note_and_serve  # type: ignore[method-assign]
