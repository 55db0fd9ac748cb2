"""What a platform cannot do is left out, and the core does without."""

from dataclasses import replace

from bot.chat_platform import Health, HealthState
from bot.messages import Channel
from tests.doubles.platform import FakePlatform

HERE = Channel("web", "lobby")


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
