"""A photo in a group carries the bot's reaction while it is being answered."""

from dataclasses import replace

import pytest

from bot.errors import Busy, Refused
from bot.files.photos import PhotoIntake
from bot.messages import ChannelSettings, Message
from bot.ports import Store
from bot.turns.jobs.progress_reactions import EYES
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import hear, make_worker


def in_group(message: Message) -> Message:
    return replace(message, private=False, server="web:club")


async def test_a_photo_in_a_group_is_marked_until_it_is_answered(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    await hear(make_worker(sqlite, platform, provider, photos), in_group(said(photos=1, id="7")))
    assert platform.reactions == [("7", EYES, True), ("7", EYES, False)]
    assert platform.calls, "and it is answered all the same"


@pytest.mark.parametrize("kind", ["private", "words", "interaction"])
async def test_nothing_else_is_marked(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, kind: str
) -> None:
    messages = {
        "private": replace(said(photos=1), private=True),
        "words": in_group(said()),
        "interaction": in_group(said(photos=1, id="/9")),
    }
    await hear(make_worker(sqlite, platform, provider, photos), messages[kind])
    assert platform.reactions == []


async def test_a_channel_may_do_without(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    message = in_group(said(photos=1))
    await sqlite.channels.save_channel_settings(message.channel, ChannelSettings(reactions=False))
    await hear(make_worker(sqlite, platform, provider, photos), message)
    assert platform.reactions == []


@pytest.mark.parametrize("error", [Refused("channel_lost"), Busy("telegram_slow_down")])
async def test_a_reaction_that_fails_fails_nothing_else(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, error: Exception
) -> None:
    async def react(*args: object, **kwargs: object) -> None:
        raise error

    platform.react = react  # type: ignore[method-assign]
    await hear(make_worker(sqlite, platform, provider, photos), in_group(said(photos=1)))
    assert platform.reads()
