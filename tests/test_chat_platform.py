"""What a platform cannot do is left out, and the core does without."""

import time
from dataclasses import replace

import pytest

from bot.chat_platform import SKEW, Health, HealthState, plausible_time
from bot.messages import Channel
from tests.doubles.platform import FakePlatform

HERE = Channel("web", "lobby")

pytestmark = pytest.mark.usefixtures("fixed_time")


def test_a_platform_without_a_connection_is_up_and_says_nothing_about_it() -> None:
    fake = FakePlatform()
    fake.health = Health(HealthState.DOWN, "not connected yet")
    platform = fake.as_platform()
    assert platform.health == fake.health
    assert replace(platform, connection=None).health == Health(HealthState.UP, "")


async def test_typing_is_shown_only_where_the_platform_shows_it() -> None:
    fake = FakePlatform()
    platform = fake.as_platform()
    async with replace(platform, typing=None).show_typing(HERE):
        assert fake.typed == []
    async with platform.show_typing(HERE):
        assert fake.typed == [HERE]


def test_what_a_post_may_be_depends_on_the_channel() -> None:
    fake = FakePlatform(max_length=100)
    platform = fake.as_platform()
    fake.max_length = 50
    assert platform.limits(HERE).max_length == 50


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
