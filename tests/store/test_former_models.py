"""Conversations whose model went with an earlier version."""

import sqlite3
from contextlib import closing

import psycopg

from bot.messages import Channel
from tests.conftest import OpenStore, said

BEFORE = "DELETE FROM migrations WHERE name = '008_local.sql'"
HERE, THERE = Channel("web", "lobby"), Channel("web", "attic")


def as_before(url: str) -> None:
    """Let the store be one that was never opened by this version."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            database.execute(BEFORE)
    else:
        with psycopg.connect(url) as connection:
            connection.execute(BEFORE)


async def test_a_conversation_with_the_sandbox_goes_on_with_local_eyes(reopen: OpenStore, store_url: str) -> None:
    async with reopen() as store:
        for channel, model in ((HERE, "sandbox/gpt-4o"), (THERE, "onemin/gpt-4o")):
            await store.intake.add(said(channel=str(channel)))
            conversation = await store.conversations.find_conversation(channel)
            assert conversation is not None
            await store.conversations.switch_model(conversation, model)
            await store.conversations.save_remote_id(conversation, "uuid")
    as_before(store_url)

    async with reopen() as store:
        here, there = (
            await store.conversations.find_conversation(HERE),
            await store.conversations.find_conversation(THERE),
        )
        assert here is not None and there is not None
        assert (here.model, here.remote_id) == ("local/eyes", None)
        assert (there.model, there.remote_id) == ("onemin/gpt-4o", "uuid")
        assert await store.queue.count_waiting() == 2, "what waited still does"
