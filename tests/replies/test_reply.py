"""An answer grows in few edits, and the last one is never missed."""

import asyncio
import time
from dataclasses import replace

import pytest

from bot.chat_platform import Platform, PostLimits
from bot.errors import Busy, Refused
from bot.messages import Conversation, OutgoingPost, Turn
from bot.ports import Store
from bot.replies.reply import CURSOR, NOTHING_MORE, Reply
from tests.doubles.platform import FakePlatform
from tests.doubles.waiting import until


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform(max_length=100)


@pytest.fixture
def reply(platform: FakePlatform, sqlite: Store, turn: Turn) -> Reply:
    assert isinstance(turn.conversation, Conversation)
    return Reply(platform.as_platform(), sqlite.posts, turn, turn.message.channel)


async def settle() -> None:
    await asyncio.sleep(0.03)


async def test_the_first_words_are_posted_and_the_rest_is_edited_in(platform: FakePlatform, reply: Reply) -> None:
    async with reply.growing():
        reply.grow("a")
        await settle()
        assert platform.reads() == ["a" + CURSOR]
        reply.grow(" cat")
        await settle()
        assert platform.reads() == ["a cat" + CURSOR]
    await reply.show(reply.text)
    assert platform.reads() == ["a cat"]


@pytest.mark.parametrize(
    "text", ["a cat on a mat", "写真には猫が写っていて、窓のそばで眠っているようです", "a_word_that_is_long_enough"]
)
async def test_the_first_post_waits_for_a_few_words(platform: FakePlatform, reply: Reply, text: str) -> None:
    reply.platform = waits_for_words(platform, 30)
    async with reply.growing():
        reply.grow(text[:5])
        await settle()
        assert platform.reads() == []
        reply.grow(text[5:])
        await until(lambda: platform.reads() == [text + CURSOR])


async def test_the_first_post_waits_no_longer_than_it_may(platform: FakePlatform, reply: Reply) -> None:
    reply.platform = waits_for_words(platform, 0.05)
    async with reply.growing():
        reply.grow("a")
        await until(lambda: platform.reads() == ["a" + CURSOR])


async def test_an_answer_that_is_whole_before_its_first_post_is_one_call(platform: FakePlatform, reply: Reply) -> None:
    reply.platform = waits_for_words(platform, 30)
    async with reply.growing():
        reply.grow("a cat")
    await reply.show(reply.text)
    assert platform.calls == [("send", "a cat")]


def waits_for_words(platform: FakePlatform, seconds: float) -> Platform:
    """The platform, on which a first post is expected to hold a few words."""
    limits = PostLimits(max_length=100, first_post_wait=seconds)
    return replace(platform.as_platform(), limits=lambda channel: limits)


async def test_many_small_pieces_become_few_edits(platform: FakePlatform, reply: Reply) -> None:
    platform.edit_interval = 0.1
    began = time.monotonic()
    async with reply.growing():
        for _ in range(50):
            reply.grow("x")
            await asyncio.sleep(0.002)
    await reply.show(reply.text)
    seconds = time.monotonic() - began
    assert platform.reads() == ["x" * 50]
    assert len(platform.calls) <= 3 + seconds / platform.edit_interval


async def test_a_slow_platform_does_not_slow_the_reading(platform: FakePlatform, reply: Reply) -> None:
    class Slow(FakePlatform):
        async def send(self, *args: object, **kwargs: object) -> str:
            await is_read.wait()
            return await super().send(*args, **kwargs)  # type: ignore[arg-type]

    is_read = asyncio.Event()
    reply.platform = Slow().as_platform()
    async with asyncio.timeout(30), reply.growing():
        for _ in range(20):
            reply.grow("x")
            await asyncio.sleep(0)
        is_read.set()
    await reply.show(reply.text)


async def test_an_edit_that_is_held_up_is_made_up_for(platform: FakePlatform, reply: Reply) -> None:
    async with reply.growing():
        platform.troubles = [Busy("discord_unreachable", retry_after=0.01)]
        reply.grow("a")
        await asyncio.sleep(0.05)
        reply.grow(" cat")
        await settle()
        assert platform.reads() == ["a cat" + CURSOR]


