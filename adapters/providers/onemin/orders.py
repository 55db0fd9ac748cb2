"""Orders: work that 1min.ai goes on with after its reply.

With `async: true` a feature is answered at once by a record that is PROCESSING, and `GET /api/results/{uuid}` has that
record until it is done; an unknown UUID has null. (https://docs.1min.ai/docs/api/get-result, as three clients cite it;
the page itself is not stored.) An order that was placed is remembered: whoever asks again, after a crash or a long
wait, looks for its result instead of paying for another one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from adapters.providers.answer_stream import PendingFrame, ResultFrame
from adapters.providers.error_rules import ServiceFailure
from adapters.providers.onemin.reply_reader import read_record
from adapters.providers.onemin.uploads import AssetKeys
from bot.errors import Busy, FailureCode, Refused
from bot.util.retry import ONEMIN_ORDER, Backoff, RetryPolicy

log = structlog.get_logger(__name__)

MAX_MISSES = 5  # looks at a new record that find null, before it counts as gone

Record = Mapping[str, Any]
Done = tuple[Record, ResultFrame | ServiceFailure]


class Orders:
    """The orders of an account; those with a key are remembered among the asset keys."""

    def __init__(
        self,
        assets: AssetKeys,
        provider: str,
        account: str,
        fetch: Callable[[str], Awaitable[Mapping[str, Any]]],
        policy: RetryPolicy = ONEMIN_ORDER,
    ) -> None:
        """Make them; `fetch` returns the reply about a UUID, `policy` says how often to look, and for how long."""
        self.assets, self.provider, self.account = assets, provider, account
        self.fetch, self.policy = fetch, policy

    async def find(self, key: str) -> str | None:
        """Return the UUID of an order that was placed before; None without a key."""
        return await self.assets.get_asset(self.provider, self.account, _asset(key)) if key else None

    async def save(self, key: str, uuid: str) -> None:
        """Remember an order that has just been placed."""
        if key:
            await self.assets.save_asset(self.provider, self.account, _asset(key), uuid)

    async def forget(self, key: str) -> None:
        """Forget an order that came to nothing, so that it may be placed again."""
        if key:
            await self.assets.forget_asset(self.provider, self.account, _asset(key))

    async def wait_for(self, uuid: str) -> Done:
        """Return the record once it is done. Raises Busy (provider_slow) when that takes too long.

        An outage meanwhile says nothing about the order: it is looked for again.
        """
        backoff, misses = Backoff(self.policy), 0
        try:
            async with asyncio.timeout(self.policy.timeout):
                while True:
                    await asyncio.sleep(backoff.next_delay())
                    record = await self._look(uuid)
                    misses = misses + 1 if record is None else 0
                    if misses > MAX_MISSES:
                        raise Refused(FailureCode.MADE_GONE)
                    frame = read_record(record) if record else None
                    if record and frame and not isinstance(frame, PendingFrame):
                        return record, frame
        except TimeoutError as problem:
            raise Busy(FailureCode.PROVIDER_SLOW) from problem

    async def _look(self, uuid: str) -> Record | None:
        """Return the record; None where there is none, and an empty one where that cannot be told now."""
        try:
            record = (await self.fetch(uuid)).get("aiRecord")
        except Busy as error:
            log.warning("the result of an order cannot be looked up now", reason=error.code)
            return {}
        return record if isinstance(record, dict) else None


def _asset(key: str) -> str:
    return f"order {key}"
