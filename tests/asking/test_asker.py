"""One question to one model: what reaches the provider, and what happens when somebody stops it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.asking.asker import AnswersQuestions, Asker, answer_question
from bot.asking.file_loader import FileLoader
from bot.asking.question import Question, instructions
from bot.asking.subject import Subject, SubjectFinder
from bot.errors import Busy, Forgotten, LeaseLost, Refused
from bot.files.documents import DocumentIntake
from bot.files.photos import PhotoIntake
from bot.messages import ANSWERED, STOPPED, MessageReference, Preferences, Turn, Usage
from bot.ports import Store
from bot.replies.reply import CURSOR, Reply
from bot.turns.stops import Stops
from bot.util.retry import ASK_AGAIN, MOST_DELIVERIES
from bot.words import say
from tests.conftest import CAT, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider, Step
from tests.doubles.work import Worker, drain, hear, linked, make_worker, taken, until
from tests.store.talk import HERE

THERE = "telegram:42"
DOWN = Busy("provider_down", status=503)
IS_DOWN = "The provider is having trouble on its side (error 503)."


@pytest.fixture
def telegram() -> FakePlatform:
    return FakePlatform("telegram")


@pytest.fixture
def worker(
    sqlite: Store, platform: FakePlatform, telegram: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> Worker:
    return make_worker(sqlite, [platform, telegram], provider, photos)


# stopping


@asynccontextmanager
async def stopped(worker: Worker, turn: Turn) -> AsyncIterator[None]:
    """Leaving, the turn that is in work is stopped, and has ended by itself soon after."""
    working = asyncio.create_task(worker.take(turn))
    yield
    assert worker.context.asker.stops.stop(turn.conversation.id)
    async with asyncio.timeout(30):
        await working
    assert await worker.store.queue.count_waiting() == 0


async def posts_of(worker: Worker, turn: Turn) -> list[str]:
    return await worker.store.posts.list_posts(turn, turn.message.channel)


async def test_stopped_before_the_first_words_it_says_so_and_nothing_else(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[60.0, "never"]]
    turn = await taken(worker, said(photos=1))
    async with stopped(worker, turn):
        await until(lambda: provider.prompts)
    assert provider.closed == 1
    assert platform.reads() == ["⏹ Stopped."]
    assert platform.buttons["1"] == ["/retry 1", "/with 1"]


async def test_photos_are_fetched_while_everything_else_is_found_out(
    worker: Worker, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.files["ref0"], find = CAT, SubjectFinder.find

    async def find_later(finder: SubjectFinder, turn: Turn) -> Subject:
        await until(lambda: platform.fetched)
        return await find(finder, turn)

    monkeypatch.setattr(SubjectFinder, "find", find_later)
    await worker.take(await taken(worker, said(photos=1)))
    assert platform.fetched == ["ref0"]  # and once
    assert "⚠️" not in platform.reads()[0]


async def test_stopped_while_photos_are_fetched_nothing_is_asked(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.fetching = 60.0
    async with stopped(worker, await taken(worker, said(photos=2))):
        await until(lambda: len(platform.fetched) == 2)
    assert (provider.prompts, provider.uploads) == ([], [])
    assert platform.reads() == ["⏹ Stopped."]


async def test_stopped_in_mid_answer_the_words_stay_in_the_post_that_grew(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat ", "that", Usage(5), 60.0, "never"]]
    turn = await taken(worker, said(photos=1))
    async with stopped(worker, turn):
        await until(lambda: platform.reads() == ["a cat that" + CURSOR])
        assert platform.buttons["1"] == ["/stop"]
    assert provider.closed == 1
    assert platform.reads() == ["a cat that\n\n⏹ Stopped."]
    assert await posts_of(worker, turn) == ["1"]
    assert platform.buttons["1"] == ["/retry 1", "/with 1"]
    assert (await worker.store.ledger.get_spent(0)).credits == 5


async def test_a_post_that_is_on_its_way_when_it_is_stopped_is_known_and_not_doubled(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.sending = 0.1
    provider.script = [["a cat", 60.0]]
    turn = await taken(worker, said())
    async with stopped(worker, turn):
        await until(lambda: platform.calls)
        assert platform.reads() == []
    assert platform.reads() == ["a cat\n\n⏹ Stopped."]
    assert await posts_of(worker, turn) == ["1"]


async def test_what_was_stopped_is_part_of_what_was_said_and_the_next_one_is_answered(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat", 60.0], ["yes"]]
    async with stopped(worker, await taken(worker, said())):
        await until(platform.reads)
    await hear(worker, said("really?"))
    assert platform.reads()[1] == "yes"
    past = await worker.store.turns.list_history(await taken(worker, said()), 9)
    assert [exchange.answer for exchange in past] == ["a cat", "yes"]


async def test_a_process_that_ends_while_a_stopped_answer_still_ends_is_not_kept_from_it(
    worker: Worker, platform: FakePlatform
) -> None:
    turn, cleaned, began = await taken(worker, said()), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            await cleaned.wait()

    asker, asked = (
        worker.context.asker,
        Question(turn=turn, reply=Reply(platform.as_platform(), worker.store.posts, turn, turn.message.channel)),
    )
    asking = asyncio.create_task(asker.until_stopped(asked, work()))
    await began.wait()
    assert asker.stops.stop(turn.conversation.id)
    await asyncio.sleep(0)
    asking.cancel()  # as a shutdown does
    cleaned.set()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert not asked.state.stopped


async def test_a_process_that_ends_is_not_somebody_who_stops_it(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat", 60.0], ["a whole cat"]]
    working = asyncio.create_task(worker.take(await taken(worker, said())))
    await until(platform.reads)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert provider.closed == 1
    await worker.store.queue.release_leases()
    await drain(worker)
    assert platform.reads() == ["a whole cat"]


# how to answer


@pytest.mark.parametrize(
    ("preferences", "told"),
    [
        (Preferences(), ""),
        (Preferences(persona="You are a pirate."), "You are a pirate."),
        (Preferences(length="short"), "Answer briefly, in one to three sentences."),
        (Preferences(length="long", persona="Arr."), "Arr.\nAnswer at length and in detail."),
        (Preferences(reader=True), say("instruct_reader")),
    ],
)
async def test_what_people_chose_tells_the_model_how_to_answer(
    worker: Worker, provider: FakeProvider, preferences: Preferences, told: str
) -> None:
    await hear(worker, said())
    conversation = await worker.store.conversations.find_conversation(HERE)
    assert conversation is not None
    await worker.store.conversations.save_preferences(conversation, preferences)
    await hear(worker, said("and now?"))
    assert provider.prompts[-1].instructions == told == instructions(preferences)
    assert provider.prompts[-1].text == "and now?"


# photos of other places


async def test_photos_of_another_platform_s_message_are_fetched_there(
    worker: Worker, platform: FakePlatform, telegram: FakePlatform, provider: FakeProvider
) -> None:
    telegram.files["ref0"] = CAT
    platform.files.clear()
    await hear(worker, said("what is this?", THERE, photos=1))
    shown_there = await worker.store.turns.get_turn(1)
    assert shown_there is not None
    await linked(worker.store, "web:lobby", THERE)
    await worker.store.posts.save_post_id(shown_there, HERE, 0, "mirrored")  # in the lobby, where that is seen as well
    await hear(worker, replace(said("and its colour?"), about=MessageReference(id="mirrored", ours=True, text="a cat")))
    assert [photo.name for photo in provider.prompts[-1].photos] == ["photo0.jpg"]
    assert (telegram.fetched, platform.fetched) == (["ref0", "ref0"], [])
    assert platform.reads() == ["a cat"]


async def test_of_a_platform_that_is_switched_off_they_cannot_be_had(
    sqlite: Store,
    worker: Worker,
    platform: FakePlatform,
    telegram: FakePlatform,
    provider: FakeProvider,
    photos: PhotoIntake,
) -> None:
    telegram.files["ref0"] = CAT
    await hear(worker, said("what is this?", THERE, photos=1))
    shown_there = await sqlite.turns.get_turn(1)
    assert shown_there is not None
    await sqlite.posts.save_post_id(shown_there, HERE, 0, "mirrored")
    without = make_worker(sqlite, platform, provider, photos)
    await hear(
        without, replace(said("and its colour?"), about=MessageReference(id="mirrored", ours=True, text="a cat"))
    )
    assert platform.reads()[0].startswith("⚠️ I couldn't read photo0.jpg: it could not be downloaded.")
    assert len(provider.prompts) == 1


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
    """Return the words that people read, and how they came about."""
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
    asked = replace(asked, attempts=int(ASK_AGAIN.attempts) - 2)
    with pytest.raises(Busy):
        await outcome(asker, asked)


async def test_but_not_for_ever(asker: Asker, asked: Question, provider: FakeProvider) -> None:
    provider.script = [[DOWN]]
    asked = replace(asked, attempts=int(ASK_AGAIN.attempts) - 1)
    assert await outcome(asker, asked) == (f"⚠️ {IS_DOWN} I tried {ASK_AGAIN.attempts} times.", "provider_down")


async def test_nor_where_nobody_has_the_patience(asker: Asker, asked: Question, provider: FakeProvider) -> None:
    provider.script = [[DOWN]]
    assert await outcome(asker, asked, patient=False) == (f"⚠️ {IS_DOWN} I tried once.", "provider_down")


async def test_a_turn_that_processes_die_over_is_not_asked_any_more(
    asker: Asker, asked: Question, provider: FakeProvider
) -> None:
    asked = replace(asked, turn=replace(asked.turn, deliveries=MOST_DELIVERIES))
    assert (await outcome(asker, asked))[1] == ANSWERED
    asked = replace(asked, turn=replace(asked.turn, deliveries=MOST_DELIVERIES + 1))
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
