"""The photos of a conversation: their numbers, and how they are found again."""

import asyncio
import time
from dataclasses import replace

import pytest

from bot.errors import LeaseLost
from bot.messages import AnswerVersion, Attachment, Channel, Conversation, Exchange, JobResult, RememberedFile, Turn
from bot.ports import Store
from bot.store.answers import HISTORY
from bot.store.database import Execute
from bot.store.file_records import REMEMBERED
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import (
    HERE,
    THERE,
    answer,
    asked_about,
    claim_one,
    cleaned,
    numbers,
    sha256_of,
    show,
    table,
)


async def in_work(store: Store, channel: Channel = HERE) -> Turn:
    """A turn that has just been taken up."""
    await store.intake.add(said(channel=str(channel)))
    return await claim_one(store)


async def only(store: Store, conversation: Conversation, model: str = "") -> RememberedFile:
    [photo] = await store.files.list_files(conversation, 10, model)
    return photo


async def test_photos_are_numbered_in_the_order_in_which_they_are_shown(reopen: OpenStore) -> None:
    async with reopen() as store:
        first = await asked_about(store, "b", "a")
        await asked_about(store, "c", *(f"album {n}" for n in range(10)))
    async with reopen() as store:
        await asked_about(store, "z")
        expected = ["b", "a", "c", *(f"album {n}" for n in range(10)), "z"]
        assert await numbers(store, first.conversation) == {name: n for n, name in enumerate(expected, 1)}


async def test_all_that_it_takes_to_fetch_one_again_is_remembered(store: Store) -> None:
    turn = await in_work(store)
    attachment = Attachment(ref="keep/1/2", name="cat – Katze 猫.heic", mime="image/heic", size=5_000_000_000)
    await store.files.save_files(turn, {attachment: cleaned("cat")}, THERE)
    assert await only(store, turn.conversation) == RememberedFile(
        number=1, turn=turn.id, channel=THERE, attachment=attachment, sha256=sha256_of("cat")
    )


async def test_a_name_that_a_database_refuses_is_kept_without_what_it_refuses(store: Store) -> None:
    turn = await in_work(store)
    await store.files.save_files(turn, {Attachment(ref="1", name="c\0a\ud83dt.jpg", mime="\0"): cleaned("cat")}, HERE)
    await store.files.save_description(turn.conversation, sha256_of("cat"), "a\0 cat\udc00")
    photo = await only(store, turn.conversation)
    assert (photo.attachment, photo.description) == (Attachment(ref="1", name="cat.jpg"), "a cat")


async def test_one_that_is_known_keeps_its_number_and_turn_and_leaves_no_gap(store: Store) -> None:
    first = await asked_about(store, "a", "b")
    again = await asked_about(store, "c", "b", "d", "a", "e")
    assert await numbers(store, first.conversation) == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    turns = [photo.turn for photo in await store.files.list_files(first.conversation, 10)]
    assert turns == [first.id, first.id, again.id, again.id, again.id]


async def test_one_that_is_known_is_fetched_from_where_it_was_fetched_last(store: Store) -> None:
    first = await in_work(store)
    await store.files.save_files(
        first, {Attachment(ref="old", name="cat.heic", mime="image/heic", size=7): cleaned("cat")}, HERE
    )
    await store.files.save_description(first.conversation, sha256_of("cat"), "a cat")
    await store.files.mark_unusable(first.conversation, sha256_of("cat"), MODEL)
    await answer(store, first, "yes")
    await store.conversations.join(THERE, first.conversation)
    newer = Attachment(ref="new", name="cat.jpg", mime="image/jpeg", size=5)
    await store.files.save_files(await in_work(store, THERE), {newer: cleaned("cat")}, THERE)
    photo = await only(store, first.conversation, MODEL)
    assert photo == RememberedFile(
        number=1,
        turn=first.id,
        channel=THERE,
        attachment=newer,
        sha256=sha256_of("cat"),
        description="a cat",
        answer_beginning="yes",
        unusable=True,
    )


