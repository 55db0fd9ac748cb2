"""What is said when asking went wrong, and when it is worth another try."""

import asyncio
from dataclasses import replace

import pytest

from bot.asking.asker import Asker
from bot.asking.file_loader import FileLoader
from bot.asking.outcome import AnswersQuestions, answer_question
from bot.asking.question import Question
from bot.errors import Busy, Forgotten, LeaseLost, Refused
from bot.files.documents import DocumentIntake
from bot.files.photos import PhotoIntake
from bot.messages import ANSWERED, STOPPED, Turn
from bot.ports import Store
from bot.replies.reply import Reply
from bot.turns.stops import Stops
from bot.util.retry import ASK_AGAIN, MOST_DELIVERIES
from bot.words import say
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider, Step
from tests.doubles.work import until

DOWN = Busy("provider_down", status=503)
IS_DOWN = "The provider is having trouble on its side (error 503)."


@pytest.fixture
def asker(sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Asker:
    finder = FileLoader(
        files=sqlite.files,
        posts=sqlite.posts,
        turns=sqlite.turns,
        platforms={"web": platform.as_platform()},
        photos=photos,
        documents=DocumentIntake(photos.keep),
        most_bytes=1 << 20,
    )
    return Asker(
        turns=sqlite.turns,
        files=sqlite.files,
        conversations=sqlite.conversations,
        channels=sqlite.channels,
        ledger=sqlite.ledger,
        providers={"sandbox": provider},
        loader=finder,
        stops=Stops(),
    )


@pytest.fixture
def asked(sqlite: Store, platform: FakePlatform, turn: Turn) -> Question:
    return Question(turn=turn, reply=Reply(platform.as_platform(), sqlite.posts, turn, turn.message.channel))


async def outcome(asker: AnswersQuestions, asked: Question, *, patient: bool = True) -> tuple[str, str]:
    """What people read, and how it came about."""
    result = await answer_question(asker, asked, patient=patient)
    return result.shown, result.outcome


async def test_a_whole_answer_is_what_the_model_said(asker: Asker, asked: Question) -> None:
    assert await outcome(asker, asked) == ("a cat", ANSWERED)


@pytest.mark.parametrize(
    ("steps", "text", "how"),
    [
        ([Refused("provider_failed")], f"⚠️ {say('provider_failed')}", "provider_failed"),
        (["half a ", Refused("provider_failed")], f"half a\n\n⚠️ {say('provider_failed')}", "provider_failed"),
        (["half a ", DOWN], f"half a\n\n⚠️ {say('answer_cut')}", "answer_cut"),
        ([Forgotten("provider_forgot")], f"⚠️ {say('provider_forgot')}", "provider_forgot"),
        ([ZeroDivisionError("secret")], f"⚠️ {say('bug')}", "bug"),
        (["half a ", ZeroDivisionError("secret")], f"half a\n\n⚠️ {say('bug')}", "bug"),
    ],
)
async def test_what_went_wrong_is_one_sentence_below_the_words_there_were(
    asker: Asker, asked: Question, provider: FakeProvider, steps: list[Step], text: str, how: str
) -> None:
    provider.script = [steps]
    assert await outcome(asker, asked) == (text, how)


async def test_who_is_busy_before_any_words_is_asked_again_later(
    asker: Asker, asked: Question, provider: FakeProvider
) -> None:
    provider.script = [[DOWN]]
    asked.attempts = int(ASK_AGAIN.attempts) - 2
    with pytest.raises(Busy):
        await outcome(asker, asked)


async def test_but_not_for_ever(asker: Asker, asked: Question, provider: FakeProvider) -> None:
    provider.script = [[DOWN]]
    asked.attempts = int(ASK_AGAIN.attempts) - 1
    assert await outcome(asker, asked) == (f"⚠️ {IS_DOWN} I tried {ASK_AGAIN.attempts} times.", "provider_down")


async def test_nor_where_nobody_has_the_patience(asker: Asker, asked: Question, provider: FakeProvider) -> None:
    provider.script = [[DOWN]]
    assert await outcome(asker, asked, patient=False) == (f"⚠️ {IS_DOWN} I tried once.", "provider_down")


async def test_a_turn_that_processes_die_over_is_not_asked_any_more(
    asker: Asker, asked: Question, provider: FakeProvider
) -> None:
    asked.turn = replace(asked.turn, deliveries=MOST_DELIVERIES)
    assert (await outcome(asker, asked))[1] == ANSWERED
    asked.turn = replace(asked.turn, deliveries=MOST_DELIVERIES + 1)
    assert (await outcome(asker, asked))[1] == "gave_up"
    assert len(provider.prompts) == 1


async def test_a_turn_that_somebody_else_holds_is_theirs(asker: Asker, asked: Question, provider: FakeProvider) -> None:
    provider.script = [[LeaseLost()]]
    with pytest.raises(LeaseLost):
        await outcome(asker, asked)


@pytest.mark.parametrize(("words", "text"), [([], "⏹ Stopped."), (["half a "], "half a\n\n⏹ Stopped.")])
async def test_what_was_stopped_says_so(
    asker: Asker, asked: Question, provider: FakeProvider, words: list[str], text: str
) -> None:
    provider.script = [[*words, 60.0]]
    working = asyncio.create_task(outcome(asker, asked))
    await until(lambda: provider.prompts and asked.reply.text == "".join(words))
    asker.stops.stop(asked.turn.conversation.id)
    assert await working == (text, STOPPED)


async def test_a_model_that_nobody_offers_is_named(asker: Asker, asked: Question) -> None:
    asker.providers = {}
    text, how = await outcome(asker, asked)
    assert text.startswith("⚠️ The model sandbox/gpt-4o belongs to a service that isn't set up here.")
    assert how == "model_missing"
