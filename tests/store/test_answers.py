"""What was answered stays at hand: by its number, by its posts, and in every version."""

import asyncio
import json
from dataclasses import replace

import pytest

from bot.messages import AnswerVersion, JobResult, Message, Preferences, Turn
from bot.ports import Store
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import HERE, THERE, answer, asked, claim_one

OTHER = "onemin/other"


async def again(store: Store, channel: str = "web:lobby") -> Turn:
    """Somebody asks for another answer; the command is in work."""
    await store.intake.add(said("/retry", channel=channel))
    return await claim_one(store)


async def quoted(store: Store) -> list[str]:
    """What the history tells whoever speaks next."""
    await store.intake.add(said("and now?"))
    turn = await claim_one(store)
    history = await store.turns.list_history(turn, 10)
    await store.queue.finish(turn)
    return [past.answer for past in history]


# turns


async def test_a_turn_is_known_by_its_number_finished_or_not(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    await store.intake.add(said("sure?"))
    second = await claim_one(store)
    found = await store.turns.get_turn(first.id)
    assert found is not None
    assert (found.message, found.answer, found.conversation) == (first.message, "a cat", first.conversation)
    assert await store.turns.get_turn(second.id) == second
    assert await store.turns.get_turn(second.id + 1) is None


async def test_a_turn_comes_with_its_conversation_as_it_is_now(store: Store) -> None:
    turn = await asked(store, "what is this?", "a cat")
    await store.conversations.switch_model(turn.conversation, OTHER)
    await store.conversations.save_preferences(turn.conversation, Preferences(web_search=True, persona="a pirate"))
    found = await store.turns.get_turn(turn.id)
    assert found is not None
    assert (found.conversation.model, found.conversation.preferences.persona) == (OTHER, "a pirate")


async def test_the_last_question_is_one_that_a_model_was_asked(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    gone = said("never mind")
    await store.intake.add(gone)
    await store.intake.cancel_queued(HERE, gone.id)
    command = await again(store)
    last = await store.turns.find_last_question(first.conversation)
    assert last is not None and last.id == first.id
    await store.queue.save_result(command, JobResult(text="done"))
    await store.queue.finish(command)
    last = await store.turns.find_last_question(first.conversation)
    assert last is not None and last.id == first.id
    await store.intake.add(said("and this?"))
    failed = await claim_one(store)
    await store.queue.save_result(failed, JobResult(text="nobody is there", model=MODEL))
    await store.queue.finish(failed, error="provider_down")
    last = await store.turns.find_last_question(first.conversation)
    assert last is not None and last.id == failed.id, "what failed can be asked again"


async def test_nothing_was_asked_in_a_fresh_conversation(store: Store) -> None:
    turn = await asked(store, "what is this?", "a cat")
    assert await store.turns.find_last_question(await store.conversations.renew(turn.conversation)) is None


# posts


async def test_the_turn_behind_a_post_is_known(store: Store) -> None:
    await store.intake.add(said("what is this?", photos=2))
    turn = await claim_one(store)
    await store.posts.save_post_id(turn, HERE, 0, "post-1")
    await store.posts.save_post_id(turn, THERE, 0, "post-2", lane=3)
    await answer(store, turn, "a cat")
    for channel, post in ((HERE, "post-1"), (THERE, "post-2")):
        behind = await store.posts.find_turn_of_post(channel, post)
        assert behind is not None and [photo.ref for photo in behind.message.photos] == ["ref0", "ref1"]
    assert await store.posts.find_turn_of_post(HERE, "post-2") is None
    assert await store.posts.find_turn_of_post(THERE, "post-1") is None


async def test_where_numbers_of_posts_begin_again_the_last_one_counts(store: Store) -> None:
    for text in ("before we moved", "after that"):
        await store.intake.add(said(text))
        turn = await claim_one(store)
        await store.posts.save_post_id(turn, HERE, len(text), "7")
        await store.queue.finish(turn)
    behind = await store.posts.find_turn_of_post(HERE, "7")
    assert behind is not None and behind.message.text == "after that"


async def test_behind_the_post_of_another_answer_is_the_question_it_answers(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    by = await again(store)
    await store.posts.save_post_id(by, HERE, 0, "post-9")
    behind = await store.posts.find_turn_of_post(HERE, "post-9")
    assert behind is not None and behind.id == by.id
    await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=OTHER))
    behind = await store.posts.find_turn_of_post(HERE, "post-9")
    assert behind is not None and behind.id == first.id


async def test_answers_side_by_side_have_posts_of_their_own(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    for lane in (2, 0, 1):
        for n in (1, 0):
            await store.posts.save_post_id(turn, HERE, n, f"{lane}-{n}", lane=lane)
    await store.posts.save_post_id(turn, HERE, 1, "1-1, anew", lane=1)
    await store.posts.save_post_id(turn, THERE, 0, "there")
    assert await store.posts.list_posts(turn, HERE) == ["0-0", "0-1"]
    assert await store.posts.list_posts(turn, HERE, 1) == ["1-0", "1-1, anew"]
    assert await store.posts.list_posts(turn, HERE, lane=2) == ["2-0", "2-1"]
    assert await store.posts.list_posts(turn, HERE, lane=3) == []
    assert await store.posts.list_posts(turn, THERE) == ["there"]


async def test_what_was_not_posted_is_nowhere(store: Store) -> None:
    await store.intake.add(said())
    assert await store.posts.list_posts(await claim_one(store), HERE) == []


# versions


async def test_a_turn_never_asked_again_has_one_version(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    assert await store.turns.list_versions(turn) == []
    await answer(store, turn, "a cat")
    assert await store.turns.list_versions(turn) == [AnswerVersion(text="a cat", model=MODEL)]


async def test_another_answer_is_kept_beside_the_original_shown_and_quoted(reopen: OpenStore) -> None:
    async with reopen() as store:
        first = await asked(store, "what is this?", "a cat")
        by = await again(store)
        assert await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=OTHER)) == 1
        await store.queue.save_result(by, JobResult(text="a dog"))
        await store.queue.finish(by)
    async with reopen() as store:
        assert await store.turns.list_versions(first) == [
            AnswerVersion(text="a cat", model=MODEL),
            AnswerVersion(text="a dog", model=OTHER),
        ]
        assert await quoted(store) == ["a dog"]
        shown = await store.turns.get_turn(first.id)
        assert shown is not None and shown.answer == "a dog"


async def test_what_the_same_turn_brings_twice_counts_once(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    by = await again(store)
    for _ in range(2):
        assert await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=OTHER)) == 1
    assert len(await store.turns.list_versions(first)) == 2
    await store.queue.finish(by)
    later = await again(store)
    assert await store.turns.add_version(first, later, AnswerVersion(text="a fox", model=OTHER)) == 2
    assert await store.turns.add_version(first, by, AnswerVersion(text="a wolf", model=MODEL)) == 1, (
        "it thought better of it"
    )
    texts = [version.text for version in await store.turns.list_versions(first)]
    assert texts == ["a cat", "a wolf", "a fox"]
    shown = await store.turns.get_turn(first.id)
    assert shown is not None and shown.answer == "a wolf"


