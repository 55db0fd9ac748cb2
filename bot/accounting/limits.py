"""Usage limits of a person, a channel or the whole bot: checked, and reserved, before a model is asked."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.errors import FailureCode, Refused
from bot.messages import Admission, Balance, Budget, Measure, Message, Turn
from bot.ports import Ledger
from bot.words import say, say_moment, say_money

WARNED = 0.8  # share of a limit from which on people are warned

MINUTE, DAY, MONTH = "minute", "day", "month"
TURNS: Final = "turns"
CREDITS: Final = "credits"
DOLLARS: Final = "dollars"
MEASURES: tuple[Measure, ...] = TURNS, CREDITS, DOLLARS
USER, CHANNEL, TOTAL = "user", "channel", "total"

PRICE_LOOKS, PRICE_PAUSE = 60, 1.0  # number of checks for a missing price, and the seconds between two

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of `most` turns, credits or dollars by a person, in a channel or in all, a minute, day or month (UTC)."""

    whose: str  # user, channel or total
    what: Measure
    window: str
    most: float


def read_limits(settings: object) -> tuple[Limit, ...]:
    """Read the limits from the settings: each variable's name states the subject, the measure and the window."""
    limits = [
        Limit(whose, what, window, most)
        for whose in (USER, CHANNEL, TOTAL)
        for what in MEASURES
        for window in (MINUTE, DAY, MONTH)
        if (most := getattr(settings, f"bot_{whose}_{what}_{window}", None)) is not None
    ]
    return tuple(limits)


class UsageLimits:
    """Admits questions, and has the store reserve their estimated cost."""

    def __init__(self, ledger: Ledger, limits: Sequence[Limit] = ()) -> None:
        """Keep the store and the limits."""
        self._ledger, self._limits = ledger, limits

    async def admit(self, turn: Turn, *models: str) -> list[str]:
        """Reserve the estimated cost for these models, one for each lane; return the warnings.

        Refused, with the time of the reset, if a limit is reached, or may be by questions under way.
        """
        if not self._limits:
            return []
        admission = await self._reserve(turn, models)
        pairs = list(zip(self._limits, admission.balances, strict=True))
        if not admission.is_granted:
            raise self._refusal(pairs)
        return [say("limit_near", **self._words(limit, used.used)) for limit, used in pairs if _is_near(limit, used)]

    async def hold(self, turn: Turn, lane: int, model: str) -> None:
        """Reserve the cost of a request that helps to answer an admitted turn, whatever the limits say."""
        if self.are_in_money:
            await self._ledger.reserve(turn, {lane: model})

    @property
    def are_in_money(self) -> bool:
        """True if any limit is in credits or dollars."""
        return any(limit.what != TURNS for limit in self._limits)

    async def _reserve(self, turn: Turn, models: Sequence[str]) -> Admission:
        """Reserve, and wait for a while if the price of another question has to become known first."""
        lanes = dict(enumerate(models))
        for _ in range(PRICE_LOOKS):
            admission = await self._ledger.reserve(turn, lanes, [self._budget(turn, limit) for limit in self._limits])
            if admission.is_granted or admission.exhausted:
                break
            await asyncio.sleep(PRICE_PAUSE)
        return admission

    def _budget(self, turn: Turn, limit: Limit) -> Budget:
        return Budget(
            measure=limit.what,
            most=limit.most,
            since=window_start(limit.window, time.time()),
            author=subject_of(turn.message) if limit.whose == USER else None,
            channel=turn.message.channel if limit.whose == CHANNEL else None,
        )

    def _refusal(self, pairs: Sequence[tuple[Limit, Balance]]) -> Refused:
        """Return the reason of the refusal, from the first limit without room for the turn."""
        reached = [(limit, used) for limit, used in pairs if used.is_exhausted]
        limit, balance = (reached or [(limit, used) for limit, used in pairs if used.is_uncertain])[0]
        log.info("a limit is reached", whose=limit.whose, what=limit.what, window=limit.window, used=balance.used)
        if limit.what != TURNS and balance.booked < limit.most:
            return Refused(FailureCode.LIMIT_PENDING, whose=say(f"limit_of_{limit.whose}"))
        if limit.whose == TOTAL:  # the usage of others is private
            return Refused(f"limit_reached_total_{limit.window}", reset=self._reset(limit.window))
        return Refused(FailureCode.LIMIT_REACHED, **self._words(limit, balance.used))

    def _words(self, limit: Limit, used: float) -> Mapping[str, object]:
        return {
            "used": _figure(limit.what, used),
            "most": _figure(limit.what, limit.most),
            "whose": say(f"limit_of_{limit.whose}"),
            "window": say(f"limit_{limit.window}"),
            "reset": self._reset(limit.window),
        }

    def _reset(self, window: str) -> str:
        now = time.time()
        if window == MINUTE:
            return say("limit_reset_soon")
        ends = datetime.fromtimestamp(window_end(window, now), UTC)
        return say("limit_reset_at", when=say_moment(ends))


def subject_of(message: Message) -> str:
    """Return the author's id in limits and access lists."""
    return f"{message.channel.platform}:{message.author.id}"


def window_start(window: str, now: float) -> float:
    """Return the start of the window at `now`; a minute is the last sixty seconds."""
    if window == MINUTE:
        return now - 60
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day if window == DAY else day.replace(day=1)).timestamp()


def window_end(window: str, now: float) -> float:
    """Return the end of the window."""
    start = datetime.fromtimestamp(window_start(window, now), UTC)
    if window == MINUTE:
        return now + 60
    if window == DAY:
        return (start + timedelta(days=1)).timestamp()
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1).timestamp()


def _is_near(limit: Limit, balance: Balance) -> bool:
    """Tell whether to warn that a limit is nearly used up. That of the whole bot is the operator's concern."""
    used = balance.used + (limit.what == TURNS)
    return limit.whose != TOTAL and limit.window != MINUTE and used >= WARNED * limit.most


def _figure(what: str, amount: float) -> str:
    return say_money(amount) if what == DOLLARS else say(f"figure_{what}", amount=round(amount))
