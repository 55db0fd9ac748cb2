"""Those who answer. A new one is a module beside this file and a line here."""

from adapters import Plug

PROVIDERS = {
    "onemin": Plug("adapters.providers.onemin:open_onemin", needs="onemin_api_key"),
    "vapi": Plug("adapters.providers.openai:open_vapi", needs="vapi_api_key"),
    "aimlapi": Plug("adapters.providers.openai:open_aimlapi", needs="aimlapi_api_key"),
    "openai": Plug("adapters.providers.openai:open_openai", needs="openai_on"),
    "local": Plug("adapters.providers.local:open_local", needs="bot_local"),
}
