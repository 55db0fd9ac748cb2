"""The chat platforms. A new one is a module beside this file and a line here."""

from adapters import Plug

PLATFORMS = {
    "web": Plug("adapters.platforms.web:open_web"),
}
