"""Failover: a circuit breaker for each provider, and for each family of models that it offers.

A breaker is *closed* while all is well. Three outages in a row open it, or one that is known to last: then other models
are asked. After a while it is *half open*: a single question goes through, the probe, and decides.
"""

import itertools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import BotError, Busy, Cut, FailureCode
from bot.util.retry import PROBE_AGAIN
from bot.words import say

FAILURES = 3  # outages in a row that open a breaker
PATIENCE = 120.0  # seconds after which a probe without result is given up
MOST_TOLD = 10_000  # notes that are remembered

CLOSED, HALF_OPEN, OPEN = "closed", "half open", "open"

# The last one: an interface that is gone or has changed, which nobody in the chat can help.
FAMILY_DOWN = frozenset(
    {
        FailureCode.PROVIDER_DOWN,
        FailureCode.PROVIDER_SLOW,
        FailureCode.PROVIDER_RATE_LIMITED,
        FailureCode.PROVIDER_UNSUPPORTED,
    }
)
# A wrong key is the operator's mistake, but the question deserves an answer all the same; log and note give the reason.
LASTING = frozenset(
    {
        FailureCode.PROVIDER_NO_CREDITS,
        FailureCode.PROVIDER_BLOCKED,
        FailureCode.PROVIDER_CERTIFICATE,
        FailureCode.PROVIDER_REGION,
        FailureCode.PROVIDER_OUTSIDE,
        FailureCode.PROVIDER_WRONG_KEY,
    }
)
PROVIDER_DOWN = LASTING | {FailureCode.PROVIDER_UNREACHABLE}
OUTAGES = FAMILY_DOWN | PROVIDER_DOWN
# Limits of the account with this one model: another model is asked, and nothing is known about the family.
PASSED_ON = frozenset(
    {FailureCode.PROVIDER_MINUTE_LIMIT, FailureCode.PROVIDER_NO_DEPLOYMENT, FailureCode.PROVIDER_NOT_ALLOWED}
)

NOTES: Mapping[FailureCode, str] = {
    FailureCode.PROVIDER_SLOW: "failover_note_slow",
    FailureCode.PROVIDER_RATE_LIMITED: "failover_note_rate_limited",
    FailureCode.PROVIDER_NO_CREDITS: "failover_note_no_credits",
    FailureCode.PROVIDER_BLOCKED: "failover_note_shut_out",
    FailureCode.PROVIDER_CERTIFICATE: "failover_note",
    FailureCode.PROVIDER_REGION: "failover_note_shut_out",
    FailureCode.PROVIDER_OUTSIDE: "failover_note_shut_out",
    FailureCode.PROVIDER_WRONG_KEY: "failover_note_shut_out",
}

_LINES = re.compile(r"gpt|claude|gemini|llama|qwen|deepseek|grok|[sx]tral|(?:^|\.)o(?=\d)")
_LETTERS = re.compile(r"(?:[a-z]+\.)*([a-z]+)")  # skips a prefix such as us.amazon.


def family(model_id: str) -> str:
    """Return the family of a model, which mostly fails together: gpt for openai/gpt-4o."""
    name = model_id.lower().rpartition("/")[2]
    if match := _LINES.search(name):
        return "mistral" if match[0].endswith("tral") else match[0].strip(".")
    letters = _LETTERS.match(name)
    return letters[1] if letters else name


@dataclass(slots=True)
class OutageRecord:
    """An outage of one breaker, from the first failure after a success to the next success."""

    number: int  # unique for each outage
    why: FailureCode | None = None  # the latest failure
    failures: int = 0
    openings: int = 0  # of the breaker; each lasts longer than the one before


