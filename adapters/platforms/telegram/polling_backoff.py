"""The back-off of polling: longer waits each time, one line in the log, and a stop when the token is revoked."""

import asyncio

import structlog
from telegram.error import InvalidToken

from bot.errors import Busy, FailureCode, Refused
from bot.util.retry import TELEGRAM_POLL, Backoff, RetryPolicy

log = structlog.get_logger(__name__)

MAX_REFUSALS = 3  # in a row, after which the token is taken to be revoked


class PollingBackoff:
    """A counter of consecutive failures that waits after each."""

    def __init__(self, policy: RetryPolicy = TELEGRAM_POLL) -> None:
        self.policy = policy
        self._backoff = Backoff(policy)
        self._refusals = 0
        self._logged_kind = ""

    async def wait_after(self, error: Exception) -> None:
        """Sleep after a failure. Raises Refused once the token must be taken to be revoked."""
        self._refusals = self._refusals + 1 if isinstance(error, InvalidToken) else 0
        if self._refusals >= MAX_REFUSALS:
            raise Refused(FailureCode.TELEGRAM_WRONG_TOKEN) from error
        self._log_once(type(error).__name__, str(error))
        await asyncio.sleep(self._backoff.next_delay(error.retry_after if isinstance(error, Busy) else None))

    def reset(self) -> None:
        """Forget all failures: polling works again."""
        if self._backoff.failures:
            log.info("listening to Telegram works again", failures=self._backoff.failures)
        self._backoff.reset()
        self._refusals = 0
        self._logged_kind = ""

    def _log_once(self, kind: str, reason: str) -> None:
        if kind != self._logged_kind:  # an outage is one line, not one each second
            log.warning("listening to Telegram is disturbed", kind=kind, reason=reason[:200])
            self._logged_kind = kind
