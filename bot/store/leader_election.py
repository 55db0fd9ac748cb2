"""Alone: work that only one process at a time does, guarded by an advisory lock of PostgreSQL.

The lock belongs to a connection, so the server frees it when the process dies. It is asked for again and again instead
of waited for: a statement that waits for days would keep the server from tidying up its tables, and somebody who waits
on a connection that is long dead would never be told.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import structlog

from bot.store.postgres_connections import ANSWERED, Connection, ask, close, connect
from bot.util.retry import STORE_LEADERSHIP, STORE_LOCK, Backoff
from bot.util.tasks import running_task

log = structlog.get_logger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]

CHECK = 2.0  # seconds between two looks whether the lock is still ours

LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS ours"

# A machine that vanished keeps the lock for eleven seconds; one that lives but is cut off has given up after five
# (CHECK + ANSWERED). Settings that this server does not know are left out.
NOTICE_DEATH = """
SELECT set_config(name, value, FALSE) FROM pg_settings JOIN (VALUES ('tcp_keepalives_idle', '5'),
    ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '11000')
) AS wanted (name, value) USING (name)
"""


async def run_exclusively(url: str, name: str, work: Work) -> None:
    """Do the work while this process alone holds the lock of that name; begin anew when it was lost.

    Returns or raises what the work does when it ends by itself.
    """
    backoff = Backoff(STORE_LEADERSHIP)
    while True:
        try:
            done = await _do_once(url, name, work)
        except (psycopg.Error, OSError) as error:
            log.warning("cannot hold what one process does alone", work=name, reason=type(error).__name__)
        else:
            if done:
                return done.result()
            backoff.reset()
        await asyncio.sleep(backoff.next_delay())


async def _do_once(url: str, name: str, work: Work) -> asyncio.Task[None] | None:
    """The work, which has ended by itself; None when the lock was lost. Raises what kept us from the lock."""
    guard = await connect(url)
    try:
        await _queue(guard, name)
        log.info("took over", work=name)
        return await _guarded(guard, name, work)
    finally:
        await close(guard)


async def _queue(guard: Connection, name: str) -> None:
    """Return when the lock is ours."""
    await ask(guard, ANSWERED, NOTICE_DEATH)
    while True:
        [row] = await ask(guard, ANSWERED, LOCK, name)
        if row["ours"]:
            return
        await asyncio.sleep(STORE_LOCK.delay(1))


async def _guarded(guard: Connection, name: str, work: Work) -> asyncio.Task[None] | None:
    ended = False
    try:
        # Also when we are cancelled, leaving waits for the work: nobody else may begin before this has ended.
        async with running_task(_watch(guard)) as watching, running_task(work(), name) as working:
            await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
            ended = working.done()
            if not ended:
                log.warning("lost what one process does alone", work=name)
    finally:
        if not (ended or working.cancelled()) and (error := working.exception()):
            log.warning("what one process does alone did not end well", work=name, reason=type(error).__name__)
    return working if ended else None


async def _watch(guard: Connection) -> None:
    """Return when the lock is lost. Waiting for news, of which there are none, notices at once that a line ends."""
    try:
        while True:
            async for _ in guard.notifies(timeout=CHECK):
                pass
            await ask(guard, ANSWERED, "SELECT 1")
    except psycopg.Error:
        return
