"""1min.ai: it keeps the history of a conversation and the photos, and answers in a stream."""

from adapters.providers.onemin.provider import OneMin
from bot.adapter_context import AdapterContext

__all__ = ["OneMin", "open_onemin"]


def open_onemin(house: AdapterContext) -> OneMin:
    """Make the client from the operator's settings."""
    settings = house.settings
    if settings.onemin_api_key is None:
        raise ValueError("1min.ai needs ONEMIN_API_KEY.")
    return OneMin(
        settings.onemin_api_key.get_secret_value(),
        settings.onemin_api_url,
        settings.onemin_api,
        house.store.blobs,
        acquire=house.store.coordination.acquire,
        requests_per_minute=settings.onemin_requests_per_minute,
    )
