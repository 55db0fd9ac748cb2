"""Rows of older versions, whose state stood as marks inside texts."""

import sqlite3
from contextlib import closing

import psycopg
import pytest

from bot.messages import Message, Turn, Usage
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
