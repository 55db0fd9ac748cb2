"""Pacing by Discord's limits for a token, shared by all processes: calls a second, and a new session in five."""

import asyncio
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from types import SimpleNamespace

import aiohttp
import structlog

from bot.errors import Busy, FailureCode
from bot.messages import RateLimit
from bot.ports import Coordination

log = structlog.get_logger(__name__)

MAX_CALLS = 45  # a second; Discord allows fifty, and counts when they arrive
FREE = re.compile(r"/(interactions|webhooks)/\d+/")  # calls by an interaction's token, which do not count
CALL_SECONDS = 1.0  # in which so many calls may be made
SESSION_SECONDS = 5.5  # between two sessions; Discord wants five, and requests take a varying time to arrive
MAX_SESSION_WAIT = 45.0  # seconds that a connection waits for its session, before Discord or discord.py gives it up
MAX_WAIT = 60.0  # seconds for a call
STORE_TIMEOUT = 5.0  # seconds; then calls go on without the store, and Discord itself says when they are too many

_is_best_effort: ContextVar[bool] = ContextVar("missable", default=False)


@contextmanager
def best_effort(is_on: bool = True) -> Iterator[None]:
    """Make calls inside best-effort: they are made now or not at all (Busy)."""
    token = _is_best_effort.set(is_on)
    try:
        yield
    finally:
        _is_best_effort.reset(token)


@dataclass(slots=True)
class ReplyStatus:
    """The HTTP status of the latest reply; 0 before there is one."""

    code: int = 0


_reply_status: ContextVar[ReplyStatus | None] = ContextVar("reply_status", default=None)


@contextmanager
def reply_status() -> Iterator[ReplyStatus]:
    """Note the status of the replies to calls inside, whose bodies may be unreadable."""
    status = ReplyStatus()
    token = _reply_status.set(status)
    try:
        yield status
    finally:
        _reply_status.reset(token)


async def _note_status(
    session: aiohttp.ClientSession, context: SimpleNamespace, trace_params: aiohttp.TraceRequestEndParams
) -> None:
    if status := _reply_status.get():
        status.code = trace_params.response.status


class RestPacing:
    """A pacer that delays calls until all processes together may make one more."""

    def __init__(self, coordination: Coordination, token: str, max_calls: int | None = None) -> None:
        """Make a pacer with `max_calls` a second; None: no limit."""
        self._coordination = coordination
        self.name = f"discord:{blake2b(token.encode(), digest_size=8).hexdigest()}"
        self._calls = RateLimit(self.name, max_calls, CALL_SECONDS) if max_calls else None
        self._closed_until = 0.0  # to best-effort calls; by the loop's clock

    def trace(self) -> aiohttp.TraceConfig:
        """Return the trace that delays the calls of an aiohttp client."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._delay)
        trace.on_request_end.append(_note_status)
        return trace

    async def wait_for_session(self, shard: int, max_concurrency: int, patience: float = math.inf) -> None:
        """Wait until the shard may begin a session; `max_concurrency` is how many may begin at once.

        Raises TimeoutError, at once, when that is later than in `patience` seconds.
        """
        rate_limit = RateLimit(f"{self.name}:session:{shard % max_concurrency}", 1, SESSION_SECONDS)
        pause = await self._acquire(rate_limit, patience)
        if pause > patience:
            raise TimeoutError
        await asyncio.sleep(pause)

    async def _delay(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, trace_params: aiohttp.TraceRequestStartParams
    ) -> None:
        if self._calls is None or FREE.search(trace_params.url.path):
            return
        if _is_best_effort.get():
            patience, pause = 0.0, await self._acquire_now(self._calls)
        else:
            patience, pause = MAX_WAIT, await self._acquire(self._calls, MAX_WAIT)
        if pause > patience:
            raise Busy(FailureCode.DISCORD_SLOW_DOWN, retry_after=pause)
        await asyncio.sleep(pause)

    async def _acquire_now(self, rate_limit: RateLimit) -> float:
        """Return 0 to go on, or the seconds to wait; the store is not asked while the limit is known to be reached."""
        now = asyncio.get_running_loop().time()
        if now >= self._closed_until:
            self._closed_until = now + await self._acquire(rate_limit, 0)
        return self._closed_until - now

    async def _acquire(self, rate_limit: RateLimit, patience: float) -> float:
        try:
            async with asyncio.timeout(STORE_TIMEOUT):
                return await self._coordination.acquire(rate_limit, patience)
        except Exception as error:
            log.warning("the limits of Discord could not be shared", reason=type(error).__name__)
            return 0.0
