"""A worker as the bot has it, between doubles of platforms and providers, and what makes it work."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.app import build_job_context
from bot.asking.failover import Failover
from bot.configuration import read_settings
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Channel, Message, MessageReference, Turn
from bot.operations.metrics import Metrics
from bot.ports import Store
from bot.turns.jobs import JobContext
from bot.turns.stops import Stops
from bot.turns.worker import Worker as ProductWorker
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider

Each = TypeVar("Each", FakePlatform, FakeProvider)


class Worker(ProductWorker):
    """A worker whose store tests may look into."""

    def __init__(self, context: JobContext, *, store: Store, metrics: Metrics) -> None:
        super().__init__(context, queue=store.queue, intake=store.intake, metrics=metrics)
        self.store = store


def make_worker(
    store: Store,
    platforms: FakePlatform | Sequence[FakePlatform],
    providers: FakeProvider | Sequence[FakeProvider],
    photos: PhotoIntake,
    **settings: Any,
) -> Worker:
    """A worker that uses these, under their own names."""
    chosen = read_settings(_env_file=None, **{"bot_access": "open", **settings})
    context = build_job_context(
        chosen,
        store,
        {each.name: each.as_platform() for each in _several(platforms)},
        {each.name: each for each in _several(providers)},
        photos,
        Stops(),
        Failover(),
        consoles=frozenset({"web"}),
    )
    return Worker(context, store=store, metrics=Metrics())


async def drain(worker: Worker) -> None:
    """Answer all that is ripe."""
    while turns := await worker.store.queue.claim(10):
        for turn in turns:
            await worker.take(turn)


async def hear(worker: Worker, *messages: Message) -> None:
    for message in messages:
        await worker.store.intake.add(message)
    await drain(worker)


async def release_all(store: Store) -> int:
    """Put back what was put aside, as an operator does who knows that the bot was killed at random; how many."""
    turns = await store.reporting.list_put_aside(1000)
    for turn in turns:
        await store.queue.release_put_aside(turn.turn)
    return len(turns)


async def ripen(store: Store) -> None:
    """Let what was put back be due at once."""
    await store.db.run("UPDATE turns SET due = 0 WHERE finished IS NULL")  # type: ignore[attr-defined]


def with_files(message: Message, **files: str) -> Message:
    return replace(message, attachments=tuple(Attachment(ref=ref, name=name) for ref, name in files.items()))


def pressed(command: str, post: str, channel: str = "web:lobby") -> Message:
    """What is heard when somebody presses a button that stands below a post."""
    return replace(said(command, channel), about=MessageReference(id=post, ours=True, text="", kind="button"))


async def taken(worker: Worker, message: Message) -> Turn:
    """The turn of a message, taken up but not yet answered."""
    await worker.store.intake.add(message)
    [turn] = await worker.store.queue.claim(1)
    return turn


async def linked(store: Store, channel: str, to: str = "web:lobby") -> None:
    """Let a channel share the conversation of another one, in which something was said already."""
    conversation = await store.conversations.find_conversation(Channel.parse(to))
    assert conversation is not None
    await store.conversations.join(Channel.parse(channel), conversation)


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


def _several(each: Each | Sequence[Each]) -> Sequence[Each]:
    return each if isinstance(each, Sequence) else [each]
