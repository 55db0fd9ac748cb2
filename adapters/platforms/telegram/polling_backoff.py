"""How to live with an outage: wait longer each time, say it once, and know a revoked token from a hiccup."""

import asyncio
import random

import structlog
from telegram.error import InvalidToken

from bot.errors import Busy, Refused

log = structlog.get_logger(__name__)

REFUSALS = 3  # in a row, after which the token is taken to be revoked


class PollingBackoff:
    """Counts failures in a row."""

    def __init__(self, first: float = 1.0, most: float = 30.0) -> None:
        """Wait `first` seconds after one failure, then twice as long each time, `most` at most."""
        self.first, self.most = first, most
        self._failures = self._refusals = 0
        self._said = ""

    async def after(self, error: Exception) -> None:
        """Sleep. Raises Refused once the token must be taken to be revoked."""
        self._failures += 1
        self._refusals = self._refusals + 1 if isinstance(error, InvalidToken) else 0
        if self._refusals >= REFUSALS:
            raise Refused("telegram_wrong_token") from error
        self._say(type(error).__name__, str(error))
        pause = min(self.first * 2.0 ** min(self._failures - 1, 16), self.most)
        asked = error.retry_after if isinstance(error, Busy) else None
        await asyncio.sleep(asked or pause * random.uniform(0.75, 1.25))

    def over(self) -> None:
        """All is well again."""
        if self._failures:
            log.info("listening to Telegram works again", failures=self._failures)
        self._failures = self._refusals = 0
        self._said = ""

    def _say(self, kind: str, reason: str) -> None:
        if kind != self._said:  # an outage is one line, not one each second
            log.warning("listening to Telegram is disturbed", kind=kind, reason=reason[:200])
            self._said = kind
