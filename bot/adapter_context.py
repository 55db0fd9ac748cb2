"""What adapters may be made of."""

from dataclasses import dataclass, field

from bot.ports import Provider, Store
from bot.settings import Settings
from bot.web.server import WebServer


@dataclass
class AdapterContext:
    """Handed to every adapter's `open_...` function. `providers` is full before the first platform is made."""

    settings: Settings
    store: Store
    web: WebServer
    providers: dict[str, Provider] = field(default_factory=dict)