async def test_what_is_said_again_changes_nothing(store: Store) -> None:
    await asked_about(store, "z")
    turn = await in_work(store)
    await show(store, turn, "a", "z", "b")
    once = await table(store, "photos")
    await show(store, turn, "a", "z", "b")
    await asyncio.gather(*(show(store, turn, "a", "z", "b") for _ in range(5)))
    assert sorted(map(str, await table(store, "photos"))) == sorted(map(str, once))


async def test_one_that_is_shown_twice_at_once_has_one_number(store: Store) -> None:
    turn = await in_work(store)
    photos = {Attachment(ref="1", name="a.jpg"): cleaned("a"), Attachment(ref="2", name="a (1).jpg"): cleaned("a")}
    await store.files.save_files(turn, photos | {Attachment(ref="3", name="b.jpg"): cleaned("b")}, HERE)
    assert await numbers(store, turn.conversation) == {"a": 1, "b": 2}


async def test_the_same_photo_has_a_number_in_each_conversation(store: Store) -> None:
    here, there = await asked_about(store, "a", "b"), await asked_about(store, "b", channel=THERE)
    await store.files.save_description(here.conversation, sha256_of("b"), "a cat")
    await store.files.mark_unusable(here.conversation, sha256_of("b"), MODEL)
    assert await numbers(store, here.conversation) == {"a": 1, "b": 2}
    photo = await only(store, there.conversation)
    assert (photo.number, photo.description, photo.unusable) == (1, "", False)


async def test_the_last_ones_are_remembered_oldest_first(store: Store) -> None:
    turn = await asked_about(store, *"abcde")
    assert [photo.number for photo in await store.files.list_files(turn.conversation, 2)] == [4, 5]
    assert await store.files.list_files(turn.conversation, 0) == []
    assert await store.files.list_files(replace(turn.conversation, id=turn.conversation.id + 1), 10) == []


async def test_what_was_said_of_a_photo_comes_along_as_it_is_shown_now(store: Store) -> None:
    turn = await in_work(store)
    await show(store, turn, "a")
    assert (await only(store, turn.conversation)).answer_beginning == "", "it has not been answered yet"
    await answer(store, turn, "é" * 3000)
    assert (await only(store, turn.conversation)).answer_beginning == "é" * 500
    by = await in_work(store)
    await store.turns.add_version(turn, by, AnswerVersion(text="a dog", model=MODEL))
    assert (await only(store, turn.conversation)).answer_beginning == "a dog"


@pytest.mark.parametrize(("model", "error"), [(MODEL, "provider_no_credits"), (None, None)])
async def test_what_no_model_said_does_not(store: Store, model: str | None, error: str | None) -> None:
    turn = await in_work(store)
    await show(store, turn, "a")
    await store.queue.save_result(turn, JobResult(text="no credits", model=model))
    await store.queue.finish(turn, error)
    assert (await only(store, turn.conversation)).answer_beginning == ""


async def test_a_description_and_a_mark_are_of_one_photo(store: Store) -> None:
    turn = await asked_about(store, "a", "b", "c")
    await store.files.save_description(turn.conversation, sha256_of("a"), "a dog")
    await store.files.save_description(turn.conversation, sha256_of("a"), "a cat")
    await store.files.mark_unusable(turn.conversation, sha256_of("c"), MODEL)
    await store.files.save_description(turn.conversation, sha256_of("never seen"), "nothing")
    found = await store.files.list_files(turn.conversation, 10, MODEL)
    assert [photo.description for photo in found] == ["a cat", "", ""]
    assert [photo.unusable for photo in found] == [False, False, True]


async def test_a_refusal_is_of_one_model_and_ends_with_an_answer_or_after_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await asked_about(store, "a")
    await store.files.mark_unusable(turn.conversation, sha256_of("a"), MODEL)
    await store.files.mark_unusable(turn.conversation, sha256_of("a"), "other/model")
    await store.files.mark_usable(turn.conversation, sha256_of("a"), "other/model")
    marks = [(await only(store, turn.conversation, model)).unusable for model in (MODEL, "other/model", "")]
    assert marks == [True, False, False]
    later = time.time() + 86_401
    monkeypatch.setattr(time, "time", lambda: later)
    assert not (await only(store, turn.conversation, MODEL)).unusable


