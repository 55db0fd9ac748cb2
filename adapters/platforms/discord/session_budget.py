"""The budget of sessions: Discord counts each IDENTIFY, and resets the token of a bot that begins too many in a day.

Two limits hold before every session: what Discord says is left (`session_start_limit`), and a limit of our own that is
far below it, so that no event and no server can use up the day. The times of our sessions are kept in the store,
because a process that falls again and again would forget them.
"""

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.ports import Blobs

log = structlog.get_logger(__name__)

DAY = 86_400.0
MOST_A_DAY = 100  # sessions in any 24 hours; more only for a process with more than 20 shards
FREE_SHARE = 0.5  # of these, that begin as soon as they are wanted; the others are spread over the day
FRESH_SECONDS = 60.0  # for which Discord's word about what is left is believed
MIN_PAUSE = 1.0  # seconds until Discord is asked again

FetchLimits = Callable[[], Awaitable[Mapping[str, Any]]]
"""A function that returns Discord's `session_start_limit`."""


class SessionsSpent(Exception):
    """The failure to begin a session now: the connection is ended, and made again when one may begin."""


class SessionBudget:
    """The sessions that the listener of one set of shards may still begin."""

    def __init__(self, blobs: Blobs, name: str, shards: int = 1, clock: Callable[[], float] = time.time) -> None:
        """Make a budget; `name` tells it apart from those of other tokens and other shards."""
        self._blobs, self._key, self._clock = blobs, f"discord:sessions:{name}", clock
        self._most = max(MOST_A_DAY, 5 * shards)
        self._remaining, self._fetched_at = 0, -math.inf
        self._lock = asyncio.Lock()
        self.closed_until: float | None = None  # seconds since 1970; no session may begin before

    @property
    def detail(self) -> str:
        """A sentence for the operator while no session may begin; else empty."""
        if self.closed_until is None or self.closed_until <= self._clock():
            return ""
        moment = datetime.fromtimestamp(self.closed_until, UTC).strftime("%H:%M:%S")
        return f"no session with Discord may begin before {moment} UTC: too many have begun today"

    async def acquire(self, fetch_limits: FetchLimits, patience: float = math.inf) -> None:
        """Wait until a session may begin, and count it. Raises SessionsSpent when that takes longer than `patience`."""
        async with self._lock:
            while (pause := await self._pause(fetch_limits)) > 0:
                self._close(pause)
                if pause > patience:
                    raise SessionsSpent
                await asyncio.sleep(pause)
            self.closed_until = None
            self._remaining -= 1
            await self._save([*await self._times(), self._clock()])

    async def _pause(self, fetch_limits: FetchLimits) -> float:
        return await self._own_pause() or await self._discords_pause(fetch_limits)

    async def _own_pause(self) -> float:
        """Return the seconds until our own limit lets a session begin."""
        times, now = await self._times(), self._clock()
        if len(times) >= self._most:
            return max(0.0, times[-self._most] + DAY - now)
        free = self._most * FREE_SHARE
        if len(times) < free:
            return 0.0
        return max(0.0, times[-1] + DAY / (self._most - free) - now)

    async def _discords_pause(self, fetch_limits: FetchLimits) -> float:
        """Return the seconds until Discord's limit lets a session begin."""
        now = time.monotonic()
        if self._remaining > 0 and now - self._fetched_at < FRESH_SECONDS:
            return 0.0
        limits = await fetch_limits()
        self._remaining, self._fetched_at = int(limits.get("remaining", 1)), now
        if self._remaining > 0:
            return 0.0
        return max(MIN_PAUSE, float(limits.get("reset_after", 0)) / 1000)

    def _close(self, pause: float) -> None:
        if not self.detail:
            self.closed_until = self._clock() + pause
            log.error("no session with Discord may begin: too many have begun today", seconds=round(pause))
        self.closed_until = self._clock() + pause

    async def _times(self) -> list[float]:
        data = await self._blobs.get_blob(self._key)
        since = self._clock() - DAY
        return [moment for moment in (json.loads(data) if data else []) if since < moment]

    async def _save(self, times: list[float]) -> None:
        await self._blobs.put_blob(self._key, json.dumps([round(moment, 1) for moment in times]).encode())
