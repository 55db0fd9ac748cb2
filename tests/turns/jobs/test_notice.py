"""What strangers read, and what they never get: access is judged again when a turn is taken up."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.files.photos import PhotoIntake
from bot.intake.access import BOT, CLAIM
from bot.messages import Attachment, Author, Message
from bot.ports import Store
from tests.conftest import said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.work import Worker, drain, hear, make_worker

EVE = "telegram:666"


@pytest.fixture
def paired(store: Store, telegram: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Worker:
    """A worker of a bot that lets nobody in by itself."""
    return make_worker(store, telegram, provider, photos, bot_access="paired", bot_admins="telegram:1")


def eve(text: str = "hello?", channel: str = EVE, **changes: Any) -> Message:
    """What Eve, a stranger, says in private."""
    return replace(said(text, channel), **{"author": Author("666", "Eve"), "private": True, **changes})


async def test_six_messages_of_a_stranger_bring_one_code(
    paired: Worker, telegram: FakePlatform, provider: FakeProvider
) -> None:
    await hear(paired, *(eve(f"message {n}") for n in range(6)))
    [post] = telegram.reads(EVE)
    assert "I don't know you yet" in post
    assert provider.prompts == []
    assert await paired.store.queue.count_waiting() == 0


async def test_a_place_that_nobody_let_in_reads_one_sentence_whoever_speaks(
    paired: Worker, telegram: FakePlatform, provider: FakeProvider
) -> None:
    for n, topic in enumerate(["telegram:-100", "telegram:-100/7", "telegram:-100/8"]):
        author = Author(f"66{n}", "Eve")
        await hear(paired, eve(channel=topic, private=False, server="telegram:-100", author=author))
    posts = [
        post for topic in ("telegram:-100", "telegram:-100/7", "telegram:-100/8") for post in telegram.reads(topic)
    ]
    assert len(posts) == 1
    assert "I can't talk here yet" in posts[0]
    assert provider.prompts == []


async def test_who_was_let_in_while_the_message_waited_gets_an_answer(
    paired: Worker, telegram: FakePlatform, provider: FakeProvider
) -> None:
    await paired.store.intake.add(eve())
    await paired.store.people.set_access(EVE, True)
    await drain(paired)
    assert telegram.reads(EVE) == ["a cat"]


async def shut_out(store: Store) -> None:
    await store.people.set_access(EVE, False)


async def forgotten(store: Store) -> None:
    await store.people.set_access(EVE, None)


@pytest.mark.parametrize(("change", "posts"), [(shut_out, 0), (forgotten, 1)])
async def test_who_was_shut_out_while_the_message_waited_gets_none(
    paired: Worker,
    telegram: FakePlatform,
    provider: FakeProvider,
    change: Callable[[Store], Awaitable[None]],
    posts: int,
) -> None:
    await paired.store.people.set_access(EVE, True)
    await paired.store.intake.add(eve())
    await change(paired.store)
    await drain(paired)
    assert provider.prompts == []
    assert len(telegram.reads(EVE)) == posts
    assert await paired.store.queue.count_waiting() == 0


@pytest.mark.parametrize(
    "words", ["/retry 1", "/compare gpt-4o other/gpt-4o", "/imagine a cat", "/ask what?", "/usage"]
)
async def test_no_command_gets_around_it(
    paired: Worker, telegram: FakePlatform, provider: FakeProvider, words: str
) -> None:
    await hear(paired, eve(words, attachments=(Attachment(ref="ref0", name="cat.jpg"),)))
    [post] = telegram.reads(EVE)
    assert "I don't know you yet" in post
    assert provider.prompts == []
    assert telegram.fetched == []


async def test_a_stranger_claims_the_bot_and_is_one_no_more(
    paired: Worker, telegram: FakePlatform, provider: FakeProvider
) -> None:
    code = await paired.store.people.create_code(CLAIM, BOT, 60, length=20)
    await hear(paired, eve("/claim wrong"), eve(f"/claim {code}"), eve("what is this?"))
    wrong, right, answer = telegram.reads(EVE)
    assert "That isn't the code" in wrong
    assert "You run this bot now" in right
    assert answer == "a cat"


async def test_a_process_that_died_over_it_says_it_anew(paired: Worker, telegram: FakePlatform) -> None:
    await paired.store.intake.add(eve())
    [turn] = await paired.store.queue.claim(1)
    await paired.store.people.create_code("pair", EVE, 3600)  # and then it died
    await paired.take(replace(turn, deliveries=2))
    [post] = telegram.reads(EVE)
    assert "I don't know you yet" in post
