"""The composition root: it turns settings into a running bot."""

import asyncio
import gc
import os
import socket
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from adapters import Plugin
from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.accounting.limits import TOTAL, UsageLimits, read_limits
from bot.adapter_context import AdapterContext
from bot.asking.asker import Asker
from bot.asking.failover import Failover
from bot.asking.file_loader import FileLoader
from bot.asking.media_generation import MediaGeneration
from bot.asking.transcription import Transcription
from bot.chat_platform import HealthState, Platform
from bot.commands import CommandContext, Rules
from bot.configuration import Platforms, Providers
from bot.files.documents import DocumentIntake
from bot.files.isolation import client as isolation
from bot.files.photos import PhotoIntake
from bot.intake.access import CLAIM, Access, offer_claim
from bot.intake.inbox import Inbox
from bot.messages import Stall, WorkerProcess
from bot.operations.expiry import Expiry
from bot.operations.heartbeat import Heartbeat
from bot.operations.importer import Importer
from bot.operations.metrics import Metrics
from bot.operations.watchdog import Watchdog, delete_stalls, read_stalls
from bot.ports import Provider, Store
from bot.replies.mirror import Mirror
from bot.settings import Settings
from bot.store import open_store
from bot.turns.jobs import JobContext
from bot.turns.stops import Stops
from bot.turns.worker import Dispatcher, Worker
from bot.util.tasks import running_task
from bot.web.dashboard import Dashboard
from bot.web.server import WebServer, open_server

# Thresholds of the garbage collector: objects before it scans the youngest generation, and scans before the next two.
# A scan takes up to 0.4 ms per thousand objects, and nobody is answered meanwhile.
COLLECTED = 2_500, 4, 40

log = structlog.get_logger(__name__)

MEGABYTE = 1024 * 1024
DOCUMENTS = "documents"  # the feature that the operator may switch off
PATIENCE = 7.0  # seconds that turns in progress have to end; the whole stop takes less than ten


@dataclass(kw_only=True)
class Bot:
    """A running bot: it receives messages and works on the queue."""

    url: str  # of the web server
    store: Store
    metrics: Metrics
    listening: Mapping[str, asyncio.Task[None]]  # by platform
    dispatching: asyncio.Task[None] | None  # None if it only listens
    claim: str | None = None  # the code that makes its sender the bot's admin
    providers: Mapping[str, Provider] = field(default_factory=dict)

    async def wait_until_ended(self) -> None:
        """Return when all listeners have ended, or the dispatcher failed."""
        dispatching = [self.dispatching] if self.dispatching else []
        if not self.listening:
            await asyncio.wait(dispatching)
            return
        async with running_task(asyncio.wait(self.listening.values())) as listening:
            await asyncio.wait([*dispatching, listening], return_when=asyncio.FIRST_COMPLETED)


