"""A date is believed as far as it can be right."""

import time

import pytest

from bot.util.message_clock import SKEW, plausible_time

pytestmark = pytest.mark.usefixtures("fixed_time")


def test_a_message_that_came_at_once_has_not_waited_whatever_its_date_says() -> None:
    now = time.time()
    assert plausible_time(now - 3600, empty_at=now - 2) == now - 2


def test_a_message_that_may_have_waited_keeps_its_date() -> None:
    now = time.time()
    assert plausible_time(now - 3600) == now - 3600
    assert plausible_time(now - 3600, empty_at=now - 4000) == now - 3600


def test_a_message_of_the_future_was_sent_now() -> None:
    assert plausible_time(time.time() + 7200) == time.time()


def test_clocks_that_differ_a_little_are_left_alone() -> None:
    now = time.time()
    assert plausible_time(now - SKEW / 2, empty_at=now) == now - SKEW / 2
    assert plausible_time(now + SKEW / 2) == now + SKEW / 2
