"""Turns over which processes end: who is suspected, who is charged, and who is put aside."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import LeaseLost
from bot.messages import MOST_CRASHES, PUT_ASIDE, JobResult, Stall, Turn, WorkerProcess
from bot.ports import Store
from bot.store import open_store, visit_store
from bot.store.backup import NotDone
from bot.store.sql import SqlStore
from tests.conftest import MODEL, OpenStore, said
from tests.store.talk import HERE, all_answered, answer, claim_one, table

LEASE = 0.2


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long: leases are short, silence tells at once, and nobody rests."""
    monkeypatch.setattr("bot.store.turn_queue.LEASE", LEASE)
    monkeypatch.setattr("bot.store.recovery.ALIVE", 0.0)
    monkeypatch.setattr("bot.store.recovery.REST", 0.0)


@asynccontextmanager
async def after_crash(reopen: OpenStore) -> AsyncIterator[Store]:
    """The store of a process that came when the leases of those before it were over; it ends without a word, too."""
    await asyncio.sleep(LEASE + 0.05)
    async with reopen() as store:
        await store.coordination.beat(WorkerProcess(name="next", started=0.0))
        yield store


async def ask_in(store: Store, *channels: str) -> None:
    for channel in channels:
        await store.intake.add(said(channel, channel=f"web:{channel}"))


def texts(turns: object) -> list[str]:
    return [turn.message.text for turn in turns]  # type: ignore[attr-defined]


async def crashes(store: Store) -> dict[int, int]:
    return {row["id"]: row["crashes"] for row in await table(store, "turns")}


