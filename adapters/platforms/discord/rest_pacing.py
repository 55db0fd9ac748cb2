"""What Discord allows a token, whichever process uses it: so many calls a second, and one new session in five."""

import asyncio
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from types import SimpleNamespace

import aiohttp
import structlog

from bot.errors import Busy
from bot.messages import RateLimit
from bot.ports import Coordination

log = structlog.get_logger(__name__)

MOST_CALLS = 45  # a second; Discord allows fifty, and counts when they arrive
FREE = re.compile(r"/(interactions|webhooks)/\d+/")  # calls by an interaction's token, which do not count
BETWEEN_SESSIONS = 5.5  # seconds; Discord wants five, and the way there takes its time
LONGEST_HOLD = 45.0  # seconds that a connection waits without a session, before Discord or discord.py gives it up
PATIENCE = 60.0  # seconds that a call waits
STORE_SECONDS = 5.0  # that the store may take; then we go on without it, and Discord itself says when it is too much

_missable: ContextVar[bool] = ContextVar("missable", default=False)


@contextmanager
def best_effort(is_so: bool = True) -> Iterator[None]:
    """Calls that are made now or not at all (Busy), because there will be a better time."""
    before = _missable.set(is_so)
    try:
        yield
    finally:
        _missable.reset(before)


class RestPacing:
    """Holds calls back until all processes together may make one more."""

    def __init__(self, coordination: Coordination, token: str, most_calls: int | None = None) -> None:
        """`most_calls` a second; None: as many as Discord takes."""
        self._coordination = coordination
        self._name = f"discord:{blake2b(token.encode(), digest_size=8).hexdigest()}"
        self._calls = RateLimit(self._name, most_calls, 1.0) if most_calls else None
        self._closed_until = 0.0  # to calls that can be missed; as the loop counts

    def trace(self) -> aiohttp.TraceConfig:
        """What makes the calls of an aiohttp client wait."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._before)
        return trace

    async def session(self, shard: int, at_once: int, patience: float = math.inf) -> None:
        """Wait until the shard may begin a session; `at_once` is how many may side by side.

        TimeoutError, at once, when that is later than in `patience` seconds.
        """
        gate = RateLimit(f"{self._name}:session:{shard % at_once}", 1, BETWEEN_SESSIONS)
        pause = await self._admit(gate, patience)
        if pause > patience:
            raise TimeoutError
        await asyncio.sleep(pause)

    async def _before(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, asked: aiohttp.TraceRequestStartParams
    ) -> None:
        if self._calls is None or FREE.search(asked.url.path):
            return
        if _missable.get():
            patience, pause = 0.0, await self._now_or_later(self._calls)
        else:
            patience, pause = PATIENCE, await self._admit(self._calls, PATIENCE)
        if pause > patience:
            raise Busy("discord_slow_down", retry_after=pause)
        await asyncio.sleep(pause)

    async def _now_or_later(self, gate: RateLimit) -> float:
        """0 for a pass, or when to ask for one. A gate known to be closed is not asked: growing texts try often."""
        now = asyncio.get_running_loop().time()
        if now >= self._closed_until:
            self._closed_until = now + await self._admit(gate, 0)
        return self._closed_until - now

    async def _admit(self, gate: RateLimit, patience: float) -> float:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await self._coordination.acquire(gate, patience)
        except Exception as error:
            log.warning("the limits of Discord could not be shared", reason=type(error).__name__)
            return 0.0
