"""How much a person or a channel may use, checked before anything is asked."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.errors import Refused
from bot.messages import Message, Spent
from bot.ports import Store
from bot.words import say

WARNED = 0.8  # of a limit, from which on people are told

MINUTE, DAY, MONTH = "minute", "day", "month"
TURNS, CREDITS, DOLLARS = "turns", "credits", "dollars"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` turns, credits or dollars of a person or in a channel, each minute, day or month (UTC)."""

    whose: str  # user or channel
    what: str
    window: str
    most: float


def limits_in(settings: object) -> tuple[Limit, ...]:
    """The limits that an operator set: each variable's name tells whose, what and how often."""
    found = [
        Limit(whose, what, window, most)
        for whose in ("user", "channel")
        for what in (TURNS, CREDITS, DOLLARS)
        for window in (MINUTE, DAY, MONTH)
        if (most := getattr(settings, f"bot_{whose}_{what}_{window}", None)) is not None
    ]
    return tuple(found)


class Limits:
    """Asks the store what has been spent."""

    def __init__(self, store: Store, limits: Sequence[Limit], clock: Callable[[], float] = time.time) -> None:
        """`clock` tells the seconds since 1970."""
        self._store, self._limits, self._clock = store, limits, clock

    async def check(self, message: Message) -> list[str]:
        """What to warn of. Refused, with the moment of the reset, when a limit has been reached."""
        warnings = []
        spent: dict[tuple[str, str], Spent] = {}
        for limit in self._limits:
            key = limit.whose, limit.window
            if key not in spent:
                spent[key] = await self._spent(message, *key)
            used = getattr(spent[key], limit.what)
            if used >= limit.most:
                raise Refused("limit_reached", **self._words(limit, used))
            if used + (limit.what == TURNS) >= WARNED * limit.most and limit.window != MINUTE:
                warnings.append(say("limit_near", **self._words(limit, used)))
        return warnings

    async def _spent(self, message: Message, whose: str, window: str) -> Spent:
        since = began(window, self._clock())
        if whose == "user":
            return await self._store.spent(since, author=subject_of(message))
        return await self._store.spent(since, channel=message.channel)

    def _words(self, limit: Limit, used: float) -> Mapping[str, object]:
        return {
            "used": _figure(limit.what, used),
            "most": _figure(limit.what, limit.most),
            "whose": say(f"limit_of_{limit.whose}"),
            "window": say(f"limit_{limit.window}"),
            "reset": self._reset(limit.window),
        }

    def _reset(self, window: str) -> str:
        now = self._clock()
        if window == MINUTE:
            return say("limit_reset_soon")
        ends = datetime.fromtimestamp(ended(window, now), UTC)
        return say("limit_reset_at", when=f"{ends:%Y-%m-%d %H:%M} UTC")


def subject_of(message: Message) -> str:
    """A person, as limits and lists name them."""
    return f"{message.channel.platform}:{message.author.id}"


def began(window: str, now: float) -> float:
    """When the window that holds `now` began; a minute is the last sixty seconds."""
    if window == MINUTE:
        return now - 60
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day if window == DAY else day.replace(day=1)).timestamp()


def ended(window: str, now: float) -> float:
    """When the window ends."""
    start = datetime.fromtimestamp(began(window, now), UTC)
    if window == MINUTE:
        return now + 60
    if window == DAY:
        return (start + timedelta(days=1)).timestamp()
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1).timestamp()


def _figure(what: str, amount: float) -> str:
    return f"${amount:,.2f}" if what == DOLLARS else say(f"figure_{what}", amount=f"{amount:,.0f}")