@asynccontextmanager
async def running(
    settings: Settings,
    watchdog: Watchdog | None = None,
    *,
    platforms: Platforms = PLATFORMS,
    providers: Providers = PROVIDERS,
    add_to: Callable[[WebServer], None] = lambda server: None,
) -> AsyncGenerator[Bot, None]:
    """Run a bot while entered; leaving stops it gracefully, within ten seconds.

    `add_to` may add routes to the web server before it starts. The watchdog is told when turns are expected. The
    settings were read with tables that hold `platforms` and `providers`.
    """
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        store = await _enter_store(stack, settings)
        stack.push_async_callback(isolation.close)
        photos = await stack.enter_async_context(
            PhotoIntake(
                longest_side=settings.bot_photo_side,
                most_bytes=settings.bot_photo_mb * MEGABYTE,
                most_pixels=settings.bot_photo_megapixels * 1_000_000,
                folder=Path(settings.bot_data) / "photos",
                kept_bytes=settings.bot_cache_mb * MEGABYTE,
            )
        )
        web = open_server(settings, store.sessions, metrics.registry)
        Dashboard(store.reporting, store.coordination, store.queue.release_put_aside, store.votes).add_routes(
            web.router
        )
        add_to(web)
        house = AdapterContext(settings=settings, store=store, web=web, metrics=metrics)
        house.providers |= await _enter_all(stack, providers, house)
        # A console stores its messages in files of its own, so only the process that serves it can post there.
        consoles = operator_consoles(platforms)
        speaking = {
            name: plugin for name, plugin in platforms.items() if name not in consoles or settings.listens(name)
        }
        chats = {name: each.as_platform() for name, each in (await _enter_all(stack, speaking, house)).items()}

        stops = Stops()
        store.coordination.stopped = stops.stop
        failover = Failover()
        metrics.watch(failover.states)
        context = build_job_context(
            settings,
            store,
            platforms=chats,
            providers=house.providers,
            photos=photos,
            stops=stops,
            failover=failover,
            consoles=consoles,
        )
        worker = Worker(context, queue=store.queue, intake=store.intake, metrics=metrics)
        dispatcher = Dispatcher(
            store.queue,
            store.reporting,
            coordination=store.coordination,
            take=worker.take,
            most=settings.bot_workers,
            metrics=metrics,
            platforms=tuple(chats),
        )
        inbox = open_inbox(
            store, worker.context.access, stops, most_waiting=settings.bot_user_waiting, consoles=consoles
        )
        ears = {name: chat for name, chat in chats.items() if settings.listens(name)}
        log.info("who may use this bot", answer=describe_access(settings))
        if warning := describe_open_purse(settings):
            log.warning(warning)
        claim = await _claim_code(settings, store, platforms) if ears else None
        if ears:
            await inbox.reopen()
        dispatching = None
        if watchdog:
            watchdog.expect_turns(store.me)
        if settings.bot_workers:
            stack.push_async_callback(dispatcher.stop, PATIENCE)
            dispatching = await stack.enter_async_context(_task("dispatcher", dispatcher.run()))
        listening = {
            name: await stack.enter_async_context(_task(name, chat.adapter.listen(inbox.receive)))
            for name, chat in ears.items()
        }
        await stack.enter_async_context(_task("expiry", Expiry(store.deletion, chats.values(), photos, settings).run()))
        if settings.bot_workers:
            importer = Importer(
                imports=store.imports,
                channels=store.channels,
                people=store.people,
                coordination=store.coordination,
                platforms=chats,
            )
            await stack.enter_async_context(_task("importer", importer.run()))
        parts = {**listening, **({"dispatcher": dispatching} if dispatching else {})}
        started, name = time.time(), f"{socket.gethostname()}/{os.getpid()}"

        async def describe() -> WorkerProcess:
            troubles = await _troubles(store, ears, parts)
            return WorkerProcess(
                name=name,
                started=started,
                listens=tuple(ears),
                workers=settings.bot_workers,
                in_flight=dispatcher.in_flight,
                troubles=troubles,
                breakers=failover.states(),
            )

        await stack.enter_async_context(_task("herald", Heartbeat(store.coordination, describe).run()))
        web.ready = lambda: _troubles(store, ears, parts)
        web.status = lambda: {name: chat.health.detail for name, chat in ears.items() if chat.health.detail}
        await stack.enter_async_context(web)
        tune_garbage_collector()
        yield Bot(
            url=web.url,
            store=store,
            metrics=metrics,
            listening=listening,
            dispatching=dispatching,
            claim=claim,
            providers=house.providers,
        )


def build_job_context(
    settings: Settings,
    store: Store,
    platforms: Mapping[str, Platform],
    providers: Mapping[str, Provider],
    photos: PhotoIntake,
    stops: Stops,
    failover: Failover,
    *,
    consoles: frozenset[str],
) -> JobContext:
    """Build the context of the worker's jobs."""
    rules = Rules(
        admins=frozenset(settings.bot_admins),
        limits=read_limits(settings),
        keep_days=settings.bot_keep_days,
        photo_days=settings.bot_keep_photo_days,
        off=frozenset(settings.bot_features_off),
        consoles=consoles,
        local_only=settings.bot_local_only,
    )
    documents = DocumentIntake(photos.keep, settings.bot_document_mb * MEGABYTE, off=DOCUMENTS in rules.off)
    finder = FileLoader(
        files=store.files,
        posts=store.posts,
        turns=store.turns,
        platforms=platforms,
        photos=photos,
        documents=documents,
        most_bytes=settings.bot_photo_mb * MEGABYTE,
    )
    studio = MediaGeneration(
        files=store.files,
        posts=store.posts,
        steps=store.steps,
        providers=providers,
        finder=finder,
        off=rules.off,
    )
    limits = UsageLimits(store.ledger, rules.limits)
    asker = Asker(
        turns=store.turns,
        files=store.files,
        conversations=store.conversations,
        channels=store.channels,
        ledger=store.ledger,
        providers=providers,
        loader=finder,
        stops=stops,
        first_model=settings.bot_model,
        fallbacks=settings.bot_fallbacks,
        failover=failover,
        transcribe=Transcription(store.turns, store.ledger, steps=store.steps, studio=studio, limits=limits),
        videos="videos" not in rules.off,
        limits=limits,
    )
    commands = CommandContext(
        turns=store.turns,
        posts=store.posts,
        channels=store.channels,
        conversations=store.conversations,
        people=store.people,
        files=store.files,
        ledger=store.ledger,
        votes=store.votes,
        deletion=store.deletion,
        providers=providers,
        platforms=platforms,
        rules=rules,
        photos=photos,
        most_bytes=finder.most_bytes,
        documents=documents,
        imports=store.imports,
    )
    return JobContext(
        turns=store.turns,
        posts=store.posts,
        channels=store.channels,
        files=store.files,
        ledger=store.ledger,
        steps=store.steps,
        votes=store.votes,
        platforms=platforms,
        providers=providers,
        asker=asker,
        limits=limits,
        mirror=Mirror(store.conversations, store.channels, store.posts, platforms),
        media=studio,
        access=build_access(settings, store, consoles),
        commands=commands,
    )


