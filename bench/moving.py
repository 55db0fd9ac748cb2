"""A store with many turns: moved to PostgreSQL, and copied while a bot writes to it, as an operator would have it."""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from bench.database import database
from bench.measure import percentile, table
from bench.result import Result
from bot.messages import Author, Channel, JobResult, Message
from bot.ports import Store
from bot.store import open_store
from bot.store.database import Execute
from bot.store.sql import SqlStore

MODEL = "onemin/gpt-4o"
ADDING, PAUSE = 4, 0.01  # how many people write to the bot at the same time, and seconds between their messages
QUIET = 5.0  # seconds for which it is watched without a copy
LOOK = 0.02  # seconds between two looks at a program's memory

NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many}) "
MESSAGE = (
    '{"channel": {"platform": "web", "id": "1"}, "id": "1", "author": {"id": "1", "name": "Ann"}, "sent": 0,'
    ' "text": "what is this?", "attachments": [{"ref": "0123456789abcdef0123", "name": "cat.jpg"}], "addressed": true}'
)
# Each turn shows a photo and has a post, the answer to it a second one; one in a hundred made a picture of 100 KB.
FILL = (
    "INSERT INTO conversations (id, model, active) SELECT n, 'onemin/gpt-4o', 0 FROM numbers WHERE n <= 1000",
    "INSERT INTO channels (channel, conversation) SELECT 'web:' || n, n FROM numbers WHERE n <= 1000",
    "INSERT INTO turns (id, conversation, channel, message_id, message, added, leads, due, claims, answer, finished,"
    " model, credits, took) SELECT n, 1 + n % 1000, 'web:' || (1 + n % 1000), 'old' || n, :message, n, FALSE, n, 1,"
    " :answer, n, 'onemin/gpt-4o', 1600, 3.5 FROM numbers",
    "INSERT INTO photos (conversation, number, turn, channel, ref, name, mime, size, sha256) SELECT 1 + n % 1000,"
    " n / 1000 + 1, n, 'web:' || (1 + n % 1000), '0123456789abcdef0123', 'cat.jpg', 'image/jpeg', 100000,"
    " printf('%064x', n) FROM numbers",
    "INSERT INTO posts (turn, channel, n, post) SELECT n, 'web:' || (1 + n % 1000), 0, 'post' || n FROM numbers",
    "INSERT INTO posts (turn, channel, n, post) SELECT n, 'web:' || (1 + n % 1000), 1, 'more' || n FROM numbers",
    "INSERT INTO spending (turn, lane, at, day, platform, channel, author, model, credits) SELECT n, 0, n,"
    " '2026-11-21', 'web', 'web:' || (1 + n % 1000), 'web:1', 'onemin/gpt-4o', 1600 FROM numbers",
    "INSERT INTO made (turn, n, name, mime, about, data, at) SELECT n, 0, 'cat.png', 'image/png', 'a cat',"
    " randomblob(100000), n FROM numbers WHERE n % 100 = 0",
)


class Ran(NamedTuple):
    """What became of a command."""

    said: str
    seconds: float  # with its start
    peak: float  # megabytes


def report(*, quick: bool) -> Result:
    """How long it takes, and how much longer people wait meanwhile until their message is kept."""
    turns = 2_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder, database() as server:
        path = Path(folder) / "bot.db"
        moved, copied = asyncio.run(_figures(path, turns, server.new("moved")))
    text = table("Moved to PostgreSQL", [moved]) + "\n" + table("Copied while a bot writes", copied)
    return Result(text, {f"{turns:,} turns moved, seconds": float(str(moved["seconds"]))})


async def _figures(path: Path, turns: int, target: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    async with _opened(path) as store:
        await _fill(store, turns)
    moved = await _run(path, "move", target)
    rows = int(re.findall(r"([\d,]+) rows were moved", moved.said)[0].replace(",", ""))
    row: dict[str, object] = {"turns": turns, "rows": rows, "MB": path.stat().st_size / 1e6}
    row |= {"seconds": moved.seconds, "rows a second": rows / moved.seconds, "most memory, MB": moved.peak}
    async with _opened(path) as store:
        return row, await _copied(store, path)


async def _copied(store: Store, path: Path) -> list[dict[str, object]]:
    async with _written_to(store) as alone:
        await asyncio.sleep(QUIET)
    async with _written_to(store) as during:
        copied = await _run(path, "backup", f"{path}.backup")
    assert "is copied" in copied.said, copied.said
    return [
        {"the bot": "by itself", "seconds": QUIET, **_waits(alone)},
        {"the bot": "while it is copied", "seconds": copied.seconds, **_waits(during)},
    ]


def _waits(seconds: list[float]) -> dict[str, object]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}
    return {"kept": len(seconds)} | {f"{name}, ms": percentile(seconds, share) * 1000 for name, share in shares.items()}


async def _fill(store: SqlStore, turns: int) -> None:
    values = {"message": MESSAGE, "answer": "It is a cat that looks at you, and wants something to eat. " * 5}

    async def unit(execute: Execute) -> None:
        for statement in FILL:
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            await execute(NUMBERS.format(many=turns) + statement, **wanted)

    await store.db.write(unit)


@asynccontextmanager
async def _opened(path: Path) -> AsyncIterator[SqlStore]:
    store = open_store(f"sqlite:///{path}", MODEL)
    assert isinstance(store, SqlStore)
    async with store:
        yield store


@asynccontextmanager
async def _written_to(store: Store) -> AsyncIterator[list[float]]:
    """People write and are answered while entered; how long each of them waited until it was kept."""
    waits: list[float] = []
    working = [asyncio.create_task(_write(store, n, waits)) for n in range(ADDING)]
    working.append(asyncio.create_task(_answer(store)))
    yield waits
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)


async def _write(store: Store, channel: int, waits: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await store.intake.add(
            Message(
                channel=Channel("web", f"new{channel}"),
                id=str(time.time_ns()),
                author=Author("1", "Ann"),
                text="and now?",
                sent=time.time(),
            )
        )
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(PAUSE)


async def _answer(store: Store) -> None:
    while True:
        for turn in await store.queue.claim(ADDING):
            await store.queue.save_result(turn, JobResult(text="a cat", model=MODEL))
            await store.queue.finish(turn)
        await asyncio.sleep(PAUSE)


async def _run(path: Path, *words: str) -> Ran:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words,
        env={**os.environ, "BOT_STORE": f"sqlite:///{path}"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    ending = asyncio.create_task(process.communicate())
    peak = 0.0
    while not ending.done():
        peak = max(peak, _peak_mb(process.pid))
        await asyncio.wait([ending], timeout=LOOK)
    said = (await ending)[0].decode()
    assert process.returncode == 0, said
    return Ran(said, time.perf_counter() - begun, peak)


def _peak_mb(pid: int) -> float:
    """The most memory that a program has held so far."""
    with suppress(OSError):
        found = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[0]) / 1024 if found else 0.0
    return 0.0
