"""The `check` command: report the configuration, its problems and their fixes."""

import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.adapter_context import AdapterContext
from bot.app import build_store, describe_access, describe_open_purse
from bot.chat_platform import ChatAdapter
from bot.commands.model_choice import Known, known_models
from bot.configuration import Platforms, Providers
from bot.errors import BotError, FailureCode
from bot.operations.file_rights import readable_by_others
from bot.operations.lock_age import lock_age
from bot.operations.metrics import Metrics
from bot.settings import Settings
from bot.web.server import open_server

MENDING = {
    FailureCode.PROVIDER_WRONG_KEY: (
        "Copy the key again from the provider's site; a deleted or blocked key needs a new one."
    ),
    FailureCode.PROVIDER_NO_CREDITS: "Top up the account, or raise this member's credit limit.",
    FailureCode.PROVIDER_UNREACHABLE: "Check this machine's network, and the provider's ..._API_URL.",
    FailureCode.PROVIDER_BLOCKED: (
        "The provider's gatekeeper blocks this address; ask the provider, or go out from another one."
    ),
}

Verdict = Literal["ok", "warn", "WRONG"]
OK: Verdict = "ok"
WARN: Verdict = "warn"  # it works, but not as safely as it could
WRONG: Verdict = "WRONG"  # it does not work
Finding = tuple[Verdict, str, str]  # the verdict, the subject, and a remark


async def report(
    settings: Settings,
    write: Callable[[str], object],
    *,
    platforms: Platforms = PLATFORMS,
    providers: Providers = PROVIDERS,
) -> int:
    """Write a line for each check; return the number of failures."""
    counted: Counter[Verdict] = Counter()
    async for verdict, subject, remark in _findings(settings, platforms, providers):
        write(f"{verdict:5}  {subject}: {remark}")
        counted[verdict] += 1
    write(_conclusion(counted[WRONG], counted[WARN]))
    return counted[WRONG]


def _conclusion(faults: int, warnings: int) -> str:
    if faults:
        return f"{faults} to mend."
    return f"It will run. {warnings} to think about." if warnings else "All is well."


async def _findings(settings: Settings, platforms: Platforms, providers: Providers) -> AsyncIterator[Finding]:
    yield OK, "settings", "every variable can be read"
    for finding in _secrets_on_disk():
        yield finding
    yield OK, "access", describe_access(settings)
    if warning := describe_open_purse(settings):
        yield WARN, "limits", warning
    yield OK, "libraries", lock_age(time.time())
    yield _port(settings)
    if settings.webhook_only:
        public = " and ".join(f"the webhook of {title}" for title in settings.webhooks)
        yield OK, "webhook", f"only {public} and /healthz are served; WEB_TOKEN opens the page and the dashboard"
    async with AsyncExitStack() as stack:
        try:
            store = await stack.enter_async_context(build_store(settings))
            yield OK, "store", f"opens, {await store.queue.count_waiting()} turns on the queue"
        except Exception as error:
            yield (
                WRONG,
                "store",
                f"{type(error).__name__}. Check BOT_STORE, its rights, and that no bot runs on it.",
            )
            return
        house = AdapterContext(settings, store, open_server(settings, store.sessions, Metrics().registry))
        async for finding in _platforms(stack, house, platforms):
            yield finding
        async for finding in _providers(stack, house, providers):
            yield finding


async def _platforms(stack: AsyncExitStack, house: AdapterContext, platforms: Platforms) -> AsyncIterator[Finding]:
    for name, plugin in platforms.items():
        if plugin.settings_class.is_operator_console or not plugin.is_on(house.settings):
            continue
        adapter: ChatAdapter = await stack.enter_async_context(plugin.build(house))
        token = adapter.as_platform().token
        if token is None:
            continue
        try:
            await token.check()
        except BotError as error:
            yield WRONG, name, str(error)
        else:
            yield OK, name, "the token is accepted"


def _secrets_on_disk() -> Iterator[Finding]:
    file = str(Settings.model_config.get("env_file"))
    if readable_by_others(Path(file)):
        yield WARN, file, f"other accounts on this machine can read your tokens and keys in it. Run: chmod 600 {file}"


def _port(settings: Settings) -> Finding:
    try:
        with socket.create_server((settings.web_host, settings.web_port)):
            return OK, "port", f"{settings.web_host}:{settings.web_port} is free"
    except OSError as error:
        return WRONG, "port", f"{error.strerror}. Set WEB_HOST and WEB_PORT to an address and a port that are free."


async def _providers(stack: AsyncExitStack, house: AdapterContext, providers: Providers) -> AsyncIterator[Finding]:
    ready = {name: plugin for name, plugin in providers.items() if plugin.is_on(house.settings)}
    if not ready:
        kinds = [plugin.settings_class for plugin in providers.values()]
        keys = " or ".join(kind.switch.upper() for kind in kinds if not kind.keyless_trial)
        yield WRONG, "provider", f"none has a key. Set {keys}, or run `python -m bot try` without one."
        return
    for name, plugin in ready.items():
        provider = await stack.enter_async_context(plugin.build(house))
        try:
            await provider.check()
        except BotError as error:
            yield WRONG, name, f"{error} {MENDING.get(error.code, '')}".strip()
        else:
            house.providers[name] = provider
            yield OK, name, "the key is accepted"
    known = await known_models(house.providers)
    yield _model(known, ready, "BOT_MODEL", house.settings.bot_model)
    for fallback in house.settings.bot_fallbacks:
        yield _model(known, ready, "BOT_FALLBACKS", fallback)


def _model(known: Known, providers: Collection[str], variable: str, wanted: str) -> Finding:
    part = variable.lower().removeprefix("bot_").removesuffix("s")
    if wanted not in known:
        is_set_up = wanted.partition("/")[0] in providers
        why = "is not known" if is_set_up else "belongs to a provider that is not set up"
        if not known:
            return WRONG, part, f"{wanted} {why}, and no list of models could be had."
        seeing = sorted(known, key=lambda name: not known[name].sees)[:5]
        return WRONG, part, f"{wanted} {why}. Set {variable} to one of those: {', '.join(seeing)} ..."
    if not known[wanted].sees:
        return WRONG, part, f"{wanted} cannot see photos. Set {variable} to one that can."
    return OK, part, f"{wanted} is known and sees photos"
