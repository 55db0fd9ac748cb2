"""The `check` command: report the configuration, its problems and their fixes. `run` does the same in short."""

import asyncio
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from adapters import Plugin
from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from adapters.providers.openai.services import SERVICES
from bot.adapter_context import AdapterContext
from bot.app import build_store, describe_access, describe_open_purse
from bot.configuration import Platforms, Providers, bot_settings_class
from bot.operations.check.findings import MAYBE, NOTE, OK, WARN, WRONG, Finding, conclude
from bot.operations.check.service_findings import check_provider, check_token, find_models, flatten, guarded
from bot.operations.check.setting_findings import (
    describe_faults,
    endpoint_variables,
    faulty_variables,
    find_odd_variables,
    find_open_secrets,
    find_unknown_platforms,
    find_unnamed_endpoints,
    find_unusable_folder,
)
from bot.operations.lock_age import lock_age
from bot.operations.metrics import Metrics
from bot.ports import Provider
from bot.settings import Settings, read_variables
from bot.store import open_store
from bot.store.sqlite import AlreadyRunning
from bot.web.server import open_server

log = structlog.get_logger(__name__)


async def report(
    settings: Settings,
    write: Callable[[str], object],
    *,
    platforms: Platforms = PLATFORMS,
    providers: Providers = PROVIDERS,
    faults: Collection[str] = (),
) -> int:
    """Write a line for each finding; return the number of failures. `faults` are those of `read_usable_settings`."""
    findings = []
    async for finding in _findings(settings, platforms, providers, faults):
        findings.append(finding)
        write(str(finding))
    write(conclude(findings))
    return sum(finding.verdict == WRONG for finding in findings)


async def log_findings(settings: Settings, ready: Mapping[str, Provider]) -> None:
    """Check a bot that runs, in short: log only what is wrong, unverified or worth a thought."""
    try:
        await _log_findings(settings, ready)
    except Exception:  # whatever is wrong with the check, the bot runs
        log.exception("the check at the start failed")


async def _log_findings(settings: Settings, ready: Mapping[str, Provider]) -> None:
    findings = [*_variable_findings(settings, PLATFORMS, PROVIDERS)]
    findings += await _provider_findings(settings, PROVIDERS, ready)
    worth_saying = [finding for finding in findings if finding.verdict in (WARN, MAYBE, WRONG)]
    for finding in worth_saying:
        log.warning("found by the check at the start", part=finding.part, finding=finding.remark)
    if not worth_saying:
        log.info("the check at the start found nothing wrong")


async def _findings(
    settings: Settings, platforms: Platforms, providers: Providers, faults: Collection[str]
) -> AsyncIterator[Finding]:
    faulty = faulty_variables(faults)
    for finding in describe_faults(faults):
        yield finding
    if not faults:
        yield Finding(OK, "settings", "every variable can be read")
    for finding in _variable_findings(settings, platforms, providers):
        yield finding
    yield Finding(OK, "access", describe_access(settings))
    if warning := describe_open_purse(settings):
        yield Finding(WARN, "limits", warning)
    if settings.bot_local_only:
        yield Finding(OK, "local only", "no provider outside this machine and private networks is asked")
    yield Finding(OK, "libraries", lock_age(time.time()))
    if not faulty & {"WEB_HOST", "WEB_PORT"}:
        yield _port(settings)
    if settings.webhook_only:
        public = " and ".join(f"the webhook of {title}" for title in settings.webhooks)
        remark = f"only {public} and /healthz are served; WEB_TOKEN opens the page and the dashboard"
        yield Finding(OK, "webhook", remark)
    for finding in find_unusable_folder(Path(settings.bot_data)):
        yield finding
    async for finding in _store_and_services(settings, platforms, providers, faulty):
        yield finding


def _variable_findings(settings: Settings, platforms: Platforms, providers: Providers) -> Iterator[Finding]:
    yield from find_open_secrets()
    variables, known = read_variables(), known_variables(platforms, providers)
    yield from find_unnamed_endpoints(variables, known, SERVICES)
    yield from find_odd_variables(variables, known | endpoint_variables(SERVICES))
    yield from find_unknown_platforms(settings, platforms)


def known_variables(platforms: Platforms, providers: Providers) -> set[str]:
    """Return the names of all variables, also of those that earlier versions had."""
    tables: tuple[Mapping[str, Plugin[Any]], ...] = (platforms, providers)
    kinds = [plugin.settings_class for table in tables for plugin in table.values()]
    return {name.upper() for kind in (bot_settings_class(platforms, providers), *kinds) for name in kind.model_fields}


def _port(settings: Settings) -> Finding:
    address = f"{settings.web_host}:{settings.web_port}"
    try:
        with socket.create_server((settings.web_host, settings.web_port)):
            return Finding(OK, "port", f"{address} is free")
    except OSError as error:
        fix = "Set WEB_HOST and WEB_PORT to an address and a port that are free, or stop what uses them."
        reason = os.strerror(error.errno) if error.errno else "it is no address of this machine"
        return Finding(WRONG, "port", f"{reason} ({address}). {fix}")