async def test_any_version_can_be_shown_again_and_the_history_follows(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    by = await again(store)
    await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=OTHER))
    await store.queue.finish(by)
    for n, text in ((0, "a cat"), (1, "a dog"), (7, "a dog")):
        await store.turns.select_version(first, n)
        assert await quoted(store) == [text]
    assert len(await store.turns.list_versions(first)) == 2


async def test_the_turn_that_asked_again_is_no_exchange_of_its_own(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    by = await again(store)
    await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=OTHER))
    await answer(store, by, "a dog")  # kept as the answer of a model
    assert await quoted(store) == ["a dog"]
    assert [turn.id for turn in await store.turns.list_answered(first.conversation)] == [first.id]
    last = await store.turns.find_last_question(first.conversation)
    assert last is not None and last.id == first.id


async def test_an_answer_that_failed_is_quoted_once_it_has_a_good_version(store: Store) -> None:
    await store.intake.add(said())
    failed = await claim_one(store)
    await store.queue.save_result(failed, JobResult(text="no credits", model=MODEL))
    await store.queue.finish(failed, error="provider_no_credits")
    by = await again(store)
    assert await store.turns.add_version(failed, by, AnswerVersion(text="a cat", model=OTHER)) == 1
    await store.queue.finish(by)
    assert await quoted(store) == ["a cat"]
    await store.turns.select_version(failed, 0)
    assert await quoted(store) == []


