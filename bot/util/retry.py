"""Retry policies: every policy of the bot, and the loop that carries them out.

There are three kinds, and one table of numbers for them:

- *in a call*: whoever asked waits, so there is an end: `retry`;
- *until it works*: a connection or an intake without which there is nothing to do: `Backoff`;
- *durable*: a turn goes back to its queue, and a breaker stays open: `RetryPolicy.delay`.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

Result = TypeVar("Result")

MOST_DELIVERIES = 30  # how often processes may die over a turn before it is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """A retry policy, in seconds. The delay doubles from `first` to `longest`."""

    attempts: float = math.inf  # in all
    timeout: float = math.inf  # for all attempts together
    first: float
    longest: float
    jitter: float = 0.25  # the part of a delay by which it may differ, so that not everybody comes back at once
    retry_after_max: float = math.inf  # how long a service that names a time is believed

    def delay(self, failures: int, retry_after: float | None = None) -> float:
        """Return how long to wait after so many failures in a row; `retry_after` is what the service asked for."""
        if retry_after:  # it may exceed `longest`
            return min(retry_after, self.retry_after_max)
        doubled = min(self.first * 2.0 ** min(failures - 1, 16), self.longest)
        return doubled * random.uniform(1 - self.jitter, 1 + self.jitter)

    def is_over(self, failures: int) -> bool:
        """Tell whether so many failures are enough."""
        return failures >= self.attempts


# in a call
STORE = RetryPolicy(timeout=60, first=0.1, longest=2)
STORE_AT_START = replace(STORE, timeout=15)
TELEGRAM_FILE = RetryPolicy(attempts=2, first=1, longest=1)
DISCORD_ATTACHMENTS = RetryPolicy(attempts=4, first=1, longest=5, retry_after_max=60)
TELEGRAM_ATTACHMENTS = RetryPolicy(attempts=3, first=1, longest=1, retry_after_max=60)
DISCORD_LOOKUP = RetryPolicy(attempts=3, first=0.5, longest=1, retry_after_max=5)  # its channel waits behind it
ONEMIN_ORDER = RetryPolicy(timeout=1_800, first=0.5, longest=10)  # looks for what is being made
ONEMIN_RESULT = RetryPolicy(attempts=2, first=0, longest=0)

# until it works
STORE_LEADERSHIP = RetryPolicy(first=0.5, longest=5)
STORE_LOCK = RetryPolicy(first=0.75, longest=0.75)  # while another process holds it
STORE_NOTIFICATIONS = RetryPolicy(first=1, longest=10)
CLAIM_TURNS = RetryPolicy(first=1, longest=1)
DISCORD_GATEWAY = RetryPolicy(first=1, longest=60)
DISCORD_INTENTS = RetryPolicy(first=1, longest=60)
DISCORD_INTAKE = RetryPolicy(first=1, longest=30)
TELEGRAM_POLL = RetryPolicy(first=1, longest=30)
WEB_INTAKE = RetryPolicy(first=1, longest=1)
MODEL_LIST = RetryPolicy(timeout=15, first=60, longest=60, jitter=0)

# durable
ASK_AGAIN = RetryPolicy(attempts=7, first=1, longest=60, jitter=0)
DELIVER_LATER = replace(ASK_AGAIN, attempts=400)  # an answer that is paid for outlasts hours without its platform
DELIVER_AGAIN = replace(ASK_AGAIN, first=10, longest=10)  # what a bug kept from being delivered
FETCH_AGAIN = replace(ASK_AGAIN, attempts=4)  # a file that holds the others up
PROBE_AGAIN = RetryPolicy(first=30, longest=300, jitter=0, retry_after_max=600)  # a provider that is down


class Backoff:
    """Counts the failures in a row of something that is tried until it works."""

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self.failures = 0

    def next_delay(self, retry_after: float | None = None) -> float:
        """Count a failure, and return how many seconds to wait now."""
        self.failures += 1
        return self.policy.delay(self.failures, retry_after)

    def reset(self) -> None:
        """Begin anew: it worked."""
        self.failures = 0


async def retry(policy: RetryPolicy, attempt: Callable[[], Awaitable[Result]], *errors: type[Exception]) -> Result:
    """Run the attempt until it succeeds, and return its result. The last of these errors is raised when it is over."""
    backoff = Backoff(policy)
    while True:
        try:
            return await attempt()
        except errors as error:
            pause = backoff.next_delay(getattr(error, "retry_after", None))
            if policy.is_over(backoff.failures):
                raise
            await asyncio.sleep(pause)
