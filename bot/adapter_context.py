"""The services that adapters may use."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.operations.metrics import Metrics
from bot.ports import Blobs, Channels, Conversations, Coordination, Files, Posts, Provider, TurnIntake
from bot.settings import Settings
from bot.web.server import WebServer


class AdapterPorts(Protocol):
    """The ports of the store that adapters may use: nobody's money, access or answers are among them."""

    @property
    def intake(self) -> TurnIntake: ...
    @property
    def posts(self) -> Posts: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def files(self) -> Files: ...
    @property
    def blobs(self) -> Blobs: ...
    @property
    def coordination(self) -> Coordination: ...


@dataclass(kw_only=True)
class AdapterContext:
    """The services passed to every adapter's `open_...`. `providers` is complete before the first platform opens."""

    settings: Settings
    store: AdapterPorts
    web: WebServer
    providers: dict[str, Provider] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
