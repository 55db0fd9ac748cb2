"""One person's flood: how much of it is kept, and how much of it is in work while others wait."""

from dataclasses import replace

import pytest

from bot.errors import QueueFull
from bot.messages import Author, Message
from bot.ports import Store
from bot.store.sql import SqlStore
from bot.store.turn_queue import CLAIM, FIRST_DUE
from tests.conftest import said
from tests.store.talk import answer, table

MOST = 5


def from_bob(text: str, channel: str) -> Message:
    return replace(said(text, channel=channel), author=Author("2", "Bob"))


async def flood(store: Store, count: int) -> None:
    """Ann asks in so many topics."""
    for n in range(count):
        await store.intake.add(said(channel=f"web:topic{n}"))


async def test_no_more_is_kept_than_one_person_may_have_unanswered(store: Store) -> None:
    await flood(store, MOST)
    with pytest.raises(QueueFull):
        await store.intake.add(said(channel="web:more"), most=MOST)
    assert await store.queue.count_waiting() == MOST
    assert len(await table(store, "channels")) == MOST
    assert await store.intake.add(from_bob("and I?", "web:more"), most=MOST)
    [first, *_] = await store.queue.claim(1)
    await answer(store, first, "yes")
    assert await store.intake.add(said(channel="web:more"), most=MOST)


async def test_a_full_queue_takes_what_makes_it_no_longer(store: Store) -> None:
    album = [replace(said(channel="web:album", photos=1), album="a") for _ in range(3)]
    await store.intake.add(album[0], 60, MOST)
    await flood(store, MOST - 1)
    assert await store.intake.add(album[1], 60, MOST), "it joins the other part"
    assert not await store.intake.add(album[1], 60, MOST), "it is known"
    with pytest.raises(QueueFull):
        await store.intake.add(replace(album[2], album="b"), 60, MOST)


async def test_of_one_person_so_many_turns_are_in_work_and_others_go_first(store: Store) -> None:
    await flood(store, 10)
    await store.intake.add(from_bob("and I?", "web:bob"))
    held = list(await store.queue.claim(8, each=3))
    assert len(held) == 3
    [bob] = await store.queue.claim(8, each=3)
    assert bob.message.author.name == "Bob"
    assert await store.queue.claim(8, each=3) == []
    await answer(store, held.pop(), "yes")
    assert len(await store.queue.claim(8, each=3)) == 1
    assert len(await store.queue.claim(8)) == 6, "without a bound all of them"


async def test_whoever_may_claim_nothing_more_of_one_person_sleeps(store: Store) -> None:
    await flood(store, 2)
    await store.queue.claim(8, each=1)
    assert isinstance(store, SqlStore)
    assert await store.db.read(FIRST_DUE.format(where=""), me=store.me, each=1) == []
    assert len(await store.db.read(FIRST_DUE.format(where=""), me=store.me, each=2)) == 1


async def test_a_claim_looks_at_what_is_ripe_or_held_and_at_nothing_else(sqlite: Store) -> None:
    assert isinstance(sqlite, SqlStore)
    values = {"now": 0, "until": 0, "me": "", "most": 1, "each": 1}
    plan = await sqlite.db.read(f"EXPLAIN QUERY PLAN {CLAIM.format(where='', lock='')}", **values)
    looks = [row["detail"] for row in plan if "turns" in row["detail"]]
    assert any("turns_ripe" in look for look in looks)
    assert any("USING INDEX turns_held (holder=?)" in look for look in looks)
    assert not any(look.startswith("SCAN turns") for look in looks if "USING INDEX turns_ripe" not in look)
