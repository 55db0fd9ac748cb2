"""Who guesses has to wait, and only who guesses."""

from bot.web import login_throttle as throttle
from bot.web.login_throttle import BURST, AttemptThrottle


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def judged(guesses: AttemptThrottle, site: str, tries: int) -> int:
    """How many of so many wrong tries at once are judged."""
    count = 0
    for _ in range(tries):
        if guesses.delay(site) == 0:
            guesses.record_failure(site)
            count += 1
    return count


def test_at_most_sixty_guesses_of_an_address_are_judged_in_three_seconds() -> None:
    clock = Clock()
    guesses = AttemptThrottle(clock)
    total = 0
    for _ in range(30):
        total += judged(guesses, "a", 100)
        clock.now += 0.1
    assert BURST <= total <= 60


def test_others_do_not_wait() -> None:
    guesses = AttemptThrottle(Clock())
    judged(guesses, "a", 100)
    assert guesses.delay("a") > 0
    assert guesses.delay("b") == 0


def test_after_the_delay_that_it_names_the_next_one_is_judged() -> None:
    clock = Clock()
    guesses = AttemptThrottle(clock)
    judged(guesses, "a", 100)
    clock.now += guesses.delay("a")
    assert judged(guesses, "a", 5) == 1
    clock.now += 3600
    assert judged(guesses, "a", 100) == BURST


def test_however_many_addresses_guess_the_memory_is_bounded() -> None:
    guesses = AttemptThrottle(Clock())
    for n in range(throttle.MOST_SITES + 100):
        guesses.record_failure(str(n))
    assert len(guesses._buckets) == throttle.MOST_SITES