async def test_a_channel_that_refuses_edits_still_gets_the_whole_answer(platform: FakePlatform, reply: Reply) -> None:
    async with reply.growing():
        platform.troubles = [Refused("photo_gone")]
        reply.grow("a")
        await settle()
        reply.grow(" cat")
        await settle()
    await reply.show(reply.text)
    assert platform.reads() == ["a cat"]


async def test_only_posts_that_differ_are_touched(platform: FakePlatform, reply: Reply) -> None:
    text = "A sentence of words. " * 10
    await reply.show(text)
    before = len(platform.calls)
    await reply.show(text + "And one more. ")
    assert platform.calls[before:] == [("edit", platform.reads()[-1])]


async def test_a_shorter_answer_after_a_crash_leaves_no_old_text(
    platform: FakePlatform, sqlite: Store, turn: Turn
) -> None:
    await Reply(platform.as_platform(), sqlite.posts, turn, turn.message.channel).show("A sentence of words. " * 10)
    await sqlite.queue.release_leases()
    [again] = await sqlite.queue.claim(1)
    await Reply(platform.as_platform(), sqlite.posts, again, turn.message.channel).show("Short.")
    assert platform.reads() == ["Short.", NOTHING_MORE, NOTHING_MORE]


async def test_a_post_whose_id_was_lost_is_found_by_its_key(platform: FakePlatform, sqlite: Store, turn: Turn) -> None:
    here = turn.message.channel
    await platform.send(here, OutgoingPost(text="half", key=f"{turn.id}-0"))
    await Reply(platform.as_platform(), sqlite.posts, turn, here).show("whole")
    assert platform.reads() == ["whole"]


@pytest.fixture
def plain(platform: FakePlatform) -> Platform:
    """A platform that can neither edit nor show that somebody types."""
    return replace(platform.as_platform(), edits=None, typing=None)


async def test_without_edits_an_answer_is_posted_once_when_it_is_whole(
    platform: FakePlatform, plain: Platform, sqlite: Store, turn: Turn
) -> None:
    reply = Reply(plain, sqlite.posts, turn, turn.message.channel)
    async with plain.show_typing(turn.message.channel), reply.growing():
        reply.grow("a")
        await settle()
        reply.grow(" cat")
        await settle()
    assert platform.calls == []
    await reply.show(reply.text)
    await reply.show(reply.text)
    assert platform.calls == [("send", "a cat")]
    assert platform.typed == []


async def test_without_edits_the_answer_follows_the_notice_that_it_is_late(
    platform: FakePlatform, plain: Platform, sqlite: Store, turn: Turn
) -> None:
    here = turn.message.channel
    await Reply(plain, sqlite.posts, turn, here).show("It takes a while.")
    await Reply(plain, sqlite.posts, turn, here, resumed=True).show("a cat")
    assert platform.reads() == ["It takes a while.", "a cat"]


async def test_without_edits_a_crash_before_the_end_does_not_post_the_answer_twice(
    platform: FakePlatform, plain: Platform, sqlite: Store, turn: Turn
) -> None:
    here = turn.message.channel
    await Reply(plain, sqlite.posts, turn, here).show("It takes a while.")
    for _ in range(3):
        await Reply(plain, sqlite.posts, turn, here, resumed=True).show("a cat")
    assert platform.reads() == ["It takes a while.", "a cat"]


async def test_without_edits_nothing_is_posted_to_say_that_there_is_no_more(
    platform: FakePlatform, plain: Platform, sqlite: Store, turn: Turn
) -> None:
    here = turn.message.channel
    await Reply(plain, sqlite.posts, turn, here).show("A sentence of words. " * 10)
    before = len(platform.calls)
    await Reply(plain, sqlite.posts, turn, here, resumed=True).show("Short.")
    assert platform.calls[before:] == [("send", "Short.")]
