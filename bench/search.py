"""`python -m bench search`: /find in a store of a million photos, on both databases.

The photos are those of 1,000 conversations; the largest one has 20,000. No suite of the report: filling takes minutes.
`python -m bench search recall` shows rendered receipts, menus, signs and drawings instead, has local eyes read them and
a double describe the drawings, and counts which of the golden searches find their picture among the first five.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import cast

from adapters.providers.local.provider import LocalEyes
from bench.database import Database, database
from bench.measure import percentile, table
from bench.queue import opened
from bot.commands.search_words import read_search
from bot.files.photos import PhotoIntake
from bot.messages import Piece, Prompt, RememberedFile, Text, Turn
from bot.store.sql import SqlStore
from bot.words import say
from tests.commands.golden_pictures import PICTURES
from tests.commands.golden_pictures import SEARCHES as SEARCHES_OF_PICTURES
from tests.conftest import MODEL, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, hear, make_worker, with_files
from tests.store.talk import HERE, asked

NAME = "search"
PHOTOS, CONVERSATIONS, LARGEST = 1_000_000, 1_000, 20_000
ROUNDS = 20
RECALL = "recall"
THRESHOLD = 0.85  # the share of searches that must find their picture
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
    """Fill both stores, and print the times of a search in milliseconds; `recall` prints what is found."""
    if arguments[:1] == [RECALL]:
        return asyncio.run(_print_recall())
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


class Describer(FakeProvider):
    """Says of a drawing what the golden set says that it shows, and of everything else nothing."""

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Answer about the first photo."""
        number = int(prompt.photos[0].name.split("_")[1].split(".")[0]) if prompt.photos else 0
        is_description = number and prompt.text == say("ask_in_words")
        yield Text(PICTURES[number - 1].shows if is_description else "ok")


async def _print_recall() -> int:
    begun, found = time.perf_counter(), await _find_pictures()
    kinds = [(PICTURES[number - 1].kind, rank) for number, rank in found.values()]
    rows = [
        {
            "pictures": kind,
            "searches": len(ranks := [rank for each, rank in kinds if kind in (each, "all")]),
            "recall@1": sum(rank == 1 for rank in ranks) / len(ranks),
            "recall@5": sum(rank > 0 for rank in ranks) / len(ranks),
        }
        for kind in (*dict.fromkeys(kind for kind, _ in kinds), "all")
    ]
    print(table(f"/find among {len(PICTURES)} rendered pictures, {time.perf_counter() - begun:.0f} s", rows))
    print("not found:", ", ".join(search for search, (_, rank) in found.items() if not rank) or "-")
    return int(sum(rank > 0 for _, rank in found.values()) / len(found) < THRESHOLD)


async def _find_pictures() -> dict[str, tuple[int, int]]:
    """Show all pictures and search for them: the number of what each search means, and its rank; 0: not found."""
    with tempfile.TemporaryDirectory() as folder:
        platform = FakePlatform()
        platform.files = {f"IMG_{n}": picture.render() for n, picture in enumerate(PICTURES, 1)}
        async with (
            opened(f"sqlite:///{folder}/recall.db") as store,
            PhotoIntake(folder=Path(folder) / "photos") as photos,
        ):
            eyes = cast(FakeProvider, LocalEyes(pace=0))
            worker = make_worker(store, platform, [Describer(), eyes], photos)
            await store.conversations.switch_model((await asked(store, "?", "!", HERE)).conversation, MODEL)
            await _show(worker, "local", [n for n, picture in enumerate(PICTURES, 1) if not picture.shows])
            await _show(worker, "on", [n for n, picture in enumerate(PICTURES, 1) if picture.shows])
            return {search: await _rank(worker, search, line) for search, line in SEARCHES_OF_PICTURES.items()}


async def _show(worker: Worker, wanted: str, numbers: Sequence[int]) -> None:
    await hear(worker, said(f"/settings index {wanted}"))
    for number in numbers:
        await hear(worker, with_files(said(""), **{f"IMG_{number}": f"IMG_{number}.png"}))


async def _rank(worker: Worker, search: str, first_line: str) -> tuple[int, int]:
    """Return the number of the picture that is meant, and the place at which it is found; 0: nowhere."""
    number = next(n for n, picture in enumerate(PICTURES, 1) if picture.lines[0] == first_line)
    platform = cast(FakePlatform, worker.context.platforms["web"].adapter)
    await hear(worker, said(f"/find {search}"))
    lines = [line for line in platform.reads()[-1].splitlines() if line.startswith("- **")]
    [sha256] = [file.sha256 for file in await _known(worker) if file.attachment.name == f"IMG_{number}.png"]
    by_number = {f"Photo {file.number}": file.sha256 for file in await _known(worker)}
    ranks = [rank for rank, line in enumerate(lines, 1) if by_number.get(line.split("**")[1]) == sha256]
    return number, next(iter(ranks), 0)


async def _known(worker: Worker) -> Sequence[RememberedFile]:
    conversation = await worker.store.conversations.find_conversation(HERE)
    return await worker.store.files.list_files(conversation, 100) if conversation else ()
