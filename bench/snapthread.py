"""Snapthread itself on the same calls: every turn durable, the photo cleaned, the answer posted and edited."""

import asyncio
import secrets
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

from adapters.providers.onemin.provider import OneMin
from bench import together
from bench.floor import Turn
from bot.app import build_job_context, open_inbox, tune_garbage_collector
from bot.asking.failover import Failover
from bot.chat_platform import ChatAdapter, HealthState, Platform, PostLimits
from bot.configuration import read_settings
from bot.files.photos import PhotoIntake
from bot.intake.inbox import Inbox
from bot.messages import Attachment, Author, Channel, Message, OutgoingPost
from bot.operations.metrics import Metrics
from bot.ports import Provider, Receive, Store
from bot.store import open_store
from bot.store.sql import SqlStore
from bot.store.sqlite import SQLite
from bot.turns.stops import Stops
from bot.turns.worker import Dispatcher, Worker


class Screen:
    """A platform without a wire: it hands out photos and notes when an answer is whole."""

    name = "web"

    def __init__(self, photos: list[bytes]) -> None:
        self.photos = photos
        self.begun: dict[str, float] = {}
        self.took: dict[str, float] = {}
        self.whole: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    def as_platform(self) -> Platform:
        limits = PostLimits(max_length=4096, edit_interval=1.1)
        return Platform(name=self.name, adapter=self, limits=lambda channel: limits, edits=self, typing=self)

    async def listen(self, receive: Receive) -> None: ...

    async def send(self, channel: Channel, post: OutgoingPost) -> str:
        self._see(channel, post.text)
        return channel.id

    async def edit(self, channel: Channel, post_id: str, post: OutgoingPost) -> str:
        self._see(channel, post.text)
        return post_id

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        return self.photos[int(attachment.ref)]

    @asynccontextmanager
    async def typing(self, channel: Channel) -> AsyncGenerator[None, None]:
        yield

    async def can_manage(self, channel: Channel, author: Author) -> bool:
        return True

    def _see(self, channel: Channel, text: str) -> None:
        if not text.endswith("▌"):
            assert "⚠️" not in text, text
            self.took[channel.id] = time.perf_counter() - self.begun[channel.id]
            self.whole[channel.id].set()


NewPlatform = Callable[[Store, Path], ChatAdapter]
NewProvider = Callable[[Store], AbstractAsyncContextManager[Provider]]
NewStore = Callable[[Path, str], Store]  # takes a folder and the first model


def _file(folder: Path, model: str) -> Store:
    return open_store(f"sqlite:///{folder}/bot.db", model)


def running(
    new_platform: NewPlatform, url: str, at_once: int, new_store: NewStore = _file
) -> AbstractAsyncContextManager[Inbox]:
    """Snapthread with one platform, and with 1min.ai at `url`."""

    def onemin(store: Store) -> OneMin:
        return OneMin(
            "bench", url, "unified", store.blobs, acquire=store.coordination.acquire, requests_per_minute=None
        )

    return asking(onemin, "onemin/gpt-4o", new_platform, at_once, new_store)


@asynccontextmanager
async def asking(
    new_provider: NewProvider, model: str, new_platform: NewPlatform, at_once: int, new_store: NewStore = _file
) -> AsyncGenerator[Inbox, None]:
    """Snapthread as `bot.app` puts it together, from when its platform listens; it gets a folder of its own."""
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = await stack.enter_async_context(new_store(folder, model))
        _count_costs(store)
        cleaner = await stack.enter_async_context(PhotoIntake(folder=folder / "photos"))
        provider = await stack.enter_async_context(new_provider(store))
        platform = (await stack.enter_async_context(new_platform(store, folder))).as_platform()
        settings, stops = read_settings(_env_file=None, bot_access="open"), Stops()
        providers = {provider.name: provider}
        context = build_job_context(
            settings, store, {platform.name: platform}, providers, cleaner, stops, Failover(), consoles=frozenset()
        )
        worker = Worker(context, queue=store.queue, intake=store.intake, metrics=metrics)
        dispatcher, inbox = (
            Dispatcher(
                store.queue, store.reporting, store.coordination, worker.take, at_once, metrics, each=at_once
            ),  # as if many people asked
            open_inbox(store, worker.context.access, stops, most_waiting=1_000_000),
        )
        tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(platform.adapter.listen(inbox.receive))]
        while platform.health.state is HealthState.DOWN:
            await asyncio.sleep(0.02)
        tune_garbage_collector()
        yield inbox
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await dispatcher.stop(5)


def _count_costs(store: Store) -> None:
    """Let the figures of this process include what its store does in SQLite's threads."""
    if isinstance(store, SqlStore) and isinstance(store.db, SQLite):
        db = store.db
        together.COSTS[:] = [lambda: db.costs]


@asynccontextmanager
async def answering(
    url: str, photos: list[bytes], at_once: int, new_store: NewStore = _file
) -> AsyncGenerator[Turn, None]:
    """As `bench.floor.answering`: the seconds from hearing a message to the whole answer."""
    screen, visit = Screen(photos), secrets.token_hex(4)  # the store may remember an earlier visit
    async with running(lambda store, folder: screen, url, at_once, new_store) as inbox:

        async def turn(n: int) -> float:
            here, photo = Channel("web", f"{visit}-{n}"), Attachment(ref=str(n), name="photo.jpg")
            screen.begun[here.id] = time.perf_counter()
            await inbox.receive(
                Message(
                    channel=here,
                    id=str(n),
                    author=Author("1", "Ann"),
                    text="what is this?",
                    sent=time.time(),
                    attachments=(photo,),
                )
            )
            await screen.whole[here.id].wait()
            return screen.took[here.id]

        yield turn