def open_inbox(
    store: Store,
    access: Access,
    stops: Stops,
    *,
    most_waiting: int | None = None,
    consoles: frozenset[str] = frozenset(),
) -> Inbox:
    """Return the inbox of a store."""
    return Inbox(
        intake=store.intake,
        conversations=store.conversations,
        channels=store.channels,
        people=store.people,
        coordination=store.coordination,
        access=access,
        stops=stops,
        most_waiting=most_waiting,
        consoles=consoles,
    )


def build_store(settings: Settings, stalls: Collection[Stall] = ()) -> Store:
    """Create the store that the operator chose, not entered yet; `stalls` are booked on entry."""
    return open_store(
        settings.bot_store,
        settings.bot_model,
        direct=settings.bot_store_direct,
        connections=settings.bot_store_connections,
        stalls=stalls,
    )


def build_access(settings: Settings, store: Store, consoles: frozenset[str]) -> Access:
    """Create the access control from the settings."""
    return Access(
        store.people,
        admins=frozenset(settings.bot_admins),
        allowed=frozenset(settings.bot_allow),
        denied=frozenset(settings.bot_deny),
        paired=settings.bot_access == "paired",
        consoles=consoles,
    )


def operator_consoles(platforms: Platforms) -> frozenset[str]:
    """Return the names of the platforms to which only the operator has access."""
    return frozenset(name for name, plugin in platforms.items() if plugin.settings_class.is_operator_console)


def describe_access(settings: Settings) -> str:
    """Describe in a line who may use the bot."""
    if settings.bot_access == "paired":
        return "people, servers and groups that an admin lets in; others get a code (BOT_ACCESS=paired)"
    return "only BOT_ALLOW (BOT_ACCESS=open)" if settings.bot_allow else "everybody (BOT_ACCESS=open)"


def describe_open_purse(settings: Settings) -> str | None:
    """Warn that strangers may spend without end; None if access is restricted or a limit holds for all together."""
    has_total = any(limit.whose == TOTAL for limit in read_limits(settings))
    if settings.bot_access == "paired" or settings.bot_allow or has_total:
        return None
    return "everybody may spend on your account without end: set BOT_TOTAL_TURNS_DAY or another BOT_TOTAL_ limit"


async def _claim_code(settings: Settings, store: Store, platforms: Platforms) -> str | None:
    """Create a code that makes its sender the admin; None if there is one already, or nobody could send it."""
    consoles = operator_consoles(platforms)
    reachable = any(
        plugin.is_on(settings) and settings.listens(name) for name, plugin in platforms.items() if name not in consoles
    )
    code = await offer_claim(store.people, wanted=reachable and not settings.bot_admins)
    if code:  # the only line with a secret: it is for the reader of the log of this start
        log.warning("nobody runs this bot yet: send it this in private", claim=f"/{CLAIM} {code}")
    return code


async def _enter_store(stack: AsyncExitStack, settings: Settings) -> Store:
    """Open the store, and book the stalls recorded by the watchdogs of earlier processes."""
    found = read_stalls(Path(settings.bot_data))
    stalls = [stall for stall in found.values() if stall is not None]
    store = await stack.enter_async_context(build_store(settings, stalls))
    for stall in stalls:
        log.warning("an earlier process stood still and was ended", turn=stall.turn)
    delete_stalls(found)
    return store


def tune_garbage_collector() -> None:
    """Exclude long-lived objects from garbage collection, which would scan libraries repeatedly, 100 ms each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


async def _enter_all(stack: AsyncExitStack, table: Mapping[str, Plugin[Any]], house: AdapterContext) -> dict[str, Any]:
    plugins = {name: plugin for name, plugin in table.items() if plugin.is_on(house.settings)}
    return {name: await stack.enter_async_context(plugin.build(house)) for name, plugin in plugins.items()}


def _task(name: str, work: Any) -> AbstractAsyncContextManager[asyncio.Task[None]]:
    return running_task(_logged(name, work), name)


async def _logged(name: str, work: Any) -> None:
    try:
        await work
    except Exception:  # a platform that fails does not stop the others; /readyz reports it
        log.exception("stopped", part=name)


async def _troubles(
    store: Store, platforms: Mapping[str, Platform], parts: Mapping[str, asyncio.Task[None]]
) -> dict[str, str]:
    """Return the problems that keep the bot from working, by part."""
    health = {name: platform.health for name, platform in platforms.items()}
    troubles = {name: each.detail for name, each in health.items() if each.state is HealthState.DOWN}
    troubles |= {name: "stopped" for name, task in parts.items() if task.done()}
    try:
        async with asyncio.timeout(2):
            await store.queue.count_waiting()
    except Exception as error:
        troubles["store"] = type(error).__name__
    return troubles
