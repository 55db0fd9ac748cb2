"""Rows of older versions, whose state stood as marks inside texts."""

import sqlite3
from contextlib import closing

import psycopg
import pytest

from bot.messages import AnswerVersion, Message, Turn, Usage
from bot.ports import Store
from bot.store import row_mapping as rows
from tests.conftest import OpenStore, said
from tests.store.older import undo


def run(url: str, *statements: str) -> None:
    """Change a store that nobody has open."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            for statement in statements:
                database.execute(statement)
    else:
        with psycopg.connect(url) as connection:
            for statement in statements:
                connection.execute(statement.encode())


async def finished(store: Store, message: Message) -> Turn:
    await store.intake.add(message)
    [turn] = await store.queue.claim(1)
    await store.queue.finish(turn)
    return turn


@pytest.mark.parametrize(
    ("stored", "caption"),
    [
        ("🎤 what is this?", ""),
        ("Look:\n\n🎤 what is this?", "Look:"),
        ("half a sign: \ud83c\n\n🎤 what is this?", None),
    ],
)
async def test_what_was_heard_stands_apart_from_what_was_written(
    reopen: OpenStore, store_url: str, stored: str, caption: str | None
) -> None:
    async with reopen() as store:
        turn = await finished(store, said(stored))
        await store.ledger.settle(turn, 200, "sandbox/hear-1", Usage(credits=3))
    run(store_url, *undo(since="014"))
    async with reopen() as store:
        found = await store.turns.get_turn(turn.id)
        assert found is not None
        assert found.transcript == "what is this?"
        assert found.message.text == ("half a sign: \ud83c" if caption is None else caption)
        assert rows.stored(found.message) == rows.stored(rows.message(rows.stored(found.message)))


async def test_a_microphone_that_somebody_typed_stays_where_it_is(reopen: OpenStore, store_url: str) -> None:
    async with reopen() as store:
        turn = await finished(store, said("🎤 is a sign"))
    run(store_url, *undo(since="014"))
    async with reopen() as store:
        found = await store.turns.get_turn(turn.id)
        assert found is not None
        assert (found.message.text, found.transcript) == ("🎤 is a sign", None)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def carried_over(reopen: OpenStore, store_url: str, words: str, answer: str, *, is_command: bool) -> Turn:
    """A turn whose answer an older version stored like this, as the new one reads it."""
    async with reopen() as store:
        turn = await finished(store, said(words))
        for lane, model in enumerate(("sandbox/gpt-4o", "sandbox/gpt-4o-mini")):
            await store.ledger.settle(turn, lane, model, Usage(credits=lane + 1))
    model = "NULL" if is_command else "'sandbox/gpt-4o'"
    run(store_url, *undo(since="014"), f"UPDATE turns SET answer = {quoted(answer)}, model = {model}")
    async with reopen() as store:
        found = await store.turns.get_turn(turn.id)
        assert found is not None
        return found


async def test_notes_stand_apart_from_the_model_s_words(reopen: OpenStore, store_url: str) -> None:
    answer = "_Sorry for the wait._\n\n_Read 1 of 2._\n\nA _fine_ cat."
    turn = await carried_over(reopen, store_url, "what is this?", answer, is_command=False)
    assert turn.result is not None
    assert (turn.answer, turn.result.notes) == ("A _fine_ cat.", ("Sorry for the wait.", "Read 1 of 2."))
    assert turn.result.shown == answer


async def test_compared_answers_stand_apart_with_what_was_booked(reopen: OpenStore, store_url: str) -> None:
    first = "_Nearly used up._\n\na cat\n\n_sandbox/gpt-4o · 1.5 s · 1 credits_"
    second = "a small cat\n\n_sandbox/gpt-4o-mini · 0.5 s · 2 credits_"
    turn = await carried_over(reopen, store_url, "/compare a b", f"{first}\n\x1e\n{second}", is_command=True)
    assert turn.result is not None
    assert [lane.answer for lane in turn.result.lanes] == [
        AnswerVersion(text="a cat", model="sandbox/gpt-4o", notes=("Nearly used up.",)),
        AnswerVersion(text="a small cat", model="sandbox/gpt-4o-mini"),
    ]
    assert [(lane.took, lane.usage.credits) for lane in turn.result.lanes] == [(1.5, 1), (0.5, 2)]


@pytest.mark.parametrize(
    ("words", "answer", "shown", "caption"),
    [
        ("/imagine a cat", "🎨 _sandbox/imagine-1 · 3.0 s_\n\x1e\na cat", "🎨 _sandbox/imagine-1 · 3.0 s_", "a cat"),
        ("/speak", "_Nearly used up._\n\n🔊", "_Nearly used up._", "🔊"),
        ("/help", "Here is what I can do.", "Here is what I can do.", None),
    ],
)
async def test_what_stands_below_generated_files_is_their_caption(
    reopen: OpenStore, store_url: str, words: str, answer: str, shown: str, caption: str | None
) -> None:
    turn = await carried_over(reopen, store_url, words, answer, is_command=True)
    assert turn.result is not None
    assert (turn.result.shown, turn.result.caption) == (shown, caption)


async def test_older_versions_of_an_answer_keep_their_notes_apart(reopen: OpenStore, store_url: str) -> None:
    async with reopen() as store:
        turn = await finished(store, said())
    insert = "INSERT INTO versions (turn, n, text, model, brought_by) VALUES"
    run(store_url, *undo(since="014"), f"{insert} ({turn.id}, 0, '_Sorry._\n\na cat', 'sandbox/gpt-4o', {turn.id})")
    async with reopen() as store:
        [version] = await store.turns.list_versions(turn)
        assert version == AnswerVersion(text="a cat", model="sandbox/gpt-4o", notes=("Sorry.",))