async def test_the_only_turn_in_work_is_charged_and_is_poison_after_three_crashes(reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.intake.add(said("poison"))
        await claim_one(store)
    for count in range(1, MOST_CRASHES + 1):
        async with after_crash(reopen) as store:
            turn = await claim_one(store)
            assert (turn.crashes, turn.is_poison) == (count, count == MOST_CRASHES)


async def test_turns_that_were_in_work_together_are_suspects_and_none_is_charged(reopen: OpenStore) -> None:
    async with reopen() as store:
        await ask_in(store, "a", "b", "c")
        assert len(await store.queue.claim(10)) == 3
    async with after_crash(reopen) as store:  # one end may be anything: all go on side by side
        assert texts(await store.queue.claim(10)) == ["a", "b", "c"]
    async with after_crash(reopen) as store:
        await ask_in(store, "d", "e")
        taken = await store.queue.claim(10)
        assert texts(taken) == ["a", "d", "e"]  # one suspect beside all others
        assert await store.queue.claim(10) == []
        assert set((await crashes(store)).values()) == {0}
        await answer(store, taken[0], "yes")
        assert texts(await store.queue.claim(10)) == ["b"]


async def test_the_only_suspect_in_work_is_charged_and_then_waits_behind_the_others(reopen: OpenStore) -> None:
    async with reopen() as store:
        await ask_in(store, "poison", "b")
        await store.queue.claim(10)
    async with after_crash(reopen) as store:
        await store.queue.claim(10)
    async with after_crash(reopen) as store:
        await ask_in(store, "fresh")
        assert texts(await store.queue.claim(10)) == ["poison", "fresh"]
    async with after_crash(reopen) as store:
        assert await all_answered(store) == ["b", "fresh", "poison"]
        assert await crashes(store) == {1: 1, 2: 0, 3: 0}


async def test_waiting_does_not_end_for_a_suspect_that_cannot_be_taken_up_yet(reopen: OpenStore) -> None:
    async with reopen() as store:
        await ask_in(store, "a", "b")
        await store.queue.claim(10)
    async with after_crash(reopen) as store:
        await store.queue.claim(10)
    async with after_crash(reopen) as store:
        first = await claim_one(store)
        await store.queue.renew_leases([first.id])
        waiting = asyncio.create_task(store.queue.wait(60))
        for _ in range(10):  # news of what happened until now may end it
            await asyncio.sleep(LEASE / 2)
            if not waiting.done():
                break
            waiting = asyncio.create_task(store.queue.wait(60))
        assert not waiting.done()
        await answer(store, first, "yes")
        await asyncio.wait_for(waiting, 10)
        assert texts(await store.queue.claim(10)) == ["b"]


async def test_whoever_stops_gracefully_charges_nobody(reopen: OpenStore) -> None:
    for _ in range(MOST_CRASHES + 1):
        async with reopen() as store:
            if not await store.queue.count_waiting():
                await store.intake.add(said("slow"))
            turn = await claim_one(store)
            assert turn.crashes == 0
            await store.queue.release_leases()


async def test_a_turn_that_gets_on_is_not_charged(reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.intake.add(said("slow"))
        await store.posts.save_post_id(await claim_one(store), HERE, 0, "p0")
    async with after_crash(reopen) as store:
        turn = await claim_one(store)
        assert turn.crashes == 0
        await store.queue.save_result(turn, JobResult(text="whole", model=MODEL))
    async with after_crash(reopen) as store:
        assert (await claim_one(store)).crashes == 0
    async with after_crash(reopen) as store:  # nothing was stored this time
        assert (await claim_one(store)).crashes == 1


async def test_a_turn_over_which_a_process_ended_again_rests_while_others_are_answered(
    reopen: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.recovery.REST", 1.5)
    async with reopen() as store:
        await store.intake.add(said("poison"))
        await claim_one(store)
    async with after_crash(reopen) as store:  # one end may be anything: the turn is taken up at once
        assert texts(await store.queue.claim(10)) == ["poison"]
    async with after_crash(reopen) as store:
        await ask_in(store, "other")
        assert texts(await store.queue.claim(10)) == ["other"]
        await asyncio.sleep(3)
        assert texts(await store.queue.claim(10)) == ["poison"]


async def test_the_turn_that_a_stall_names_is_charged_and_nobody_else_is_suspected(
    reopen: OpenStore, store_url: str
) -> None:
    async with reopen() as store:
        await ask_in(store, "poison", "b", "c")
        stuck = (await store.queue.claim(10))[0]
        stall = Stall(store.me, stuck.id, time.time())
    for _ in range(2):  # a record that could not be deleted is read again
        async with open_store(store_url, MODEL, stalls=[stall]) as store:
            turns = await store.queue.claim(10)
            assert [(turn.message.text, turn.stalls, turn.crashes) for turn in turns] == [
                ("poison", 1, 0),
                ("b", 0, 0),
                ("c", 0, 0),
            ]
            await store.queue.release_leases()
    async with open_store(store_url, MODEL, stalls=[Stall("another", stuck.id, time.time())]) as store:
        assert [turn.is_poison for turn in await store.queue.claim(10)] == [True, False, False]


async def test_a_stall_over_a_turn_that_is_done_charges_nothing(store_url: str, reopen: OpenStore) -> None:
    async with reopen() as store:
        await store.intake.add(said())
        turn = await claim_one(store)
        await answer(store, turn, "yes")
    async with open_store(store_url, MODEL, stalls=[Stall("gone", turn.id, 0.0)]) as store:
        assert (await store.turns.get_turn(turn.id)) is not None
        assert [row["stalls"] for row in await table(store, "turns")] == [0]


# a fleet


async def test_a_holder_that_told_of_itself_a_moment_ago_is_not_blamed(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_postgres(store_url)
    async with reopen() as slow, reopen() as quick:
        await slow.intake.add(said())
        mine = await claim_one(slow)
        await quick.coordination.beat(WorkerProcess(name="quick", started=0.0))
        await asyncio.sleep(LEASE + 0.05)
        monkeypatch.setattr("bot.store.recovery.ALIVE", 60.0)
        await slow.coordination.beat(WorkerProcess(name="slow", started=0.0))
        quick.db.telling_since = 0.0  # type: ignore[attr-defined]
        yours = await claim_one(quick)
        assert (yours.deliveries, yours.crashes) == (2, 0)
        with pytest.raises(LeaseLost):
            await slow.queue.finish(mine)


async def test_nobody_is_blamed_by_a_process_that_could_not_tell_of_itself_either(
    reopen: OpenStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_postgres(store_url)
    monkeypatch.setattr("bot.store.recovery.ALIVE", 60.0)
    async with reopen() as dead, reopen() as other:
        await dead.intake.add(said())
        await claim_one(dead)
        await other.coordination.beat(
            WorkerProcess(name="other", started=0.0)
        )  # for the first time since the database is back
        await asyncio.sleep(LEASE + 0.05)
        assert (await claim_one(other)).crashes == 0


async def test_two_processes_that_find_the_same_death_book_it_once(reopen: OpenStore, store_url: str) -> None:
    only_postgres(store_url)
    async with reopen() as dead:
        await dead.intake.add(said())
        await claim_one(dead)
    await asyncio.sleep(LEASE + 0.05)
    async with reopen() as one, reopen() as other:
        for each in (one, other):
            await each.coordination.beat(WorkerProcess(name=each.me, started=0.0))
        taken = [turn for turns in await asyncio.gather(one.queue.claim(1), other.queue.claim(1)) for turn in turns]
        assert [turn.crashes for turn in taken] in ([1], [])
        assert await crashes(one) == {1: 1}


# what was put aside


async def put_aside(store: Store, text: str = "poison") -> Turn:
    await store.intake.add(said(text))
    turn = await claim_one(store)
    await store.queue.finish(turn, error=PUT_ASIDE)
    return turn


async def test_what_was_put_aside_is_listed_without_a_word_and_can_be_released_once(store: Store) -> None:
    turn = await put_aside(store)
    [listed] = await store.reporting.list_put_aside(10)
    assert (listed.turn, listed.platform, await store.reporting.count_put_aside()) == (turn.id, "web", 1)
    assert await store.queue.release_put_aside(turn.id)
    assert not await store.queue.release_put_aside(turn.id)
    assert await store.reporting.list_put_aside(10) == []
    again = await claim_one(store)
    assert (again.id, again.message, again.crashes, again.stalls) == (turn.id, turn.message, 0, 0)
    assert again.deliveries > 1  # there are posts of it


async def test_what_was_released_is_answered_after_what_is_in_work_and_before_what_waits(store: Store) -> None:
    turn = await put_aside(store)
    for text in ("in work", "waits"):
        await store.intake.add(said(text))
    working = await claim_one(store)
    assert await store.queue.release_put_aside(turn.id)
    assert await store.queue.claim(10) == []
    await answer(store, working, "yes")
    assert await all_answered(store) == ["poison", "waits"]


async def test_what_was_released_goes_to_the_conversation_that_its_channel_has_now(store: Store) -> None:
    turn = await put_aside(store)
    fresh = await store.conversations.renew(turn.conversation)
    await store.queue.release_put_aside(turn.id)
    assert (await claim_one(store)).conversation.id == fresh.id


async def test_what_nobody_put_aside_cannot_be_released(store: Store) -> None:
    await store.intake.add(said())
    turn = await claim_one(store)
    assert not await store.queue.release_put_aside(turn.id)
    await answer(store, turn, "yes")
    assert not await store.queue.release_put_aside(turn.id)
    assert not await store.queue.release_put_aside(10_000)


async def test_what_was_put_aside_is_forgotten_and_expires_as_everything_does(store: Store) -> None:
    turn = await put_aside(store)
    await store.deletion.forget(turn.conversation)
    assert await store.reporting.count_put_aside() == 0
    await put_aside(store)
    await store.deletion.delete_expired(time.time() + 1, 10)
    assert await store.reporting.count_put_aside() == 0


async def test_a_visitor_lists_and_releases_while_a_bot_runs(reopen: OpenStore, store_url: str) -> None:
    async with reopen() as store:
        turn = await put_aside(store)
        await ask_in(store, "in work")
        working = await claim_one(store)
        async with visit_store(store_url, MODEL) as visitor:
            assert [each.turn for each in await visitor.reporting.list_put_aside(10)] == [turn.id]
            assert await visitor.queue.release_put_aside(turn.id)
        assert texts(await store.queue.claim(10)) == ["poison"]
        await store.queue.finish(working)  # nobody took it away


async def test_a_visitor_of_no_store_makes_none(tmp_path: Path) -> None:
    with pytest.raises(NotDone, match="there is no file"):
        async with visit_store(f"sqlite:///{tmp_path}/none.db", MODEL):
            pass
    assert not list(tmp_path.iterdir())


async def test_a_store_of_an_older_version_is_not_visited(sqlite: Store, tmp_path: Path) -> None:
    assert isinstance(sqlite, SqlStore)
    await sqlite.db.run("DELETE FROM migrations WHERE name = '012_poison.sql'")
    with pytest.raises(NotDone, match="older version"):
        async with visit_store(f"sqlite:///{tmp_path}/bot.db", MODEL):
            pass


def only_postgres(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("one process on one file")
