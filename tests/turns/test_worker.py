"""What people live through, turn by turn, on each store."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.errors import BotError, Busy, Cut, Forgotten, Refused, Unreadable
from bot.files.photos import PhotoIntake
from bot.messages import (
    Attachment,
    Author,
    ChannelSettings,
    JobResult,
    Message,
    MessageReference,
    OutgoingPost,
    Spent,
    Usage,
)
from bot.ports import Store
from bot.turns.worker import EYES, Dispatcher
from bot.util.retry import ASK_AGAIN
from bot.words import say
from tests.conftest import MODEL, OpenStore, said
from tests.doubles.platform import FakePlatform
from tests.doubles.provider import FakeProvider
from tests.doubles.studio import FakeStudio
from tests.doubles.work import Worker, drain, hear, make_worker, ripen, taken, until, with_files


@pytest.fixture
def worker(store: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake) -> Worker:
    return make_worker(store, platform, provider, photos)


async def test_a_photo_is_answered_as_a_reply_to_it(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    message = said("what is this?", photos=1)
    await hear(worker, message)
    assert platform.reads() == ["a cat"]
    assert list(platform.replied_to.values()) == [message.id]
    [prompt] = provider.prompts
    assert prompt.text == "what is this?"
    assert [photo.name for photo in prompt.photos] == ["photo0.jpg"]
    assert prompt.conversation.remote_id == "uuid-1"
    assert await worker.store.queue.count_waiting() == 0


async def test_a_photo_without_words_is_asked_about_plainly(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, said("", photos=1))
    assert provider.prompts[0].text.endswith("what is in this picture?")


async def test_a_photo_without_words_gets_quick_actions_and_a_press_asks_about_that_photo(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said("", photos=1), said("something else"))
    [post, other] = platform.replied_to
    again = [["/retry 1", "/with 1"], ["/retry 2", "/with 2"]]
    quick = ["/describe", "/read", "/translate", "/explain"]
    assert platform.buttons == {post: [*quick, "/buttons 1"], other: again[1]}
    await hear(worker, replace(said("/read"), about=MessageReference(id=post, ours=True, text="")))
    assert provider.prompts[-1].text.startswith("Read all the text in this picture")
    assert [photo.name for photo in provider.prompts[-1].photos] == ["photo0.jpg"]


async def test_the_conversation_goes_on_under_the_same_remote_id(worker: Worker, provider: FakeProvider) -> None:
    await hear(worker, said("what is this?", photos=1), said("and its colour?"))
    assert [prompt.conversation.remote_id for prompt in provider.prompts] == ["uuid-1", "uuid-1"]
    assert provider.prompts[1].history == ()


async def test_a_provider_without_a_memory_is_told_what_was_said(
    store: Store, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider(keeps_history=False)
    worker = make_worker(store, platform, provider, photos)
    await hear(worker, said("what is this?", photos=1), said("/help"), said("and its colour?"))
    [past] = provider.prompts[1].history
    assert (past.author, past.question, past.answer) == ("Ann", "[photo 1] what is this?", "a cat")


async def test_bad_photos_are_named_and_the_good_ones_answered(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.files["bad"] = b"<html>"
    await hear(worker, with_files(said("which?"), ref0="cat.jpg", bad="page.jpg", gone="lost.heic"))
    sentence = (
        "Read 1 of 3 photos. Not read: page.jpg: this is neither a picture nor a document that I can read; "
        "lost.heic: it could not be downloaded."
    )
    assert platform.reads() == [f"_{sentence}_\n\na cat"]
    assert provider.prompts[0].text == f"which?\n\n({sentence})"


async def test_when_no_photo_can_be_read_nothing_is_asked(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said("what is this?", photos=1))
    platform.files["bad"] = b""
    await hear(worker, with_files(said("and this?"), bad="empty.jpg"))
    assert platform.reads()[1].startswith("⚠️ I couldn't read empty.jpg: the file is empty.")
    assert len(provider.prompts) == 1


async def test_a_photo_the_provider_does_not_take_is_named_like_any_other(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.refuse["b.jpg"] = Unreadable("photo_refused")
    await hear(worker, with_files(said("both?"), ref0="a.jpg", ref1="b.jpg"))
    assert "Read 1 of 2 photos. Not read: b.jpg: the provider does not take it." in platform.reads()[0]


async def test_a_question_about_an_earlier_photo_brings_that_photo(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    about = MessageReference(id="9", ours=False, text="my cat", attachments=(Attachment(ref="ref0", name="cat.jpg"),))
    await hear(worker, replace(said("how old is it?"), about=about))
    assert [photo.name for photo in provider.prompts[0].photos] == ["cat.jpg"]
    assert provider.prompts[0].text == "how old is it?\n\n(This replies to: my cat)"


async def test_a_reply_to_an_answer_is_about_the_photo_behind_it(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await hear(worker, said("what is this?", photos=1))
    [post] = platform.replied_to
    await hear(worker, said("something else"))
    await hear(worker, replace(said("how old is it?"), about=MessageReference(id=post, ours=True, text="a cat")))
    assert [photo.name for photo in provider.prompts[-1].photos] == ["photo0.jpg"]
    assert provider.prompts[-1].text == "how old is it?\n\n(This is about your earlier answer: a cat)"


async def test_an_album_that_nobody_asked_the_bot_about_is_left_alone(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.files.clear()  # not even fetched
    await hear(worker, replace(said("", photos=2), album="a", addressed=False))
    assert platform.reads() == []
    assert provider.prompts == []
    assert await worker.store.queue.count_waiting() == 0


async def test_a_photo_that_cannot_be_fetched_is_tried_again_and_then_named(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.away = {"ref1"}
    await hear(worker, said("both?", photos=2))
    assert platform.reads() == []
    for _ in range(3):
        await ripen(worker.store)
        await drain(worker)
    assert "Read 1 of 2 photos. Not read: photo1.jpg: it could not be downloaded." in platform.reads()[0]


async def test_a_refusal_is_one_plain_sentence_and_the_next_turn_goes_on(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Refused("provider_no_credits")], ["a cat"]]
    await hear(worker, said("one"), said("two"))
    assert platform.reads() == [
        "⚠️ The provider says that this bot's account has run out of credits. The operator has to top it up.",
        "a cat",
    ]


async def test_a_busy_provider_is_asked_again_later_and_in_order(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Busy("provider_down", status=503)], ["first"], ["second"]]
    await hear(worker, said("one"), said("two"))
    assert platform.reads() == []
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["first", "second"]


async def test_whoever_waits_long_is_told_why_in_the_post_that_gets_the_answer(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Busy("provider_down", status=503)], [Busy("provider_down", status=503)], ["a cat"]]
    await hear(worker, said("one"))
    assert platform.reads() == []
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["⏳ The provider is having trouble on its side (error 503). I'll keep trying."]
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["a cat"]


async def test_a_provider_that_stays_busy_is_named_at_last(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Busy("provider_rate_limited", retry_after=5)]]
    await hear(worker, said("one"))
    for _ in range(int(ASK_AGAIN.attempts) - 1):
        await ripen(worker.store)
        await drain(worker)
    assert platform.reads() == [f"⚠️ The provider asks us to slow down. I tried {ASK_AGAIN.attempts} times."]
    assert len(provider.prompts) == ASK_AGAIN.attempts


async def test_of_an_answer_that_breaks_off_the_rest_is_asked_for(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["half an ans", Cut("answer_cut")], ["an answer"], ["a cat"]]
    await hear(worker, said("one"), said("two"))
    assert platform.reads() == ["half an answer", "a cat"]
    assert "half an ans\n\nGo on exactly where it breaks off" in provider.prompts[1].text


@pytest.mark.parametrize("broken", [Cut("answer_cut"), Busy("provider_unreachable")])
async def test_one_that_breaks_off_twice_keeps_its_words_and_says_so(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, broken: BotError
) -> None:
    provider.script = [["half an ans", broken], ["wer and", broken], ["a cat"]]
    await hear(worker, said("one"), said("two"))
    assert platform.reads()[0].startswith("half an answer and\n\n⚠️ The answer broke off here")
    assert platform.reads()[1] == "a cat"
    assert len(provider.prompts) == 3


async def test_a_forgotten_conversation_is_begun_anew_and_said(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [["a cat"], [Forgotten("provider_forgot")], ["a dog"]]
    await hear(worker, said("one"), said("two"))
    assert platform.reads()[1].startswith("_The provider no longer had our conversation")
    assert platform.reads()[1].endswith("a dog")
    assert provider.prompts[-1].conversation.remote_id == "uuid-2"
    await hear(worker, said("three"))
    assert provider.prompts[-1].conversation.remote_id == "uuid-2"


async def test_a_provider_that_always_forgets_is_not_asked_for_ever(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[Forgotten("provider_forgot")]]
    await hear(worker, said("one"))
    assert len(provider.prompts) == 2
    assert platform.reads() == ["⚠️ The provider no longer knows our conversation."]


async def test_a_bug_is_said_without_its_details(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[ZeroDivisionError("secret details")], ["a cat"]]
    await hear(worker, said("one"), said("two"))
    assert platform.reads() == ["⚠️ Something went wrong on my side. The log has the details.", "a cat"]


async def test_an_answer_is_paid_for_once_even_if_its_delivery_fails(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    provider.script = [[0.0, "an expensive answer"]]
    await worker.store.intake.add(said("one"))
    [turn] = await worker.store.queue.claim(1)
    platform.troubles = [Busy("discord_unreachable")]
    await worker.take(turn)
    await ripen(worker.store)
    await drain(worker)
    assert len(provider.prompts) == 1
    assert platform.reads() == ["an expensive answer"]


async def test_a_bug_in_delivery_blocks_the_conversation_neither_now_nor_for_ever(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.troubles = [ZeroDivisionError()]
    await hear(worker, said("one"), said("two"))
    await ripen(worker.store)
    await drain(worker)
    assert platform.reads() == ["a cat", "a cat"]
    platform.troubles = [ZeroDivisionError() for _ in range(int(ASK_AGAIN.attempts))]
    await hear(worker, said("three"))
    for _ in range(int(ASK_AGAIN.attempts) - 1):
        await ripen(worker.store)
        await drain(worker)
    assert await worker.store.queue.count_waiting() == 0


async def test_no_quick_actions_stand_below_an_error(worker: Worker, platform: FakePlatform) -> None:
    platform.files["ref0"] = b""
    await hear(worker, said("", photos=1))
    assert list(platform.buttons.values()) == [[]]


async def test_a_channel_that_is_gone_does_not_block_the_queue(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.troubles = [Refused("photo_gone"), Refused("photo_gone")]
    await hear(worker, said("one"))
    assert await worker.store.queue.count_waiting() == 0


async def test_after_a_crash_the_same_posts_are_edited(
    reopen: OpenStore, platform: FakePlatform, photos: PhotoIntake
) -> None:
    slow = FakeProvider(["half of", 60.0])
    async with reopen() as store:
        await store.intake.add(said("one"))
        [turn] = await store.queue.claim(1)
        worker = make_worker(store, platform, slow, photos)
        dying = asyncio.create_task(worker.take(turn))
        while not platform.reads():
            await asyncio.sleep(0.01)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        await store.queue.release_leases()
    assert slow.closed == 1
    async with reopen() as store:
        await drain(make_worker(store, platform, FakeProvider(["a cat"]), photos))
    assert platform.reads() == ["a cat"]


async def test_an_answer_stored_before_a_crash_is_only_delivered(
    reopen: OpenStore, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider()
    async with reopen() as store:
        await store.intake.add(said("one"))
        [turn] = await store.queue.claim(1)
        await store.queue.save_result(turn, JobResult(text="an expensive answer", model=MODEL))
        await store.queue.release_leases()
    async with reopen() as store:
        await drain(make_worker(store, platform, provider, photos))
    assert platform.reads() == ["an expensive answer"]
    assert provider.prompts == []


async def test_a_turn_that_processes_keep_dying_over_is_given_up(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    await worker.store.intake.add(said("one"))
    [turn] = await worker.store.queue.claim(1)
    await worker.take(replace(turn, deliveries=31))
    assert platform.reads()[0].startswith("⚠️ I tried this several times")
    assert provider.prompts == []


@pytest.mark.parametrize(
    ("stalls", "crashes", "aside"), [(1, 2, False), (2, 0, True), (0, 3, True)], ids=["less", "stalls", "crashes"]
)
async def test_what_brought_the_bot_down_again_and_again_is_put_aside_unread(
    worker: Worker, platform: FakePlatform, provider: FakeProvider, *, stalls: int, crashes: int, aside: bool
) -> None:
    await worker.store.intake.add(said("one"))
    [turn] = await worker.store.queue.claim(1)
    result = JobResult(text="the answer that nobody can render", model=MODEL)
    await worker.store.queue.save_result(turn, result)
    await worker.take(replace(turn, stalls=stalls, crashes=crashes, result=result))
    assert ("I have set this message aside" in platform.reads()[0]) == aside
    assert ("nobody can render" in platform.reads()[0]) != aside
    assert [each.turn for each in await worker.store.reporting.list_put_aside(10)] == [turn.id] * aside
    assert await worker.store.queue.count_waiting() == 0


async def test_what_is_put_aside_is_told_in_the_posts_that_it_had(worker: Worker, platform: FakePlatform) -> None:
    await worker.store.intake.add(said("one"))
    [turn] = await worker.store.queue.claim(1)
    post = await platform.send(turn.message.channel, OutgoingPost(text="I see ▌"))
    await worker.store.posts.save_post_id(turn, turn.message.channel, 0, post)
    await worker.take(replace(turn, deliveries=2, stalls=2))
    assert [text[:2] for text in platform.reads()] == ["⚠️"]


async def test_a_late_answer_says_so(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, replace(said("one"), sent=time.time() - 3600))
    assert platform.reads() == ["_Sorry for the wait: this was sent 60 minutes ago._\n\na cat"]


async def test_a_long_answer_goes_on_in_further_posts(
    worker: Worker, platform: FakePlatform, provider: FakeProvider
) -> None:
    platform.max_length = 100
    provider.script = [["A sentence about a cat. "] * 12]
    await hear(worker, said("one"))
    assert len(platform.reads()) == 3
    assert list(platform.replied_to.values())[1:] == [None, None]


async def test_typing_is_shown_while_it_is_answered(worker: Worker, platform: FakePlatform) -> None:
    await hear(worker, said("one"))
    assert len(platform.typed) == 1


async def test_usage_and_times_are_booked(worker: Worker, store: Store) -> None:
    await hear(worker, said("one", photos=1))
    [row] = await store.db.read("SELECT * FROM turns")  # type: ignore[attr-defined]
    assert (row["credits"], row["input_tokens"], row["output_tokens"]) == (7, 8, 9)
    assert 0 <= row["first_words"] <= row["took"]
    sample = worker.metrics.registry.get_sample_value
    labels = {"platform": "web", "provider": "sandbox", "model": "gpt-4o", "outcome": "answered"}
    assert sample("snapthread_turns_total", labels) == 1


async def test_an_unknown_provider_is_named(worker: Worker, platform: FakePlatform) -> None:
    worker.context.asker.providers = {}
    await hear(worker, said("one"))
    assert "The model sandbox/gpt-4o belongs to a service that isn't set up here" in platform.reads()[0]


# the dispatcher


async def test_a_hundred_turns_run_side_by_side_and_each_conversation_in_order(
    store: Store, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider([0.02, "yes"])
    worker = make_worker(store, platform, provider, photos)
    for n in range(100):
        await store.intake.add(said(str(n), channel=f"web:{n % 20}"))
    dispatcher = Dispatcher(store.queue, store.reporting, store.coordination, worker.take, 8, worker.metrics)
    running = asyncio.create_task(dispatcher.run())
    deadline = time.monotonic() + 30
    while await store.queue.count_waiting() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await dispatcher.stop(1)
    asked = [int(prompt.text) for prompt in provider.prompts]
    assert sorted(asked) == list(range(100))
    for n in range(20):
        assert [i for i in asked if i % 20 == n] == list(range(n, 100, 20))


async def test_stopping_gives_back_what_does_not_end_in_time(
    store: Store, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider([60.0, "never"])
    worker = make_worker(store, platform, provider, photos)
    await store.intake.add(said("one"))
    dispatcher = Dispatcher(store.queue, store.reporting, store.coordination, worker.take, 8, worker.metrics)
    running = asyncio.create_task(dispatcher.run())
    while not provider.prompts:
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    begun = time.monotonic()
    await dispatcher.stop(0.2)
    assert time.monotonic() - begun < 20
    assert provider.closed == 1
    [turn] = await store.queue.claim(1)
    assert turn.message.text == "one"


async def test_one_person_takes_a_part_of_the_places_and_others_need_not_wait(
    store: Store, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider([30.0, "never"])
    worker = make_worker(store, platform, provider, photos)
    for n in range(20):
        await store.intake.add(said("a flood", channel=f"web:{n}"))
    await store.intake.add(replace(said("and I?", channel="web:bob"), author=Author("2", "Bob")))
    dispatcher = Dispatcher(store.queue, store.reporting, store.coordination, worker.take, 8, worker.metrics)
    running = asyncio.create_task(dispatcher.run())
    await until(lambda: any("and I?" in prompt.text for prompt in provider.prompts))
    assert sum("a flood" in prompt.text for prompt in provider.prompts) <= 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await dispatcher.stop(0)


async def test_no_more_turns_are_in_flight_than_allowed(
    store: Store, platform: FakePlatform, photos: PhotoIntake
) -> None:
    provider = FakeProvider([0.05, "yes", Usage()])
    worker = make_worker(store, platform, provider, photos)
    for n in range(12):
        await store.intake.add(replace(said(str(n), channel=f"web:{n}"), author=Author(str(n), "Ann")))
    dispatcher = Dispatcher(store.queue, store.reporting, store.coordination, worker.take, 3, worker.metrics)
    running = asyncio.create_task(dispatcher.run())
    most = 0
    deadline = time.monotonic() + 30
    while await store.queue.count_waiting() and time.monotonic() < deadline:
        most = max(most, len(provider.prompts) - provider.closed)
        await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await dispatcher.stop(1)
    assert most == 3


@pytest.fixture
def studio(provider: FakeProvider) -> FakeStudio:
    studio = provider.media = FakeStudio()
    return studio


@asynccontextmanager
async def crashed(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake, words: str
) -> AsyncIterator[tuple[Worker, Spent]]:
    """A process after one that did the work and could show nothing of it; with it, what had been spent then."""
    async with reopen() as store:
        worker = make_worker(store, platform, provider, photos)
        await hear(worker, said("first"))
        turn = await taken(worker, said(words))
        platform.troubles = [ZeroDivisionError() for _ in range(20)]  # the platform is lost to it
        await worker.take(turn)
        await ripen(store)
        spent = await store.ledger.get_spent(0)
    platform.troubles = []
    async with reopen() as store:
        yield make_worker(store, platform, provider, photos), spent


@pytest.mark.parametrize("words", ["second", "/retry", "/compare gpt-4o gpt-4o-mini", "/imagine a house", "/speak 1"])
async def test_after_a_crash_nothing_is_asked_or_paid_twice(
    reopen: OpenStore,
    platform: FakePlatform,
    provider: FakeProvider,
    photos: PhotoIntake,
    studio: FakeStudio,
    words: str,
) -> None:
    async with crashed(reopen, platform, provider, photos, words) as (worker, spent):
        worked = len(provider.prompts) + len(studio.orders) + len(studio.spoken)
        seen = len(platform.reads())
        await drain(worker)
        assert len(provider.prompts) + len(studio.orders) + len(studio.spoken) == worked
        assert await worker.store.ledger.get_spent(0) == spent
        assert await worker.store.queue.count_waiting() == 0
        assert len(platform.reads()) > seen or words == "/retry"  # which is shown in the posts of the first answer
        turn = await worker.store.turns.get_turn(2)
        assert turn is not None and turn.result is not None and not turn.result.has_failed


async def test_an_answer_that_is_paid_for_outlasts_a_platform_that_is_away(
    sqlite: Store, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    worker = make_worker(sqlite, platform, provider, photos)
    platform.troubles = [Busy("discord_unreachable") for _ in range(40)]  # each try takes one or two of them
    await hear(worker, said("what is this?"))
    for _ in range(40):
        if platform.reads() or not await sqlite.queue.count_waiting():
            break
        await ripen(sqlite)
        await drain(worker)
    assert platform.reads() == ["a cat"]
    assert len(provider.prompts) == 1, "and is asked for once"


async def test_a_failure_is_still_one_after_a_crash(
    reopen: OpenStore, platform: FakePlatform, provider: FakeProvider, photos: PhotoIntake
) -> None:
    provider.script = [["a cat"], [Refused("provider_failed")]]
    async with crashed(reopen, platform, provider, photos, "second") as (worker, _):
        await drain(worker)
        turn = await worker.store.turns.get_turn(2)
        assert turn is not None and turn.result is not None
        assert turn.result.outcome == "provider_failed"
        assert platform.reads()[-1] == f"⚠️ {say('provider_failed')}"
        assert [tally.error for tally in await worker.store.reporting.list_tallies(0, 9e12) if tally.error] == [
            "provider_failed"
        ]


async def test_a_result_is_stored_and_read_whole(store: Store) -> None:
    await store.intake.add(said())
    [turn] = await store.queue.claim(1)
    result = JobResult(text="words", model="sandbox/gpt-4o", notes=("a note",), ending="⏹", first_words=0.5, took=1.0)
    await store.queue.save_result(turn, result)
    found = await store.turns.get_turn(turn.id)
    assert found is not None and found.result == result
    assert found.result.shown == "_a note_\n\nwords\n\n⏹"


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
