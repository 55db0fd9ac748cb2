"""Endpoints that the operator names in BOT_ENDPOINTS: each is a provider with variables of its own."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import Field, create_model
from pydantic_settings import BaseSettings

from adapters import Plugin
from adapters.providers.openai.services import SERVICES
from adapters.providers.openai.settings import ENDPOINT_NAME, NamedEndpointSettings, split_names
from bot.adapter_context import AdapterContext
from bot.adapter_settings import SOURCES, Key, ProviderSettings, Url


class _Named(BaseSettings):
    model_config = SOURCES

    bot_endpoints: str = ""


def named_endpoints() -> tuple[str, ...]:
    """Return the names in BOT_ENDPOINTS; one that is none is left out here, and reported with the other settings."""
    return tuple(name for name in split_names(_Named().bot_endpoints) if re.fullmatch(ENDPOINT_NAME, name))


@cache
def endpoint_settings(name: str) -> type[NamedEndpointSettings]:
    """Return the class of the settings of this endpoint, with the defaults of a service that is known by its name."""
    prefix, known = name.replace("-", "_"), SERVICES.get(name)
    title = known.service if known else name
    url = known.url if known else ""
    address: Any = (Url, Field(url, description=f"Where {title} is."))
    if not url:
        address = (Url, Field(description=f"Where {title} is: the address without /chat/completions."))
    fields: dict[str, Any] = {
        f"{prefix}_api_key": (Key | None, Field(None, description=f"The API key of {title}, if it wants one.")),
        f"{prefix}_api_url": address,
    }
    kind = create_model(f"{name.title()}Settings", __base__=NamedEndpointSettings, **fields)
    kind.title, kind.switch, kind.endpoint = title, f"{prefix}_api_key", name
    return kind


@dataclass(frozen=True, kw_only=True)
class EndpointPlugin(Plugin[ProviderSettings]):
    """The plugin of an endpoint by its name."""

    name: str

    @property
    def settings_class(self) -> type[ProviderSettings]:
        """The class of its settings, made for this name."""
        return endpoint_settings(self.name)

    def build(self, context: AdapterContext) -> Any:
        """Build its client, not entered yet."""
        from adapters.providers.openai.provider import open_named_endpoint

        return open_named_endpoint(context, endpoint_settings(self.name))
