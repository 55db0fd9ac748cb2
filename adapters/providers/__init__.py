"""Those who answer. A new one is a module beside this file and a line here."""

from adapters import Plug

PROVIDERS = {
    "onemin": Plug("adapters.providers.onemin:open_onemin", needs="onemin_api_key"),
    "sandbox": Plug("adapters.providers.sandbox:open_sandbox", needs="bot_sandbox"),
}
