"""Trying again: how often, after how long, and what a service asks for."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Busy
from bot.util import retry as policies
from bot.util.retry import Backoff, RetryPolicy, retry

STEADY = RetryPolicy(attempts=3, first=1, longest=5, jitter=0)
AT_ONCE = replace(STEADY, first=0, longest=0)

NAMED = {name: policy for name, policy in vars(policies).items() if isinstance(policy, RetryPolicy)}


def test_a_delay_doubles_until_it_is_the_longest() -> None:
    assert [STEADY.delay(failures) for failures in (1, 2, 3, 4, 10_000)] == [1, 2, 4, 5, 5]


def test_a_delay_differs_from_everybody_elses_and_stays_near() -> None:
    delays = {replace(STEADY, jitter=0.25).delay(3) for _ in range(100)}
    assert len(delays) > 1
    assert all(3 <= delay <= 5 for delay in delays)


def test_what_a_service_asks_for_goes_before_and_is_believed_up_to_a_bound() -> None:
    assert STEADY.delay(1, retry_after=30) == 30
    assert replace(STEADY, retry_after_max=20).delay(1, retry_after=30) == 20


def test_a_success_begins_anew() -> None:
    backoff = Backoff(STEADY)
    assert [backoff.next_delay(), backoff.next_delay(), backoff.failures] == [1, 2, 2]
    backoff.reset()
    assert backoff.next_delay() == 1


async def test_it_is_tried_until_it_succeeds() -> None:
    outcomes = iter([Busy("provider_down"), Busy("provider_down"), "here"])

    async def attempt() -> object:
        outcome = next(outcomes)
        if isinstance(outcome, Busy):
            raise outcome
        return outcome

    assert await retry(AT_ONCE, attempt, Busy) == "here"


@pytest.mark.parametrize(("error", "attempts"), [(Busy("provider_down"), 3), (ValueError("a bug"), 1)])
async def test_the_last_error_is_raised_and_others_at_once(error: Exception, attempts: int) -> None:
    tried = 0

    async def attempt() -> None:
        nonlocal tried
        tried += 1
        raise error

    with pytest.raises(type(error)):
        await retry(AT_ONCE, attempt, Busy)
    assert tried == attempts


async def test_whoever_waits_between_two_tries_can_be_cancelled() -> None:
    tried = asyncio.Event()

    async def attempt() -> None:
        tried.set()
        raise Busy("provider_slow", retry_after=3600)

    trying = asyncio.create_task(retry(STEADY, attempt, Busy))
    await tried.wait()
    trying.cancel()
    await asyncio.wait([trying])
    assert trying.cancelled()


@pytest.mark.parametrize("name", NAMED)
def test_every_named_policy_makes_sense(name: str) -> None:
    policy = NAMED[name]
    assert 0 <= policy.first <= policy.longest
    assert policy.attempts >= 1
    assert 0 <= policy.jitter < 1
