"""A short-lived cache of decisions about people and places."""

from dataclasses import dataclass

from bot.util.ttl_cache import TtlCache

ACCESS_SECONDS = 15.0  # until what another process allowed is known
ACCESS_KEPT = 10_000  # subjects, those that were asked about last


@dataclass(frozen=True, slots=True)
class Standing:
    """The decisions about one subject."""

    allowed: bool | None = None
    is_admin: bool = False


Standings = TtlCache[str, Standing]
"""By subject. Shared by the ports that change them: a place may move to another address."""


def new_standings() -> Standings:
    """Return an empty cache."""
    return TtlCache(ACCESS_KEPT, ACCESS_SECONDS)
