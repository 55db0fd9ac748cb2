"""`python -m bench search`: /find in a store of a million photos, on both databases.

The photos are those of 1,000 conversations; the largest one has 20,000. No suite of the report: filling takes minutes.
"""

import asyncio
import tempfile
import time

from bench.database import Database, database
from bench.measure import percentile, table
from bench.queue import opened
from bot.commands.search_words import read_search
from bot.messages import Turn
from bot.store.sql import SqlStore
from tests.store.talk import HERE, asked

NAME = "search"
PHOTOS, CONVERSATIONS, LARGEST = 1_000_000, 1_000, 20_000
ROUNDS = 20
SEARCHES = ("receipt from May", "that cat on the sofa", "invoice of the bakery", "last week", "nothing like it")
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many}) "

FILL_TURNS = """
INSERT INTO turns (conversation, channel, message_id, message, added, leads, due, answer, finished, model)
SELECT {conversation}, 'web-old', {offset} || 'old' || n, '{{}}', 0, FALSE, 0, '', 1, 'onemin/gpt-4o' FROM numbers
"""
FILL_TEXTS = """
INSERT INTO searchable (conversation, turn, number, sent, text)
SELECT conversation, id, 1, {now} - id % 31000000,
    'img_' || id || '.jpg ' || CASE id % 7 WHEN 0 THEN 'a receipt of the bakery: two rolls, total ' || id
        WHEN 1 THEN 'a tabby cat sleeping on a grey sofa, its paws under a cushion'
        WHEN 2 THEN 'invoice ' || id || ' of the hardware store: paint, two brushes and tape, due in march'
        ELSE 'people on a bridge over a river, with mountains and clouds behind them, in the evening' END
FROM turns WHERE message = '{{}}'
"""


def main(arguments: list[str]) -> int:
    """Fill both stores, and print the times of a search in milliseconds."""
    photos = int(arguments[0]) if arguments else PHOTOS
    with tempfile.TemporaryDirectory() as folder, database() as server:
        rows = [
            *asyncio.run(_rows("SQLite", f"sqlite:///{folder}/search.db", photos)),
            *asyncio.run(_rows("PostgreSQL", server.new("search"), photos, server)),
        ]
    print(table(f"/find among {photos:,} photos, milliseconds", rows))
    return 0


async def _rows(kind: str, url: str, photos: int, server: Database | None = None) -> list[dict[str, object]]:
    async with opened(url) as store:
        largest = await asked(store, "?", "!", HERE)
        other = await asked(store, "?", "!", type(HERE)("web", "other"))
        each = max(1, (photos - LARGEST) // CONVERSATIONS)
        await _fill(store, photos, largest=largest.conversation.id, other=other.conversation.id, each=each)
    if server:
        server.settle(url)
    async with opened(url) as store:
        sizes = {f"{LARGEST:,}": largest, f"{each:,}": other}
        return [{"store": kind, "photos of it": size, **await _times(store, turn)} for size, turn in sizes.items()]


async def _fill(store: SqlStore, photos: int, *, largest: int, other: int, each: int) -> None:
    """Fill the two conversations that are searched, and let the others have the rest."""
    rest = max(1, photos - LARGEST - each)
    elsewhere = f"{other} + 1 + n % {CONVERSATIONS}"
    await store.db.run(
        NUMBERS.format(many=CONVERSATIONS)
        + "INSERT INTO conversations (model, active) SELECT 'onemin/gpt-4o', 0 FROM numbers"
    )
    for offset, (conversation, many) in enumerate([(str(largest), LARGEST), (str(other), each), (elsewhere, rest)]):
        await store.db.run(NUMBERS.format(many=many) + FILL_TURNS.format(conversation=conversation, offset=offset))
    await store.db.run(FILL_TEXTS.format(now=time.time()))
    await store.db.run("UPDATE conversations SET searched_to = (SELECT MAX(id) FROM turns)")


async def _times(store: SqlStore, turn: Turn) -> dict[str, object]:
    took = []
    for search in SEARCHES * ROUNDS:
        begun = time.perf_counter()
        wanted = read_search(search, time.time())
        hits = [hit for query in wanted.queries for hit in await store.turns.search(turn, query, 200)]
        wanted.ranked(hits)
        took.append((time.perf_counter() - begun) * 1000)
    return {"p50": percentile(took, 0.5), "p95": percentile(took, 0.95), "slowest": max(took)}