async def test_a_turn_without_an_answer_gets_its_first_one(store: Store) -> None:
    await store.intake.add(said())
    silent = await claim_one(store)
    await store.queue.finish(silent, error="bug")
    by = await again(store)
    assert await store.turns.add_version(silent, by, AnswerVersion(text="a cat", model=OTHER)) == 0
    assert await store.turns.list_versions(silent) == [AnswerVersion(text="a cat", model=OTHER)]


async def test_answers_that_come_at_the_same_time_are_all_kept(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    several = []
    for n in range(6):
        await store.intake.add(said("/retry", channel=f"web:{n}"))
        several.append(await claim_one(store))
    added = await asyncio.gather(
        *(store.turns.add_version(first, by, AnswerVersion(text=str(by.id), model=OTHER)) for by in several)
    )
    assert sorted(added) == [1, 2, 3, 4, 5, 6]
    versions = await store.turns.list_versions(first)
    assert [versions[n].text for n in added] == [str(by.id) for by in several]


async def test_a_turn_forgotten_meanwhile_keeps_neither_versions_nor_posts(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    by = await again(store, "web:kitchen")
    await store.deletion.forget(first.conversation)
    assert await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=OTHER)) == 0
    await store.posts.save_post_id(first, HERE, 0, "post-1")
    assert await store.turns.list_versions(first) == []
    assert await store.posts.list_posts(first, HERE) == []
    assert await store.turns.get_turn(first.id) is None


# what other versions of the bot wrote


async def rewritten(store: Store, turn: Turn, **changes: object) -> Message:
    """The message as it is read when other things had been written; None leaves a thing out."""
    assert isinstance(store, SqlStore)
    [row] = await store.db.read("SELECT message FROM turns WHERE id = :id", id=turn.id)
    values = json.loads(row["message"]) | changes
    text = json.dumps({name: value for name, value in values.items() if value is not None})
    await store.db.write(
        lambda execute: execute("UPDATE turns SET message = :text WHERE id = :id", text=text, id=turn.id)
    )
    found = await store.turns.get_turn(turn.id)
    assert found is not None
    return found.message


async def test_all_that_a_message_says_is_kept(store: Store) -> None:
    message = replace(said(), private=True, server="discord:7", language="de")
    await store.intake.add(message)
    assert (await claim_one(store)).message == message


async def test_messages_of_older_and_newer_versions_are_understood(store: Store) -> None:
    turn = await asked(store, "what is this?", "a cat")
    old = dict.fromkeys(("private", "server", "language", "edited", "album", "about"))
    assert await rewritten(store, turn, **old, mood="good") == turn.message


@pytest.mark.parametrize(
    ("written", "read"),
    [("{}", Preferences()), ('{"sites": 7, "mood": "good"}', Preferences(sites=7))],
)
async def test_preferences_of_older_and_newer_versions_are_understood(
    store: Store, written: str, read: Preferences
) -> None:
    turn = await asked(store, "what is this?", "a cat")
    assert isinstance(store, SqlStore)
    sql = "UPDATE conversations SET preferences = :written"
    await store.db.write(lambda execute: execute(sql, written=written))
    found = await store.turns.get_turn(turn.id)
    assert found is not None and found.conversation.preferences == read