async def _store_and_services(
    settings: Settings, platforms: Platforms, providers: Providers, faulty: set[str]
) -> AsyncIterator[Finding]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = None
        if "BOT_STORE" not in faulty:
            try:
                store = await stack.enter_async_context(build_store(settings))
                yield Finding(OK, "store", f"opens, {await store.queue.count_waiting()} turns on the queue")
            except Exception as error:
                yield _store_fault(error)
        if store is None:  # the services can be checked all the same
            store = await stack.enter_async_context(open_store(f"sqlite:///{folder}/check.db", settings.bot_model))
        context = AdapterContext(
            settings=settings, store=store, web=open_server(settings, store.sessions, Metrics().registry)
        )
        for finding in await _platform_findings(context, platforms):
            yield finding
        ready, broken = await _build_all(stack, context, providers)
        for finding in [*broken, *await _provider_findings(settings, providers, ready, faulty)]:
            yield finding


def _store_fault(error: Exception) -> Finding:
    if isinstance(error, AlreadyRunning):
        return Finding(WRONG, "store", "another bot is running on it. Check BOT_STORE, or stop that bot first.")
    reason = f"{error.strerror}. " if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}. "
    return Finding(WRONG, "store", f"{reason}Check BOT_STORE, its rights, and that no bot runs on it.")


async def _platform_findings(context: AdapterContext, platforms: Platforms) -> Sequence[Finding]:
    others = {name: plugin for name, plugin in platforms.items() if not plugin.settings_class.is_operator_console}
    on = {name: plugin for name, plugin in others.items() if _is_on(plugin, context.settings)}
    if not on:
        tokens = ", ".join(f"for {each.settings_class.title} set {_switch(each)}" for each in others.values())
        return [Finding(NOTE, "platforms", f"none has a token, so people can only use the page; {tokens}.")]

    async def check(name: str, plugin: Plugin[Any]) -> Sequence[Finding]:
        async with plugin.build(context) as adapter:
            return await check_token(name, adapter)

    parts = [guarded(name, partial(check, name, plugin)) for name, plugin in on.items()]
    return list(flatten(await asyncio.gather(*parts)))


def _is_on(plugin: Plugin[Any], settings: Settings) -> bool:
    return settings.has(plugin.settings_class) and plugin.is_on(settings)


def _switch(plugin: Plugin[Any]) -> str:
    return str(plugin.settings_class.switch).upper()


async def _build_all(
    stack: AsyncExitStack, context: AdapterContext, providers: Providers
) -> tuple[dict[str, Provider], Sequence[Finding]]:
    ready: dict[str, Provider] = {}

    async def build(name: str, plugin: Plugin[Any]) -> Sequence[Finding]:
        ready[name] = await stack.enter_async_context(plugin.build(context))
        return ()

    on = {name: plugin for name, plugin in providers.items() if _is_on(plugin, context.settings)}
    broken = [await guarded(name, partial(build, name, plugin)) for name, plugin in on.items()]
    context.providers |= ready
    return ready, list(flatten(broken))


async def _provider_findings(
    settings: Settings, providers: Providers, ready: Mapping[str, Provider], faulty: AbstractSet[str] = frozenset()
) -> Sequence[Finding]:
    if not ready:
        kinds = [plugin.settings_class for plugin in providers.values()]
        wrong = sorted(faulty & {name.upper() for kind in kinds for name in kind.model_fields})
        if wrong:
            return [Finding(MAYBE, "provider", f"none can be asked yet: set {' and '.join(wrong)} right first.")]
        keys = " or ".join(kind.switch.upper() for kind in kinds if not kind.keyless_trial)
        return [
            Finding(
                WRONG,
                "provider",
                f"none has a key. Set {keys} (`python -m bot setup` asks), or run `python -m bot try` without one.",
            )
        ]
    parts = [
        guarded(name, partial(check_provider, name, provider, has_key=_has_key(settings, providers, name)))
        for name, provider in ready.items()
    ]
    findings = list(flatten(await asyncio.gather(*parts)))
    trusted = {finding.part for finding in findings if finding.verdict in (OK, MAYBE)}
    usable = {name: provider for name, provider in ready.items() if name in trusted}
    wanted = [("BOT_MODEL", settings.bot_model), *(("BOT_FALLBACKS", name) for name in settings.bot_fallbacks)]
    wanted = [(variable, name) for variable, name in wanted if variable not in faulty]
    return [*findings, *await guarded("model", partial(find_models, usable, wanted, ready))]


def _has_key(settings: Settings, providers: Providers, name: str) -> bool:
    kind = providers[name].settings_class if name in providers else None
    return kind is None or bool(kind.switch and not kind.keyless_trial and getattr(settings.of(kind), kind.switch))
