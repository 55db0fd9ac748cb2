"""The services that the set-up asks about, and the live test of each with the sentences of the check."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from adapters.platforms import PLATFORMS
from adapters.providers import PROVIDERS
from bot.adapter_context import AdapterContext
from bot.app import operator_consoles
from bot.configuration import read_settings, read_usable_settings
from bot.errors import BotError
from bot.operations.check.findings import WRONG, Finding
from bot.operations.check.service_findings import check_provider, check_token, guarded
from bot.operations.check.setting_findings import describe_faults
from bot.operations.metrics import Metrics
from bot.settings import Settings
from bot.store import open_store
from bot.web.server import open_server

Values = Mapping[str, str]
"""Variables by their names in capital letters."""

MODEL, ACCESS = "BOT_MODEL", "BOT_ACCESS"
LIMITS = {
    "BOT_USER_TURNS_DAY": "Answers a day for each person",
    "BOT_TOTAL_TURNS_DAY": "Answers a day for everybody together",
    "BOT_TOTAL_DOLLARS_DAY": "Dollars a day for everybody together",
}
OFFERED = 200  # models to choose from


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceToSetUp:
    """A platform or a provider, with the variables that the set-up asks for."""

    name: str
    title: str
    key: str  # the variable of its secret
    addresses: tuple[str, ...]  # variables that come before it
    hint: str  # where people find the secret
    is_platform: bool

    @property
    def variables(self) -> tuple[str, ...]:
        """All its variables, in the order in which they are asked for."""
        return (*self.addresses, self.key)


@dataclass(frozen=True, slots=True)
class ServiceTrial:
    """The findings of a test, and the models that see photos there, as provider/model."""

    findings: tuple[Finding, ...]
    models: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """True unless something is wrong."""
        return all(finding.verdict != WRONG for finding in self.findings)


def list_services() -> list[ServiceToSetUp]:
    """List all services that need a token, a key or an address: platforms first."""
    consoles = operator_consoles(PLATFORMS)
    kinds = {name: plugin.settings_class for name, plugin in PLATFORMS.items() if name not in consoles}
    kinds_of_providers = {
        name: plugin.settings_class
        for name, plugin in PROVIDERS.items()
        if not plugin.settings_class.keyless_trial and plugin.settings_class.switch
    }
    return [
        ServiceToSetUp(
            name=name,
            title=kind.title,
            key=kind.switch.upper(),
            addresses=tuple(field.upper() for field in kind.set_up_fields),
            hint=kind.key_source,
            is_platform=name in kinds,
        )
        for name, kind in {**kinds, **kinds_of_providers}.items()
    ]


def allowed_variables() -> set[str]:
    """Return the variables that the set-up may write, and no others."""
    return {MODEL, ACCESS, *LIMITS, *(variable for service in list_services() for variable in service.variables)}


async def try_service(service: ServiceToSetUp, values: Values) -> ServiceTrial:
    """Test the access to a service with these values, as `check` does."""
    settings, faults = read_usable_settings(**as_overrides(values))
    own_faults = [fault for fault in faults if fault.startswith(service.variables)]
    if own_faults:
        return ServiceTrial(tuple(describe_faults(own_faults)))
    models: list[str] = []
    findings = await guarded(service.name, partial(_try, service, settings, models))
    return ServiceTrial(tuple(findings), tuple(models[:OFFERED]))


async def _try(service: ServiceToSetUp, settings: Settings, models: list[str]) -> Sequence[Finding]:
    async with AsyncExitStack() as stack:
        context = await open_context(stack, settings)
        if service.is_platform:
            adapter = await stack.enter_async_context(PLATFORMS[service.name].build(context))
            return await check_token(service.name, adapter)
        provider = await stack.enter_async_context(PROVIDERS[service.name].build(context))
        has_key = bool(getattr(settings.of(PROVIDERS[service.name].settings_class), service.key.lower()))
        findings = await check_provider(service.name, provider, has_key=has_key)
        try:
            models += [f"{service.name}/{model.id}" for model in await provider.models() if model.sees]
        except BotError:  # the finding has said why, or there is no list
            models.clear()
        return findings


async def open_context(stack: AsyncExitStack, settings: Settings) -> AdapterContext:
    """Return what an adapter is built from, with an empty store that ends with the stack."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    store = await stack.enter_async_context(open_store(f"sqlite:///{folder}/set-up.db", settings.bot_model))
    web = open_server(settings, store.sessions, Metrics().registry)
    return AdapterContext(settings=settings, store=store, web=web)


def complete(values: Values) -> dict[str, str]:
    """Return what is to be written: what was chosen, and what follows. SettingsError if that could not be read.

    Without any provider, the one that needs no key answers.
    """
    chosen = {name: value.strip() for name, value in values.items() if value.strip()}
    settings = read_settings(**as_overrides(chosen))
    if not any(plugin.is_on(settings) for plugin in PROVIDERS.values()):
        chosen |= _keyless()
    read_settings(**as_overrides(chosen))
    return chosen


def as_overrides(values: Values) -> dict[str, object]:
    """Return variables as the settings' fields, for those that say something."""
    return {name.lower(): value for name, value in values.items() if value.strip()}


def _keyless() -> dict[str, str]:
    trial = next((trial for plugin in PROVIDERS.values() if (trial := plugin.settings_class.keyless_trial)), {})
    return {name.upper(): str(value).lower() if value is True else str(value) for name, value in trial.items()}
