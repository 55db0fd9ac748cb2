"""Those who answer. A new one is a module beside this file and a line here."""

from adapters import Plugin

PROVIDERS = {
    "onemin": Plugin("adapters.providers.onemin:open_onemin", needs="onemin_api_key"),
    "vapi": Plugin("adapters.providers.openai:open_vapi", needs="vapi_api_key"),
    "aimlapi": Plugin("adapters.providers.openai:open_aimlapi", needs="aimlapi_api_key"),
    "openai": Plugin("adapters.providers.openai:open_openai", needs="openai_on"),
    "local": Plugin("adapters.providers.local:open_local", needs="bot_local"),
}
