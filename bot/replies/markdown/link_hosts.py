"""The target of a link, and detection of a text that claims another one."""

from urllib.parse import urlsplit

SCHEMES = frozenset({"http", "https", "mailto", "tg"})
LONGEST_TEXT = 500  # characters of a link's text that are checked


def leads_somewhere(address: str) -> bool:
    """Tell whether an address is complete, and has a scheme that people may follow."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.netloc or parts.path) and "%" not in parts.netloc


def hidden_host(text: str, address: str) -> str:
    """Return the host that a link leads to if its text names another one; else an empty string."""
    real = _host(address)
    named = filter(None, map(_named_host, text[:LONGEST_TEXT].split()))
    return real if real and any(not _are_related(host, real) for host in named) else ""


def _named_host(word: str) -> str:
    """Return the host in a word that looks like an address, with a scheme or without."""
    word = word.strip("()[]<>{}\"'`*_~|,;:!?.…“”«»")
    host = _host(word if "://" in word else f"//{word}")
    name, _, top = host.rpartition(".")
    return host if name and top.isalpha() and len(top) > 1 else ""


def _host(address: str) -> str:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".").removeprefix("www.")


def _are_related(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