class Breaker:
    """A circuit breaker. `number` returns the id of the next outage."""

    def __init__(self, clock: Callable[[], float], number: Callable[[], int]) -> None:
        self.outage: OutageRecord | None = None  # the latest outage, over or not
        self._clock, self._number = clock, number
        self._successes = 0  # since the latest failure
        self._until: float | None = None  # None: closed
        self._probe: float | None = None  # start time of the probe

    @property
    def state(self) -> str:
        """The state: closed, half open or open."""
        if self._until is None:
            return CLOSED
        return OPEN if self._clock() < self._until else HALF_OPEN

    @property
    def lets_through(self) -> bool:
        """True if one more question may go through."""
        free = self._probe is None or self._clock() >= self._probe + PATIENCE
        return self.state == CLOSED or (self.state == HALF_OPEN and free)

    def began(self) -> bool:
        """Note that a question was sent; tell whether it is the probe."""
        probes = self.state == HALF_OPEN and self.lets_through
        if probes:
            self._probe = self._clock()
        return probes

    def well(self) -> None:
        """Note a success: the first words arrived."""
        self._successes += 1
        self._until = self._probe = None

    def failed(self, error: BotError) -> None:
        """Note a failure. If its question is older than the outage, it only counts if it tells how long that lasts."""
        outage = self.outage = self._outage(error)
        outage.why, self._successes = error.code, 0
        outage.failures += 1
        lasts, state = _lasts(error), self.state
        if lasts or self._probe is not None or (state == CLOSED and outage.failures >= FAILURES):
            self._until = max(self._until or 0.0, self._clock() + PROBE_AGAIN.delay(outage.openings + 1, lasts))
            self._probe = None
            if state != OPEN:
                outage.openings += 1

    def ended(self) -> None:
        """Note that the probe had no result; another may be sent."""
        self._probe = None

    def _outage(self, error: BotError) -> OutageRecord:
        """Return the outage of this failure. An answer that broke off revokes the success of its first words."""
        counted = self._successes - isinstance(error, Cut)
        return self.outage if self.outage and counted <= 0 else OutageRecord(self._number())


class Failover:
    """The breakers of one process. Models are named `provider/model`; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._number = itertools.count(1).__next__
        self._breakers: dict[str, Breaker] = {}  # by provider, and by provider/family
        self._told: dict[tuple[int, int], None] = {}  # conversation and outage, oldest first

    @staticmethod
    def is_outage(error: BotError) -> bool:
        """Tell whether another model may be asked instead: never if the question itself is at fault."""
        return isinstance(error, Cut) or error.code in OUTAGES | PASSED_ON

    def line(self, model: str, fallbacks: Sequence[str]) -> Sequence[str]:
        """Return the models to ask, in order, without those that are down, unless all are."""
        wanted = dict.fromkeys((model, *fallbacks))
        return [each for each in wanted if all(b.lets_through for b in self._of(each))] or [model]

    def began(self, model: str) -> bool:
        """Note that a question was sent; tell whether it is a probe, to be passed to `ended`."""
        provider, kin = (breaker.began() for breaker in self._of(model))
        return provider or kin

    def well(self, model: str) -> None:
        """Note a success: the first words arrived."""
        for breaker in self._of(model):
            breaker.well()

    def failed(self, model: str, error: BotError) -> None:
        """Note a failure. Only an outage counts, and only for its scope: the provider, or the family."""
        if not self.is_outage(error) or error.code in PASSED_ON:
            return
        provider, kin = self._of(model)
        there, elsewhere = (provider, kin) if error.code in PROVIDER_DOWN else (kin, provider)
        there.failed(error)
        elsewhere.ended()

    def ended(self, model: str) -> None:
        """Note the end of a question; if it was a probe without result, another may be sent."""
        for breaker in self._of(model):
            breaker.ended()

    def note(self, conversation: int, asked: str, by: str) -> str | None:
        """Return the reason why `by` answers in place of `asked`, once for each outage in a conversation."""
        outages = [breaker.outage for breaker in self._of(asked) if breaker.outage]
        if asked == by or not outages:
            return None
        outage = max(outages, key=lambda each: each.number)
        key = conversation, outage.number
        if key in self._told:
            return None
        self._told[key] = None
        if len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]
        note = NOTES.get(outage.why, "failover_note") if outage.why else "failover_note"
        return say(note, by=by, asked=asked)

    def states(self) -> Mapping[str, str]:
        """Return the state of each breaker by provider/family; a provider that is down is down for all its families."""
        worst = [CLOSED, HALF_OPEN, OPEN]
        return {
            name: max(breaker.state, self._breakers[name.partition("/")[0]].state, key=worst.index)
            for name, breaker in self._breakers.items()
            if "/" in name
        }

    def _of(self, model: str) -> tuple[Breaker, Breaker]:
        """Return the breakers of the provider and of the family."""
        provider, _, model_id = model.partition("/")
        return self._breaker(provider), self._breaker(f"{provider}/{family(model_id)}")

    def _breaker(self, name: str) -> Breaker:
        if name not in self._breakers:
            self._breakers[name] = Breaker(self._clock, self._number)
        return self._breakers[name]


def _lasts(error: BotError) -> float | None:
    """Return the known duration of an outage in seconds, if any."""
    if error.code in LASTING:
        return PROBE_AGAIN.longest
    return error.retry_after if isinstance(error, Busy) else None
