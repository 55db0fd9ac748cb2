"""What people want to see is told, what they want forgotten is gone, and so is what is too old."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.messages import AnswerVersion, Attachment, Conversation, JobResult, Preferences, Spent, Turn, Usage
from bot.ports import Store
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import (
    HERE,
    THERE,
    all_answered,
    answer,
    asked,
    asked_about,
    claim_one,
    numbers,
    sha256_of,
    show,
    table,
)

DAY = 86_400.0
MARKER = "xylophone"
TABLES = ["conversations", "channels", "turns", "versions", "posts", "photos", "parts", "assets"]
TABLES += ["channel_settings", "heard", "codes", "access", "spending"]


async def everything(store: Store) -> str:
    """All that is stored."""
    return "\n".join([str(await table(store, name)) for name in TABLES])


async def a_long_talk(store: Store) -> Conversation:
    """Of every kind of thing that holds words there is one, and it holds the marker."""
    await store.intake.add(said(f"{MARKER} 1"))
    first = await claim_one(store)
    await show(store, first, MARKER)
    await store.files.save_description(first.conversation, sha256_of(MARKER), MARKER)
    await answer(store, first, f"{MARKER} 2")
    parts = [
        replace(said(f"{MARKER} {n}"), album="a", attachments=(Attachment(ref=MARKER, name=MARKER),)) for n in (3, 4)
    ]
    for part in parts:
        await store.intake.add(part)
    album = await claim_one(store)
    await store.posts.save_post_id(album, HERE, 0, MARKER)
    await answer(store, album, MARKER)
    await store.intake.add(said(f"/retry {MARKER}"))
    by = await claim_one(store)
    await store.turns.add_version(first, by, AnswerVersion(text=f"{MARKER} 5", model=MODEL))
    await store.queue.save_result(by, JobResult(text=MARKER))
    await store.queue.finish(by, error="failed")
    gone = said(MARKER)
    await store.intake.add(gone)
    await store.intake.cancel_queued(HERE, gone.id)
    await store.conversations.save_remote_id(first.conversation, MARKER)
    found = await store.conversations.find_conversation(HERE)
    assert found is not None
    return found


# what people may see


async def test_the_transcript_holds_what_was_asked_and_answered_oldest_first(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    await store.intake.add(said("/retry"))
    by = await claim_one(store)
    await store.turns.add_version(first, by, AnswerVersion(text="a dog", model=MODEL))
    await store.queue.save_result(by, JobResult(text="a dog"))
    await store.queue.finish(by)
    await store.intake.add(said("and this?"))
    failed = await claim_one(store)
    await store.queue.save_result(failed, JobResult(text="no credits", model=MODEL))
    await store.queue.finish(failed, error="provider_no_credits")
    await asked(store, "somewhere else", "nothing", THERE)
    await store.intake.add(said("in work"))
    told = await store.turns.list_answered(first.conversation)
    assert [(turn.message.text, turn.answer) for turn in told] == [
        ("what is this?", "a dog"),
        ("and this?", "no credits"),
    ]


async def test_the_record_holds_the_commands_too_for_which_a_model_worked(store: Store) -> None:
    first = await asked(store, "what is this?", "a cat")
    for text in ("/imagine a cat", "/help"):
        await store.intake.add(said(text))
        turn = await claim_one(store)
        if text != "/help":
            await store.ledger.settle(turn, 0, MODEL, Usage(credits=4))
        await store.queue.save_result(turn, JobResult(text="here"))
        await store.queue.finish(turn)
    record = await store.turns.list_recorded(first.conversation)
    assert [turn.message.text for turn in record] == ["what is this?", "/imagine a cat"]


# what people want forgotten


async def test_what_is_shown_of_what_can_be_forgotten_counts_also_what_was_put_aside(store: Store) -> None:
    first = await asked_about(store, "cat", "dog")
    now = await store.conversations.renew(first.conversation)
    await asked_about(store, "dog", "coffee")
    await asked_about(store, "rocket", channel=THERE)
    shown = await store.deletion.list_file_hashes(now)
    assert sorted(shown) == sorted(map(sha256_of, ("cat", "dog", "coffee")))


async def test_what_is_put_aside_can_be_forgotten_by_one_of_those_who_shared_it(store: Store) -> None:
    mine = await a_long_talk(store)
    await store.conversations.join(THERE, mine)
    theirs = await asked(store, "elsewhere", "a dog", THERE)
    now = await store.conversations.renew(mine)
    await store.conversations.leave(THERE)
    await store.deletion.forget(now)
    await store.conversations.save_remote_id(
        mine, None
    )  # of the provider's own name for it, which stays with those who keep theirs
    assert MARKER not in await everything(store)
    assert await store.turns.get_turn(theirs.id) is not None
    assert await store.deletion.delete_expired(time.time() + 1, 10) == 1
    assert mine.id not in [row["id"] for row in await table(store, "conversations")]


async def test_photos_are_forgotten_and_counted_anew(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    await show(store, turn, "a", "b")
    await answer(store, turn, "a cat")
    fresh = await store.deletion.forget(turn.conversation)
    assert await table(store, "photos") == []
    await store.intake.add(said())
    turn = await claim_one(store)
    await show(store, turn, "b")
    assert await numbers(store, fresh) == {"b": 1}


async def test_of_a_conversation_that_is_forgotten_meanwhile_no_photo_is_kept(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    await show(store, turn, "a")
    fresh = await store.deletion.forget(turn.conversation)
    await show(store, turn, "b")
    await store.files.save_description(turn.conversation, sha256_of("a"), MARKER)
    await store.files.mark_unusable(turn.conversation, sha256_of("a"), MODEL)
    assert await store.files.list_files(fresh, 10) == []
    assert await table(store, "photos") == []
    await answer(store, turn, "a cat")


async def test_what_was_put_aside_before_is_forgotten_too_and_other_channels_keep_theirs(store: Store) -> None:
    await asked(store, "elsewhere", "a dog", THERE)
    await store.conversations.renew(await a_long_talk(store))
    [now] = [await store.conversations.find_conversation(HERE)]
    assert now is not None
    await store.deletion.forget(now)
    assert MARKER not in await everything(store)
    assert "elsewhere" in await everything(store)


async def test_what_was_booked_long_ago_is_deleted(store: Store) -> None:
    await asked(store, "what is this?", "a cat")
    await store.deletion.delete_spending(time.time() - 60)
    assert (await store.ledger.get_spent(0)).turns == 1
    await store.deletion.delete_spending(time.time() + 60)
    assert (await store.ledger.get_spent(0)).turns == 0


async def test_nothing_of_a_forgotten_conversation_is_left(reopen: OpenStore, store_url: str) -> None:
    async with reopen() as store:
        conversation = await a_long_talk(store)
        assert await everything(store) != (await everything(store)).replace(MARKER, "")
        await store.deletion.forget(conversation)
        assert MARKER not in await everything(store)
        assert conversation.id not in [row["id"] for row in await table(store, "conversations")]
    if store_url.startswith("sqlite"):  # not even where the rows were
        for file in Path(store_url.removeprefix("sqlite:///")).parent.iterdir():
            assert MARKER.encode() not in file.read_bytes()


async def test_the_fresh_conversation_has_the_same_choices_and_channels_and_what_waits(store: Store) -> None:
    conversation = await a_long_talk(store)
    await store.conversations.join(THERE, conversation)
    await store.conversations.save_preferences(conversation, Preferences(sites=7))
    await store.intake.add(said("/forget"))
    await store.intake.add(said("and now?", channel=str(THERE)))
    turn = await claim_one(store)
    fresh = await store.deletion.forget(turn.conversation)
    assert (fresh.model, fresh.remote_id, fresh.preferences) == (MODEL, None, Preferences(sites=7))
    assert await store.conversations.list_channels(fresh) == [THERE, HERE]
    assert await store.queue.claim(10) == [], "/forget itself has not been answered yet"
    await store.posts.save_post_id(turn, HERE, 0, "post-1")
    await store.queue.save_result(turn, JobResult(text="forgotten"))
    await store.queue.finish(turn)
    following = await claim_one(store)
    assert (following.message.text, following.conversation) == ("and now?", fresh)
    assert await store.turns.list_history(following, 10) == []


async def test_other_conversations_keep_what_they_have(store: Store) -> None:
    other = await asked(store, "what is this?", "a cat", THERE)
    await store.posts.save_post_id(other, THERE, 0, "post-1")
    await store.deletion.forget(await a_long_talk(store))
    assert [turn.id for turn in await store.turns.list_answered(other.conversation)] == [other.id]
    assert await store.posts.list_posts(other, THERE) == ["post-1"]


async def test_what_was_spent_stays_booked(store: Store) -> None:
    turn = await asked(store, "what is this?", "a cat", usage=Usage(5))
    await store.deletion.forget(turn.conversation)
    assert await store.ledger.get_spent(0, author="web:1", channel=HERE) == Spent(1, 5)


async def test_a_number_is_never_given_out_again(reopen: OpenStore) -> None:
    async with reopen() as store:
        first = await asked(store, "one", "a", usage=Usage(1))
        last = await asked(store, "two", "b", usage=Usage(1))
        assert await store.deletion.delete_expired(time.time() + 1, 10) == 2
    async with reopen() as store:
        newer = await asked(store, "three", "c", usage=Usage(1))
        assert newer.id > last.id > first.id
        await store.deletion.forget(newer.conversation)
        assert (await asked(store, "four", "d", usage=Usage(1))).id > newer.id
        assert await store.ledger.get_spent(0) == Spent(4, 4)


# what is too old


async def test_what_is_old_goes_in_small_batches_with_all_that_belongs_to_it(store: Store) -> None:
    conversation = await a_long_talk(store)
    many = len(await table(store, "turns"))
    moment = time.time()
    await asyncio.sleep(0.01)
    kept = await asked(store, "today", "yes")
    await store.posts.save_post_id(kept, HERE, 0, "post-1")
    gone = []
    while deleted := await store.deletion.delete_expired(moment, 2):
        gone.append(deleted)
        assert len(await table(store, "turns")) == many + 1 - sum(gone)
    assert gone == [2] * (many // 2) + [1] * (many % 2)
    await store.conversations.save_remote_id(conversation, None)
    assert MARKER not in await everything(store)
    assert [turn.id for turn in await store.turns.list_answered(conversation)] == [kept.id]
    assert await store.posts.list_posts(kept, HERE) == ["post-1"]


async def test_photos_go_with_the_turn_that_showed_them_and_the_others_keep_their_numbers(store: Store) -> None:
    old = await asked_about(store, "a", "b")
    moment = time.time()
    await asyncio.sleep(0.01)
    kept = await asked_about(store, "b", "c")
    assert await store.deletion.delete_expired(moment, 10) == 1
    assert await numbers(store, kept.conversation) == {"c": 3}
    await asked_about(store, "d", "a")
    assert await numbers(store, old.conversation) == {"c": 3, "d": 4, "a": 5}


async def test_photos_go_with_the_conversation_that_nobody_can_come_back_to(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    await show(store, turn, "a")
    fresh = await store.conversations.renew(turn.conversation)
    assert await numbers(store, turn.conversation) == {"a": 1}, "it was shown before they began anew"
    assert await store.deletion.delete_expired(time.time() + 1, 10) == 0
    assert await table(store, "photos") == []
    assert [row["id"] for row in await table(store, "conversations")] == [fresh.id]
    await answer(store, turn, "a cat")


async def test_what_waits_or_is_in_work_never_is_too_old(store: Store) -> None:
    for text in ("one", "two"):
        await store.intake.add(said(text))
    await claim_one(store)
    assert await store.deletion.delete_expired(time.time() + DAY, 10) == 0
    await store.queue.release_leases()
    assert await all_answered(store) == ["one", "two"]


async def test_conversations_go_that_nobody_can_come_back_to(store: Store) -> None:
    renewed = await asked(store, "what is this?", "a cat")
    shared = await store.conversations.renew(renewed.conversation)
    left = await asked(store, "and this?", "a dog", THERE)
    await store.conversations.join(THERE, shared)
    assert await store.deletion.delete_expired(time.time() - DAY, 10) == 0
    assert len(await table(store, "conversations")) == 3
    assert await store.deletion.delete_expired(time.time() + 1, 10) == 2
    assert [row["id"] for row in await table(store, "conversations")] == [shared.id]
    assert await store.turns.get_turn(left.id) is None


async def test_two_processes_that_clean_up_do_not_get_in_each_other_s_way(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    async with reopen() as store, reopen() as other:
        turns = [await asked_about(store, "a", str(n)) for n in range(40)]

        async def clean(store: Store) -> int:
            gone = 0
            while deleted := await store.deletion.delete_expired(time.time() + 1, 3):
                gone += deleted
            return gone

        async def look_back(turn: Turn) -> None:
            await store.posts.save_post_id(turn, HERE, 0, "post")
            await store.turns.add_version(turn, turns[0], AnswerVersion(text="again", model=MODEL))
            await store.files.save_description(turn.conversation, sha256_of("a"), "a cat")

        looking_back = asyncio.gather(*map(look_back, turns))
        cleaned = await asyncio.gather(clean(store), clean(other))
        await looking_back
        assert sum(cleaned) + await clean(store) == 40
        assert await table(store, "posts") == await table(store, "versions") == await table(store, "photos") == []


async def test_forgetting_while_people_talk_and_are_answered_loses_nobody(reopen: OpenStore, store_url: str) -> None:
    heard = list[str]()

    async def talk(store: Store, name: str) -> None:
        for n in range(15):
            await store.intake.add(said(f"{name}{n}"))
            await asyncio.sleep(0.001)

    async def work(store: Store) -> None:
        while not talking.done() or await store.queue.count_waiting():
            for turn in await store.queue.claim(3):
                await store.posts.save_post_id(turn, HERE, 0, "post")
                await show(store, turn, "a", turn.message.text)
                await answer(store, turn, "yes")
                heard.append(turn.message.text)
            await asyncio.sleep(0)

    async def forget(store: Store) -> None:
        while not talking.done():
            found = await store.conversations.find_conversation(HERE)
            if found is not None:
                await store.deletion.forget(found)
            await store.deletion.delete_expired(time.time(), 5)

    async with reopen() as store:
        talking = asyncio.gather(*(talk(store, name) for name in "abc"))
        if store_url.startswith("sqlite"):
            await asyncio.wait_for(asyncio.gather(work(store), forget(store), talking), 40)
        else:
            async with reopen() as other:
                await asyncio.wait_for(asyncio.gather(work(store), work(other), forget(other), talking), 40)
        assert sorted(heard) == sorted(f"{name}{n}" for name in "abc" for n in range(15))


async def test_old_keys_of_photos_are_forgotten(store: Store) -> None:
    await store.blobs.save_asset("onemin", "mine", "old", "images/1.jpg")
    moment = time.time() + 0.01
    await asyncio.sleep(0.02)
    await store.blobs.save_asset("onemin", "mine", "new", "images/2.jpg")
    assert await store.deletion.forget_assets_before(moment) == 1
    assert await store.blobs.get_asset("onemin", "mine", "old") is None
    assert await store.blobs.get_asset("onemin", "mine", "new") == "images/2.jpg"
