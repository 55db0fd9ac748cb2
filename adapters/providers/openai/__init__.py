"""V-API, AI/ML API and whatever else speaks OpenAI's chat completions: photos and history travel with each question."""

from pydantic import SecretStr

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.request_body import RequestOptions
from adapters.providers.openai.services import AIMLAPI, OPENAI, VAPI, Auth, ServiceProfile
from bot.adapter_context import AdapterContext

__all__ = ["OpenAI", "open_aimlapi", "open_openai", "open_vapi"]


def open_vapi(house: AdapterContext) -> OpenAI:
    """Make the client of V-API from the operator's settings."""
    settings = house.settings
    return _open(VAPI, house, settings.vapi_api_key, settings.vapi_api_url, settings.vapi_auth)


def open_aimlapi(house: AdapterContext) -> OpenAI:
    """Make the client of AI/ML API from the operator's settings."""
    return _open(AIMLAPI, house, house.settings.aimlapi_api_key, house.settings.aimlapi_api_url)


def open_openai(house: AdapterContext) -> OpenAI:
    """Make the client of any other endpoint from the operator's settings; some, such as Ollama, want no key."""
    return _open(OPENAI, house, house.settings.openai_api_key, house.settings.openai_api_url)


def _open(row: ServiceProfile, house: AdapterContext, key: SecretStr | None, url: str, auth: Auth = "bearer") -> OpenAI:
    settings = house.settings
    wishes = RequestOptions(settings.bot_max_tokens, settings.bot_temperature, settings.bot_photo_detail)
    models = (name.partition("/") for name in (settings.bot_model, *settings.bot_fallbacks))
    named = [id for provider, _, id in models if provider == row.name]
    return OpenAI(row, key.get_secret_value() if key else "", url, auth=auth, wishes=wishes, named=named)