# who may write


async def test_nothing_is_remembered_for_a_turn_that_is_not_held(store: Store) -> None:
    turn = await in_work(store)
    await store.queue.release_leases()
    with pytest.raises(LeaseLost):
        await show(store, turn, "a")
    again = await claim_one(store)
    await answer(store, again, "yes")
    with pytest.raises(LeaseLost):
        await show(store, again, "a")
    await store.files.save_files(again, {}, HERE)
    assert await table(store, "photos") == []


async def test_nothing_is_remembered_for_a_turn_that_another_process_took_over(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("one process on one file")
    monkeypatch.setattr("bot.store.turn_queue.LEASE", 0.1)
    async with reopen() as slow, reopen() as quick:
        mine = await in_work(slow)
        await show(slow, mine, "a")
        await asyncio.sleep(0.15)
        yours = await claim_one(quick)
        with pytest.raises(LeaseLost):
            await show(slow, mine, "b")
        await show(quick, yours, "a", "c")
        assert await numbers(quick, yours.conversation) == {"a": 1, "c": 2}


async def test_two_in_work_side_by_side_give_no_number_twice(reopen: OpenStore, store_url: str) -> None:
    """Two lines that became one may have two turns in work."""
    async with reopen() as store:
        here, there = await in_work(store), await in_work(store, THERE)
        await store.conversations.join(THERE, here.conversation)
        names = [[f"{where}{n}" for n in range(20)] for where in ("here", "there")]
        await asyncio.gather(
            *(show(store, turn, name) for turn, some in zip((here, there), names, strict=True) for name in some)
        )
        given = await numbers(store, here.conversation)
        assert sorted(given) == sorted(names[0] + names[1])
        assert sorted(given.values()) == list(range(1, 41))
        assert await store.files.list_files(there.conversation, 10) == []


async def test_people_who_talk_join_leave_and_forget_meanwhile_keep_the_numbers_in_order(reopen: OpenStore) -> None:
    async def talk(store: Store, channel: Channel) -> None:
        for n in range(12):
            await store.intake.add(said(f"{channel.platform}{n}", channel=str(channel)))
            await asyncio.sleep(0.001)

    async def work(store: Store) -> None:
        while not talking.done() or await store.queue.count_waiting():
            for turn in await store.queue.claim(4):
                await asyncio.gather(*(show(store, turn, "a", f"{turn.id}", f"{turn.id} {n}") for n in range(3)))
                await answer(store, turn, "yes")
            await asyncio.sleep(0)

    async def wander(store: Store) -> None:
        while not talking.done():
            found = await store.conversations.find_conversation(HERE)
            if found is not None:
                await store.conversations.join(THERE, found)
                await store.conversations.leave(THERE)
                await store.conversations.join(THERE, found)
                await store.conversations.renew(found)
                await store.deletion.forget(await store.conversations.leave(HERE))
            await asyncio.sleep(0.002)

    async with reopen() as store:
        talking = asyncio.gather(talk(store, HERE), talk(store, THERE))
        await asyncio.wait_for(asyncio.gather(work(store), wander(store), talking), 40)
        found = {row["conversation"] for row in await table(store, "photos")}
        assert found <= {row["id"] for row in await table(store, "conversations")}


# where conversations go


async def test_a_conversation_that_begins_anew_begins_at_one(store: Store) -> None:
    first = await asked_about(store, "a", "b")
    fresh = await store.conversations.renew(first.conversation)
    assert await store.files.list_files(fresh, 10) == []
    await asked_about(store, "b")
    assert await numbers(store, fresh) == {"b": 1}
    lone = await store.conversations.leave(HERE)
    await asked_about(store, "c", "b")
    assert await numbers(store, lone) == {"c": 1, "b": 2}
    assert await numbers(store, first.conversation) == {"a": 1, "b": 2}


async def test_a_turn_in_work_shows_its_photos_where_it_has_gone(store: Store) -> None:
    turn = await in_work(store)
    await show(store, turn, "a")
    fresh = await store.conversations.renew(turn.conversation)
    await show(store, turn, "b", "a")
    assert await numbers(store, fresh) == {"b": 1, "a": 2}
    await answer(store, turn, "yes")
    assert await numbers(store, turn.conversation) == {"a": 1}


async def test_people_who_move_take_their_photos_along(store: Store) -> None:
    old, new = Channel("telegram", "-5"), Channel("telegram", "-1005")
    turn = await asked_about(store, "a", channel=old)
    await asked_about(store, "b", channel=HERE)
    await store.channels.migrate_channel(old, new)
    assert (await only(store, turn.conversation)).channel == new
    assert {row["channel"] for row in await table(store, "photos")} == {str(new), str(HERE)}


# what it costs


async def test_the_history_says_which_turn_showed_a_photo_and_who_answered(store: Store) -> None:
    first = await asked_about(store, "a")
    by = await in_work(store)
    await store.turns.add_version(first, by, AnswerVersion(text="a dog", model="other/model"))
    await answer(store, by, "done")
    turn = await in_work(store)
    assert await store.turns.list_history(turn, 10) == [
        Exchange(author="Ann", question="what is this?", answer="a dog", turn=first.id, model="other/model")
    ]
    assert (await only(store, turn.conversation)).turn == first.id


@pytest.mark.parametrize(
    ("query", "steps"),
    [
        (
            REMEMBERED,
            [
                "SEARCH photos USING INDEX sqlite_autoindex_photos_1 (conversation=?)",
                "SEARCH turns USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        (HISTORY, ["SEARCH turns USING INDEX turns_history (conversation=? AND id<?)"]),
    ],
)
async def test_what_is_older_or_of_others_is_not_even_looked_at(sqlite: Store, query: str, steps: list[str]) -> None:
    """Neither sorted: the index is read from its end, and only as far as is asked for."""
    assert isinstance(sqlite, SqlStore)
    values = {"conversation": 1, "id": 9, "most": 5, "limit": 5, "said": 9}
    plan = [row["detail"] for row in await sqlite.db.read(f"EXPLAIN QUERY PLAN {query}", **values)]
    assert plan == steps


async def test_nor_is_it_on_a_server(reopen: OpenStore, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("the test before this one")
    async with reopen() as store:
        assert isinstance(store, SqlStore)
        turn = await asked_about(store, "a")

        async def many(execute: Execute) -> None:
            await execute(
                "INSERT INTO conversations (model, active) SELECT 'a/b', n FROM GENERATE_SERIES(1, 99) AS a (n)"
            )
            await execute(
                "INSERT INTO turns (conversation, channel, message_id, message, added, leads, due, answer, model)"
                " SELECT conversation + n % 100, channel, CONCAT('many', n), message, added, FALSE, due, answer, model"
                " FROM turns CROSS JOIN GENERATE_SERIES(1, 20000) AS a (n)"
            )
            await execute(
                "INSERT INTO photos (conversation, number, turn, channel, ref, name, mime, size, sha256)"
                " SELECT conversation, id + 1, id, channel, '', '', '', 0, message_id FROM turns"
            )
            await execute("ANALYZE turns")
            await execute("ANALYZE photos")

        await store.db.write(many)
        values = {"conversation": turn.conversation.id, "id": turn.id + 9999, "most": 40, "limit": 10, "said": 9}
        for query, index in ((REMEMBERED, "photos_conversation_number_key"), (HISTORY, "turns_history")):
            plan = str(await store.db.read(f"EXPLAIN {query}", **values))
            assert f"Index Scan Backward using {index}" in plan
            assert "Sort" not in plan
            assert "Seq Scan" not in plan
