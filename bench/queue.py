"""Claim and history with few and with many finished turns, and with a long line waiting, on both stores."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable

from bench.database import database
from bench.measure import percentile, table
from bench.result import Result
from bot.messages import Answer, Author, Channel, Message
from bot.store import open_store
from bot.store.sql import SqlStore

ROUNDS = 200

FILL_CONVERSATIONS = """
INSERT INTO conversations (model, active) SELECT 'onemin/gpt-4o', 0 FROM numbers
"""
FILL_TURNS = """
INSERT INTO turns (conversation, channel, message_id, message, added, leads, due, answer, finished, model)
SELECT 1 + n % {conversations}, 'web:' || (n % {conversations}), 'old' || n, :message, 0, FALSE, 0,
    'a cat', 1, 'onemin/gpt-4o' FROM numbers
"""
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many}) "


def report(*, quick: bool) -> Result:
    """Figures for each store and size; waiting: 1,000 conversations with a turn each and one with 5,000."""
    sizes = (1_000, 50_000) if quick else (1_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder, database() as server:
        rows = [_row("SQLite", size, f"sqlite:///{folder}/{size}.db") for size in sizes]
        rows += [_row("PostgreSQL", size, server.new(f"of{size}")) for size in sizes]
    slowest = max(float(str(row["claim p95"])) for row in rows if row["finished turns"] == sizes[-1])
    return Result(
        table("Claim and history, milliseconds", rows), {f"claim p95 ms, {sizes[-1]:,} finished turns": slowest}
    )


def _row(kind: str, size: int, url: str) -> dict[str, object]:
    return {"store": kind, "finished turns": size, **asyncio.run(_figures(url, size))}


async def _figures(url: str, size: int) -> dict[str, object]:
    store = open_store(url, "onemin/gpt-4o")
    assert isinstance(store, SqlStore)
    async with store:
        await fill(store, size)
        await _let_wait(store)
        claims = await _timed(lambda: _claim_and_finish(store))
        turn = (await store.claim(1))[0]
        history = await _timed(lambda: store.history(turn, 20))
    return {
        "claim p50": percentile(claims, 0.5) * 1000,
        "claim p95": percentile(claims, 0.95) * 1000,
        "history p50": percentile(history, 0.5) * 1000,
        "history p95": percentile(history, 0.95) * 1000,
    }


async def fill(store: SqlStore, size: int) -> None:
    """Put so many finished turns into an empty store, a hundred in each conversation."""
    message = '{"channel": {"platform": "web", "id": "1"}, "id": "1", "author": {"id": "1", "name": "Ann"},'
    message += ' "text": "what is this?", "sent": 0, "attachments": [], "addressed": true}'
    conversations = max(10, size // 100)
    await store.write(lambda execute: execute(NUMBERS.format(many=conversations) + FILL_CONVERSATIONS))
    fill = NUMBERS.format(many=size) + FILL_TURNS.format(conversations=conversations)
    await store.write(lambda execute: execute(fill, message=message))
    await store.write(lambda execute: execute("ANALYZE"))


async def _let_wait(store: SqlStore) -> None:
    messages = [_message(f"waiting{n}", n) for n in range(1_000)] + [_message("long-line", n) for n in range(5_000)]
    for n in range(0, len(messages), 100):
        await asyncio.gather(*map(store.add, messages[n : n + 100]))


def _message(channel: str, n: int) -> Message:
    return Message(Channel("web", channel), str(n), Author("1", "Ann"), "what is this?", time.time())


async def _claim_and_finish(store: SqlStore) -> None:
    for turn in await store.claim(1):
        await store.answered(turn, Answer("a cat", "onemin/gpt-4o"))


async def _timed(work: Callable[[], Awaitable[object]]) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await work()
        times.append(time.perf_counter() - begun)
    return times
