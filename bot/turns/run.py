"""The one shape of a job: admitted, done, booked, shown."""

from collections.abc import Awaitable

import structlog

from bot.asking.outcome import failure
from bot.errors import BotError, Busy
from bot.messages import JobResult, Turn
from bot.operations.metrics import Metrics
from bot.turns.jobs import Job, JobContext
from bot.util.retry import DELIVER_LATER

log = structlog.get_logger(__name__)


async def run_job(context: JobContext, metrics: Metrics, job: Job, turn: Turn) -> str:
    """Have a turn's work admitted and done, book and show it; return how it ended.

    The result is stored with what it took, in one transaction: after a crash it is only shown. Raises Busy where all
    of this is worth another try.
    """
    result = turn.result
    if result is None:
        result = await _do_admitted(context, job, turn)
        await context.store.queue.save_result(turn, result)
        metrics.answered(turn, result)
    return await deliver(turn, job.show(result)) or result.outcome


async def _do_admitted(context: JobContext, job: Job, turn: Turn) -> JobResult:
    """Do the work unless somebody has used up what they may use."""
    try:
        models = await job.list_models()
        notes = await context.limits.admit(turn, *models) if models else []
    except BotError as error:
        return failure(error.code, str(error))
    return await job.do(notes)


async def deliver(turn: Turn, showing: Awaitable[None]) -> str | None:
    """Await what shows an answer; return what went wrong where it cannot be shown for good."""
    try:
        await showing
    except Busy as error:
        if not DELIVER_LATER.is_over(turn.attempts + 1):
            raise
        return _undelivered(error)
    except BotError as error:
        return _undelivered(error)
    return None


def _undelivered(error: BotError) -> str:
    log.error("the answer could not be delivered", reason=error.code)
    return error.code
