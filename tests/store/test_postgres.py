"""The store on PostgreSQL while its database restarts, fails over, loses connections and answers."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog

from bot.errors import LeaseLost
from bot.messages import AnswerVersion, Channel, File, JobResult, Turn, Usage
from bot.operations.metrics import Metrics
from bot.store import open_store
from bot.store.leader_election import CHECK, Work
from bot.store.postgres import MIGRATING
from bot.store.postgres_connections import BadAddress, options
from bot.store.sql import SqlStore
from bot.turns.worker import Dispatcher, Take
from bot.util.retry import STORE
from tests.conftest import MODEL, said
from tests.doubles.postgres import Cluster, Proxy, cluster, lock_holder, pattern, query, terminate_all
from tests.store.older import undo
from tests.store.talk import HERE, answer, asked, claim_one, cleaned, numbers, show, table

THERE = Channel("web", "kitchen")


@pytest.fixture
def url(database: str) -> str:
    """An empty database on a server that stays."""
    return database


@pytest.fixture(scope="module")
def files(postgres_server: str) -> Iterator[Any]:
    """What a server of its own begins with; `postgres_server` has set up how they are made."""
    with pattern() as files:
        yield files


@pytest.fixture
async def server(files: Any) -> AsyncIterator[Cluster]:
    """A server of its own, which may be stopped."""
    async with cluster(files) as server:
        yield server


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    async with open_store(url, MODEL) as store:
        yield store


async def until(there: Callable[[], Awaitable[object] | object], seconds: float = 60) -> None:
    """Return when it is so."""
    async with asyncio.timeout(seconds):
        while True:
            now = there()
            if await now if isinstance(now, Awaitable) else now:
                return
            await asyncio.sleep(0.02)


# restarts and fail-overs


class Fleet:
    """Two processes that take up whatever comes, and what was said to them."""

    def __init__(self, *stores: SqlStore) -> None:
        self.stores = stores
        self.taken: list[tuple[str, str]] = []  # channel and text, in the order they were finished
        self.said: list[tuple[str, str]] = []

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Both of them work, while entered."""
        dispatchers = [
            Dispatcher(store.queue, store.reporting, store.coordination, self._take(store), 8, Metrics())
            for store in self.stores
        ]
        running = [asyncio.create_task(dispatcher.run()) for dispatcher in dispatchers]
        try:
            yield
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.gather(*(dispatcher.stop(1) for dispatcher in dispatchers))

    async def talk(self, count: int, pause: float) -> None:
        """People say something, in eight channels, each in order."""

        async def one(channel: str) -> None:
            for n in range(count // 8):
                self.said.append((channel, str(n)))
                await self.stores[n % 2].intake.add(said(str(n), channel))
                await asyncio.sleep(pause)

        await asyncio.gather(*(one(f"web:{n}") for n in range(8)))

    async def all_answered(self) -> None:
        await until(lambda: len(self.taken) >= len(self.said), 30)
        await asyncio.sleep(0.3)  # for what should not come
        assert sorted(self.taken) == sorted(self.said), "each once"
        for channel, _ in self.said:
            texts = [int(text) for where, text in self.taken if where == channel]
            assert texts == sorted(texts)
        turns = await table(self.stores[0], "turns")
        assert len(turns) == len(self.said)
        assert all(turn["finished"] and turn["answer"] == f"yes {turn['id']}" for turn in turns)
        assert len(await table(self.stores[0], "spending")) == len(self.said)

    def _take(self, store: SqlStore) -> Take:
        async def take(turn: Turn) -> None:
            await asyncio.sleep(0.01)
            await store.queue.save_result(turn, JobResult(text=f"yes {turn.id}", model=MODEL, usage=Usage(credits=1)))
            with suppress(LeaseLost):  # it is finished, but the answer to that was lost
                await store.queue.finish(turn)
            self.taken.append((str(turn.message.channel), turn.message.text))

        return take


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_restarts_in_the_middle_of_everything_lose_nothing_and_double_nothing(
    server: Cluster, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.worker.RENEWAL", 0.5)
    async with open_store(server.url, MODEL) as one, open_store(server.url, MODEL) as other:
        fleet = Fleet(one, other)
        async with fleet.working():
            talking = asyncio.create_task(fleet.talk(400, 0.05))
            for pause in (0.4, 0.1, 0.6):
                await asyncio.sleep(pause)
                await server.stop(mode)
                await asyncio.sleep(pause)
                await server.start()
            await talking
            await fleet.all_answered()


async def test_connections_that_end_again_and_again_lose_nothing_and_double_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.worker.RENEWAL", 0.5)
    ended = 0
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other:
        fleet = Fleet(one, other)
        async with fleet.working():
            talking = asyncio.create_task(fleet.talk(400, 0.04))
            while not talking.done():
                await asyncio.sleep(0.15)
                ended += await terminate_all(url)
            await talking
            await fleet.all_answered()
    assert ended > 30


async def test_a_fail_over_to_another_server_loses_nothing(server: Cluster) -> None:
    copy = await server.standby(server.folder.with_name("copy"))
    # As on a machine of its own: what was committed is on both.
    await query(server.url, "ALTER SYSTEM SET synchronous_standby_names = '*'")
    await query(server.url, "SELECT pg_reload_conf()")
    both = f"postgresql://postgres@/postgres?host={server.socket},{copy.socket}&target_session_attrs=primary"
    async with open_store(both, MODEL) as one, open_store(both, MODEL) as other:
        fleet = Fleet(one, other)
        async with fleet.working():
            talking = asyncio.create_task(fleet.talk(200, 0.05))
            await asyncio.sleep(0.5)
            await server.stop("immediate")
            await copy.promote()
            await query(copy.url, "ALTER SYSTEM RESET synchronous_standby_names")
            await query(copy.url, "SELECT pg_reload_conf()")
            await talking
            await fleet.all_answered()


async def test_a_connection_that_takes_no_writes_any_more_is_thrown_away(server: Cluster) -> None:
    async with open_store(server.url, MODEL) as store:
        await query(server.url, "ALTER SYSTEM SET default_transaction_read_only = on")
        await query(server.url, "SELECT pg_reload_conf()")
        await asyncio.sleep(0.2)
        adding = asyncio.create_task(store.intake.add(said("hello")))
        await asyncio.sleep(0.5)
        assert not adding.done()
        await query(f"{server.url}&options=-cdefault_transaction_read_only%3Doff", "ALTER SYSTEM RESET ALL")
        await query(server.url, "SELECT pg_reload_conf()")
        assert await adding
        assert await store.queue.count_waiting() == 1


async def test_patience_has_an_end_and_then_the_reason_is_told(
    server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(server.url, MODEL) as store:
        monkeypatch.setattr("bot.store.outage.STORE", replace(STORE, timeout=0.5))
        await server.stop()
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            await store.queue.count_waiting()
        with pytest.raises(psycopg.OperationalError):
            await store.intake.add(said())
        assert time.monotonic() - began < 20
        await server.start()
        monkeypatch.undo()
        assert await store.intake.add(said())


async def test_a_store_ends_soon_while_its_database_is_away(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.turn_queue.FAREWELL", 0.3)
    monkeypatch.setattr("bot.store.coordination.FAREWELL", 0.3)
    async with open_store(server.url, MODEL) as store:
        await store.intake.add(said())
        await server.stop()
        waiting = asyncio.gather(
            store.intake.add(said()), store.queue.count_waiting(), store.intake.add(said()), return_exceptions=True
        )
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await store.queue.release_leases()
        with suppress(TimeoutError):
            await store.coordination.unregister()
    assert time.monotonic() - began < 15
    assert all(isinstance(outcome, psycopg.Error) for outcome in await waiting)


async def test_work_goes_on_as_soon_as_the_database_is_back_for_all_who_wait(server: Cluster) -> None:
    async with open_store(server.url, MODEL, connections=4) as store:
        await asyncio.gather(*(store.queue.count_waiting() for _ in range(50)))
        await server.stop()
        waiting = [asyncio.create_task(store.queue.count_waiting()) for _ in range(200)]
        await asyncio.sleep(2)
        await server.start()
        began = time.monotonic()
        await asyncio.gather(*waiting)
        assert time.monotonic() - began < 20


async def test_what_is_in_work_longer_than_its_lease_is_not_taken_up_twice_by_the_same_process(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.turn_queue.LEASE", 0.05)  # the database was away for longer
    await store.intake.add(said())
    turn = await claim_one(store)
    await asyncio.sleep(0.1)
    assert await store.queue.claim(1) == []
    await store.queue.renew_leases([turn.id])
    await answer(store, turn, "a cat")


async def test_a_lease_begins_when_the_database_grants_it(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.turn_queue.LEASE", 1.0)
    async with open_store(server.url, MODEL) as store, open_store(server.url, MODEL) as other:
        await store.intake.add(said())
        await server.stop()
        claiming = asyncio.create_task(store.queue.claim(1))
        await asyncio.sleep(1.2)
        await server.start()
        [turn] = await claiming
        assert await other.queue.claim(1) == []
        await store.queue.renew_leases([turn.id])


# answers of the database that are lost


@asynccontextmanager
async def losing(url: str) -> AsyncIterator[tuple[SqlStore, Proxy]]:
    """A store behind a proxy that can lose answers."""
    proxy = Proxy(url)
    async with proxy.running() as address, open_store(address, MODEL) as store:
        yield store, proxy


async def lost(proxy: Proxy, needle: bytes, doing: Callable[[], Awaitable[object]]) -> object:
    """Do it while the answer to what contains the needle is lost."""
    proxy.lost = 0
    proxy.lose_answer(needle)
    outcome = await doing()
    assert proxy.lost == 1
    return outcome


async def test_a_message_whose_commit_was_not_answered_is_kept_once(url: str) -> None:
    async with losing(url) as (store, proxy):
        await lost(proxy, b"COMMIT", lambda: store.intake.add(said("hello")))
        part = replace(said("look", photos=1), album="a")
        await lost(proxy, b"COMMIT", lambda: store.intake.add(part))
        assert [row["message_id"] for row in await table(store, "parts")] == [part.id]
        assert len(await table(store, "turns")) == 2
        assert len(await table(store, "conversations")) == 1


async def test_a_claim_that_was_not_answered_is_given_back_and_found_again(url: str) -> None:
    async with losing(url) as (store, proxy):
        await store.intake.add(said("hello"))
        assert await lost(proxy, b"MATERIALIZED", lambda: store.queue.claim(5)) == []
        await store.queue.renew_leases([])
        assert (await claim_one(store)).message.text == "hello"


async def test_an_answer_that_was_not_acknowledged_is_kept_and_booked_once(url: str) -> None:
    async with losing(url) as (store, proxy):
        await store.intake.add(said())
        turn = await claim_one(store)
        usage = Usage(credits=7)
        await lost(
            proxy, b"COMMIT", lambda: store.queue.save_result(turn, JobResult(text="a cat", model=MODEL, usage=usage))
        )
        await lost(proxy, b"INTO spending", lambda: store.ledger.settle(turn, 1, MODEL, usage))
        assert (await store.ledger.get_spent(0)).credits == 14
        await lost(
            proxy,
            b"COMMIT",
            lambda: store.files.save_generated(turn, [File(name="a.png", mime="image/png", data=b"1", about="a cat")]),
        )
        assert len(await store.files.list_generated(turn.id)) == 1
        await lost(proxy, b"INTO posts", lambda: store.posts.save_post_id(turn, HERE, 0, "p1"))
        assert await store.posts.list_posts(turn, HERE) == ["p1"]


async def test_a_turn_whose_end_was_not_acknowledged_is_finished_and_the_next_comes_forward(url: str) -> None:
    async with losing(url) as (store, proxy):
        await store.intake.add(said("one"))
        await store.intake.add(said("two"))
        turn = await claim_one(store)
        with pytest.raises(LeaseLost):
            await lost(proxy, b"COMMIT", lambda: store.queue.finish(turn, "because"))
        [done] = [row for row in await table(store, "turns") if row["id"] == turn.id]
        assert done["finished"] and done["error"] == "because"
        assert (await claim_one(store)).message.text == "two"


async def test_a_turn_is_put_back_once_however_often_that_is_said(url: str) -> None:
    async with losing(url) as (store, proxy):
        await store.intake.add(said())
        turn = await claim_one(store)
        with pytest.raises(LeaseLost):
            await lost(proxy, b"tries = tries + 1", lambda: store.queue.reschedule(turn, 0))
        again = await claim_one(store)
        assert again.attempts == 1
        with pytest.raises(LeaseLost):  # as if it were said only now
            await store.queue.reschedule(turn, 0)
        await answer(store, again, "a cat")


async def test_photos_keep_their_numbers_when_they_are_counted_again(url: str) -> None:
    async with losing(url) as (store, proxy):
        await store.intake.add(said())
        turn = await claim_one(store)
        await lost(proxy, b"COMMIT", lambda: show(store, turn, "cat", "dog"))
        assert await numbers(store, turn.conversation) == {"cat": 1, "dog": 2}
        assert cleaned("cat").sha256


async def test_a_version_is_added_once(url: str) -> None:
    async with losing(url) as (store, proxy):
        turn = await asked(store, "what is this?", "a cat")
        await store.intake.add(said("again"))
        by = await claim_one(store)
        assert (
            await lost(
                proxy, b"COMMIT", lambda: store.turns.add_version(turn, by, AnswerVersion(text="a dog", model=MODEL))
            )
            == 1
        )
        assert [version.text for version in await store.turns.list_versions(turn)] == ["a cat", "a dog"]


async def test_a_code_that_was_taken_counts_though_the_answer_was_lost(url: str) -> None:
    async with losing(url) as (store, proxy):

        async def use(code: str) -> str | None:
            return await store.people.redeem_code("pair", code, by="web:ann")

        code = await store.people.create_code("pair", "web:ann", 60)
        assert await lost(proxy, b"UPDATE codes", lambda: use(code)) == "web:ann"
        assert await use(code) is None
        assert await table(store, "codes") == []
        other = await store.people.create_code("pair", "web:ann", 60)
        assert await lost(proxy, b"DELETE FROM codes", lambda: use(other)) == "web:ann"


@pytest.mark.parametrize("how", ["conversations.renew", "deletion.forget"])
async def test_a_fresh_conversation_is_the_one_that_its_channels_share(url: str, how: str) -> None:
    async with losing(url) as (store, proxy):
        old = (await asked(store, "what is this?", "a cat")).conversation
        # The first commit begins the conversation, the second one moves there.
        fresh = await lost(proxy, b"UPDATE channels", lambda: attrgetter(how)(store)(old))
        assert fresh == await store.conversations.find_conversation(HERE)
        fresher = await lost(proxy, b"COMMIT", lambda: attrgetter(how)(store)(fresh))
        assert fresher == await store.conversations.find_conversation(HERE)


async def test_channels_come_and_go_once(url: str) -> None:
    async with losing(url) as (store, proxy):
        here = (await asked(store, "what is this?", "a cat")).conversation
        await lost(proxy, b"COMMIT", lambda: store.conversations.join(THERE, here))
        assert await store.conversations.list_channels(here) == sorted([HERE, THERE], key=str)
        await store.intake.add(said("waiting", str(THERE)))
        left = await lost(proxy, b"COMMIT", lambda: store.conversations.leave(THERE))
        assert left == await store.conversations.find_conversation(THERE)
        assert (await claim_one(store)).conversation == left
        await lost(proxy, b"COMMIT", lambda: store.channels.migrate_channel(HERE, Channel("web", "attic")))
        assert await store.conversations.list_channels(here) == [Channel("web", "attic")]
        await lost(proxy, b"COMMIT", lambda: store.conversations.drop_channel(Channel("web", "attic")))
        assert await store.conversations.list_channels(here) == []


# the ear


async def test_the_ear_hears_again_after_its_connection_was_ended(url: str) -> None:
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other:
        stopped = asyncio.Queue[int]()
        one.coordination.stopped = stopped.put_nowait
        await one.intake.add(said())
        turn = await claim_one(one)
        for _ in range(2):
            assert await terminate_all(url) >= 3
            await until(lambda: ears(url, 2))
            await query(url, "NOTIFY stops, 'nonsense'")
            await other.coordination.request_stop(turn.conversation.id)
            assert await asyncio.wait_for(stopped.get(), 30) == turn.conversation.id


async def test_what_was_said_while_the_ear_was_deaf_wakes_it_up(url: str) -> None:
    async with open_store(url, MODEL) as store:
        await until(lambda: ears(url, 1))
        await store.queue.wait(0.1)
        await terminate_all(url)
        began = time.monotonic()
        await store.queue.wait(120)
        assert 0.3 < time.monotonic() - began < 60


async def test_an_ear_whose_line_is_dead_is_replaced(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.notifications.QUIET", 0.3)
    monkeypatch.setattr("bot.store.notifications.ANSWERED", 0.3)
    proxy = Proxy(server.url)
    async with proxy.running() as address, open_store(server.url, MODEL, direct=address) as store:
        await until(lambda: ears(server.url, 1))
        before = await query(server.url, EARS)
        with proxy.silent():
            await asyncio.sleep(1)
        await until(lambda: ears(server.url, 1))
        assert await query(server.url, EARS) != before
        assert await store.queue.count_waiting() == 0


EARS = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN stops%'"


async def ears(url: str, count: int) -> bool:
    """Whether so many processes listen."""
    return len(await query(url, EARS)) == count


async def test_a_store_may_be_closed_at_any_moment_of_its_ear(url: str) -> None:
    async with asyncio.timeout(30):
        for n in range(60):
            async with open_store(url, MODEL):
                for _ in range(n % 12):
                    await asyncio.sleep(0)
                await asyncio.sleep(0.001 * (n % 5))


# alone


class Stage:
    """Where only one may stand; knows who was there, and when."""

    def __init__(self) -> None:
        self.stands: list[tuple[str, float, float]] = []  # who, from, to
        self.now: list[str] = []

    async def stand(self, who: str) -> None:
        began = time.monotonic()
        self.now.append(who)
        try:
            await asyncio.sleep(60)
        finally:
            self.now.remove(who)
            self.stands.append((who, began, time.monotonic()))

    def overlap(self) -> float:
        """The longest time in seconds that two stood there."""
        stands = sorted(self.stands, key=lambda stand: stand[1])
        return max([0.0] + [before[2] - after[1] for before, after in pairwise(stands)])


@asynccontextmanager
async def standing(stage: Stage, *stores: SqlStore) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Each of the stores wants to stand there alone."""

    def work(store: SqlStore) -> Work:
        return lambda: stage.stand(store.me)

    tasks = [asyncio.create_task(store.coordination.run_exclusively("stage", work(store))) for store in stores]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not {store.me for store in stores} & set(stage.now)


async def test_work_moves_on_when_its_lock_is_lost_and_is_never_done_twice_for_long(url: str) -> None:
    stage = Stage()
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other, standing(stage, one, other):
        await until(lambda: stage.now)
        for n in range(1, 5):
            pid = await lock_holder(url, "stage")
            began = time.monotonic()
            await query(url, "SELECT pg_terminate_backend(%s)", pid)
            await until(lambda n=n: len(stage.stands) >= n and stage.now)  # type: ignore[misc]
            assert time.monotonic() - began < 20
            assert len(stage.now) == 1
    assert stage.overlap() < CHECK
    assert {who for who, _, _ in stage.stands} <= {one.me, other.me}


async def test_work_ends_and_begins_again_with_the_database(server: Cluster) -> None:
    stage = Stage()
    async with (
        open_store(server.url, MODEL) as one,
        open_store(server.url, MODEL) as other,
        standing(stage, one, other),
    ):
        await until(lambda: stage.now)
        await server.stop()
        await until(lambda: not stage.now)
        await asyncio.sleep(1)
        await server.start()
        await until(lambda: stage.now)
    assert stage.overlap() == 0


async def test_work_ends_when_its_line_is_dead_and_nobody_tells(
    server: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.leader_election.CHECK", 0.3)
    monkeypatch.setattr("bot.store.leader_election.ANSWERED", 0.5)
    stage, proxy = Stage(), Proxy(server.url)
    async with (
        proxy.running() as address,
        open_store(server.url, MODEL, direct=address) as store,
        standing(stage, store),
    ):
        await until(lambda: stage.now)
        with proxy.silent():
            began = time.monotonic()
            await until(lambda: not stage.now)
            assert time.monotonic() - began < 20
        await until(lambda: stage.now)


async def test_who_waits_can_leave_and_who_leaves_lets_the_next_in(url: str) -> None:
    stage = Stage()
    async with open_store(url, MODEL) as one, open_store(url, MODEL) as other, standing(stage, one) as [first]:
        await until(lambda: stage.now)
        async with standing(stage, other) as [second]:
            await asyncio.sleep(0.2)
            second.cancel()
            await asyncio.wait([second], timeout=30)
            assert second.cancelled()
        async with standing(stage, other):
            first.cancel()
            await until(lambda: stage.now == [other.me])


async def test_work_that_ends_by_itself_is_not_begun_again(store: SqlStore) -> None:
    async def end() -> None:
        return

    async def fail() -> None:
        raise psycopg.OperationalError("of the work, not of the lock")

    await asyncio.wait_for(store.coordination.run_exclusively("end", end), 30)
    with pytest.raises(psycopg.OperationalError, match="of the work"):
        await asyncio.wait_for(store.coordination.run_exclusively("end", fail), 30)
    await asyncio.wait_for(store.coordination.run_exclusively("end", end), 30)


HOLDER = """
import asyncio, sys
from bot.store import open_store

async def main():
    async with open_store(sys.argv[1], "sandbox/any") as store:
        await store.coordination.run_exclusively("stage", lambda: asyncio.sleep(60))

asyncio.run(main())
"""


async def test_a_process_that_is_killed_makes_room(url: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, url, cwd=Path(__file__).parents[2])
    stage = Stage()
    try:
        await until(lambda: lock_holder(url, "stage"))
        async with open_store(url, MODEL) as store, standing(stage, store):
            await asyncio.sleep(0.3)
            assert stage.now == []
            os.kill(process.pid, signal.SIGKILL)
            await until(lambda: stage.now, 5)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


# connections


async def test_behind_a_pooler_nothing_is_prepared(url: str) -> None:
    async def prepared(direct: str | None) -> int:
        async with open_store(url, MODEL, direct=direct, connections=2) as store:
            for _ in range(20):
                await asked(store, "what is this?", "a cat")
            [row] = await store.db.read("SELECT COUNT(*) AS n FROM pg_prepared_statements")
            return int(row["n"])

    assert await prepared(None) > 0
    assert await prepared(url) == 0


async def test_a_pool_keeps_nothing_in_its_connections(url: str) -> None:
    async with open_store(url, MODEL, direct=url, connections=2) as store:
        await asked(store, "what is this?", "a cat")
        sql = "SELECT (SELECT COUNT(*) FROM pg_listening_channels()) AS ears, current_setting('lock_timeout') AS locks"
        [row] = await store.db.read(f"{sql}, current_setting('synchronous_commit') AS flush")
    assert row == {"ears": 0, "locks": "0", "flush": "on"}


def test_what_the_operator_wrote_counts() -> None:
    plain = options("postgresql://bot:secret@db/bot")
    assert (plain["application_name"], plain["target_session_attrs"]) == ("snapthread", "read-write")
    written = options("postgresql://a,b/bot?target_session_attrs=any&application_name=mine&connect_timeout=1")
    assert not {"target_session_attrs", "application_name", "connect_timeout", "host"} & written.keys()
    with pytest.raises(BadAddress) as refusal:
        options("postgresql://bot:se%cret@db/bot")
    assert "cret" not in str(refusal.value)


async def test_no_password_is_printed_while_the_database_is_away(
    server: Cluster,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printing = structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.JSONRenderer()])
    monkeypatch.setattr("bot.store.outage.log", printing)  # to what is captured, however others left structlog
    proxy = Proxy(server.url)
    async with proxy.running() as address:
        secret = address.replace("postgres@", "postgres:geheim123@")
        async with open_store(secret, MODEL) as store:
            await server.stop()
            reading = asyncio.create_task(store.queue.count_waiting())
            await asyncio.sleep(1.5)
            await server.start()
            await reading
    printed = "".join((*capsys.readouterr(), caplog.text))
    assert "the database is away" in printed
    assert "the database is back" in printed
    assert "geheim123" not in printed
    assert "postgresql://" not in printed


async def test_a_migration_waits_for_nobody_in_front_of_others(url: str) -> None:
    async with open_store(url, MODEL):
        pass
    for statement in undo(since="007"):
        await query(url, statement)
    async with await psycopg.AsyncConnection.connect(url) as reader:  # holds the table for a while
        await reader.execute("SELECT 1 FROM turns")
        opening = asyncio.create_task(opened(url))
        await asyncio.sleep(2.5)
        assert not opening.done()
        await until(lambda: nobody_queues(url))
    await opening


async def nobody_queues(url: str) -> bool:
    """Whether nobody waits for a table at this moment."""
    return not await query(url, "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'")


async def opened(url: str) -> None:
    async with open_store(url, MODEL) as store:
        assert await store.intake.add(said())


async def test_processes_that_start_together_migrate_once(empty_database: str) -> None:
    url = empty_database
    async with asyncio.timeout(20):
        await asyncio.gather(*(opened(url) for _ in range(4)))
    assert len(await query(url, "SELECT 1 FROM turns")) == 4
    assert await query(url, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", MIGRATING) == []
