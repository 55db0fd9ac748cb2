"""Claim and history with few and with many finished turns, and with a long line waiting, on both stores."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench.database import Database, database
from bench.measure import percentile, table
from bench.result import Result
from bot.messages import Author, Channel, JobResult, Message
from bot.store import open_store
from bot.store.sql import SqlStore

ROUNDS = 200
EXCHANGES = 20  # of history

FILL_CONVERSATIONS = """
INSERT INTO conversations (model, active) SELECT 'onemin/gpt-4o', 0 FROM numbers
"""
FILL_TURNS = """
INSERT INTO turns (conversation, channel, message_id, message, added, leads, due, answer, finished, model)
SELECT 1 + n % {conversations}, 'web:' || (n % {conversations}), 'old' || n, :message, 0, FALSE, 0,
    'a cat', 1, 'onemin/gpt-4o' FROM numbers
"""
FILL_CHANNELS = """
INSERT INTO channels (channel, conversation)
SELECT 'web:' || (n % {conversations}), 1 + n % {conversations} FROM numbers
"""
FILL_POSTS = "INSERT INTO posts (turn, channel, n, post) SELECT id, channel, 0, 'post' || id FROM turns"
FILL_SPENDING = """
INSERT INTO spending (turn, lane, at, day, platform, channel, author, model, credits)
SELECT id, 0, 1, '2026-01-01', 'web', channel, channel, model, 1600 FROM turns
"""
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many}) "


def report(*, quick: bool) -> Result:
    """Figures for each store and size; waiting: 1,000 conversations with a turn each and one with 5,000."""
    sizes = (1_000, 50_000) if quick else (1_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder, database() as server:
        rows = [_row("SQLite", size, f"sqlite:///{folder}/{size}.db") for size in sizes]
        rows += [_row("PostgreSQL", size, server.new(f"of{size}"), server) for size in sizes]
    slowest = max(float(str(row["claim p95"])) for row in rows if row["finished turns"] == sizes[-1])
    return Result(
        table("Claim and history, milliseconds", rows), {f"claim p95 ms, {sizes[-1]:,} finished turns": slowest}
    )


def _row(kind: str, size: int, url: str, server: Database | None = None) -> dict[str, object]:
    asyncio.run(_prepare(url, size))
    if server:
        server.settle(url)
    return {"store": kind, "finished turns": size, **asyncio.run(_figures(url))}


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlStore]:
    """The store at this address, while entered."""
    store = open_store(url, "onemin/gpt-4o")
    assert isinstance(store, SqlStore)
    async with store:
        yield store


async def _prepare(url: str, size: int) -> None:
    async with opened(url) as store:
        await fill(store, size)
        await _let_wait(store)


async def _figures(url: str) -> dict[str, object]:
    async with opened(url) as store:
        [turn] = await store.queue.claim(1)
        assert len(await store.turns.list_history(turn, EXCHANGES)) == EXCHANGES
        history = await _timed(lambda: store.turns.list_history(turn, EXCHANGES))
        claims = await _timed(lambda: _claim_and_finish(store))
    return {
        "claim p50": percentile(claims, 0.5) * 1000,
        "claim p95": percentile(claims, 0.95) * 1000,
        "history p50": percentile(history, 0.5) * 1000,
        "history p95": percentile(history, 0.95) * 1000,
    }


async def fill(store: SqlStore, size: int) -> None:
    """Put so many finished turns into an empty store, a hundred in each conversation, each with a post and its cost."""
    message = '{"channel": {"platform": "web", "id": "1"}, "id": "1", "author": {"id": "1", "name": "Ann"},'
    message += ' "text": "what is this?", "sent": 0, "attachments": [], "addressed": true}'
    conversations = max(10, size // 100)
    numbers, many = NUMBERS.format(many=size), NUMBERS.format(many=conversations)
    await _do(store, many + FILL_CONVERSATIONS)
    await _do(store, many + FILL_CHANNELS.format(conversations=conversations))
    await _do(store, numbers + FILL_TURNS.format(conversations=conversations), message=message)
    for statement in (FILL_POSTS, FILL_SPENDING, "ANALYZE"):
        await _do(store, statement)


async def _do(store: SqlStore, statement: str, **values: object) -> None:
    await store.db.write(lambda execute: execute(statement, **values), single=True)


async def _let_wait(store: SqlStore) -> None:
    """A message in a conversation that has a history, and is the first to be claimed; then those of new ones."""
    await store.intake.add(_message("1", 0))
    messages = [_message(f"waiting{n}", n) for n in range(1_000)] + [_message("long-line", n) for n in range(5_000)]
    for n in range(0, len(messages), 100):
        await asyncio.gather(*map(store.intake.add, messages[n : n + 100]))


def _message(channel: str, n: int) -> Message:
    return Message(
        channel=Channel("web", channel), id=str(n), author=Author("1", "Ann"), text="what is this?", sent=time.time()
    )


async def _claim_and_finish(store: SqlStore) -> None:
    for turn in await store.queue.claim(1):
        await store.queue.save_result(turn, JobResult(text="a cat", model="onemin/gpt-4o"))


async def _timed(work: Callable[[], Awaitable[object]]) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await work()
        times.append(time.perf_counter() - begun)
    return times
