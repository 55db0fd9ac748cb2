"""How to live with an outage: wait longer each time, say it once, and know a revoked token from a hiccup."""

import asyncio

import structlog
from telegram.error import InvalidToken

from bot.errors import Busy, Refused
from bot.util.retry import TELEGRAM_POLL, Backoff, RetryPolicy

log = structlog.get_logger(__name__)

REFUSALS = 3  # in a row, after which the token is taken to be revoked


class PollingBackoff:
    """Counts failures in a row."""

    def __init__(self, policy: RetryPolicy = TELEGRAM_POLL) -> None:
        self.policy = policy
        self._backoff = Backoff(policy)
        self._refusals = 0
        self._said = ""

    async def after(self, error: Exception) -> None:
        """Sleep. Raises Refused once the token must be taken to be revoked."""
        self._refusals = self._refusals + 1 if isinstance(error, InvalidToken) else 0
        if self._refusals >= REFUSALS:
            raise Refused("telegram_wrong_token") from error
        self._say(type(error).__name__, str(error))
        await asyncio.sleep(self._backoff.next_delay(error.retry_after if isinstance(error, Busy) else None))

    def over(self) -> None:
        """All is well again."""
        if self._backoff.failures:
            log.info("listening to Telegram works again", failures=self._backoff.failures)
        self._backoff.reset()
        self._refusals = 0
        self._said = ""

    def _say(self, kind: str, reason: str) -> None:
        if kind != self._said:  # an outage is one line, not one each second
            log.warning("listening to Telegram is disturbed", kind=kind, reason=reason[:200])
            self._said = kind
