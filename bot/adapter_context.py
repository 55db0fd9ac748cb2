"""The services that adapters may use."""

from dataclasses import dataclass, field

from bot.operations.metrics import Metrics
from bot.ports import Provider, Store
from bot.settings import Settings
from bot.web.server import WebServer


@dataclass(kw_only=True)
class AdapterContext:
    """The services passed to every adapter's `open_...`. `providers` is complete before the first platform opens."""

    settings: Settings
    store: Store
    web: WebServer
    providers: dict[str, Provider] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
