"""The back room: a claimed turn goes in, an answered turn comes out. What becomes of its lease is decided here."""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from time import monotonic

import structlog

from bot.asking.asker import failure
from bot.chat_platform import ReactsToMessages
from bot.errors import BotError, Busy, FailureCode, LeaseLost
from bot.messages import NO_FAILURES, PUT_ASIDE, JobResult, Turn
from bot.operations.metrics import Metrics
from bot.replies.reply import Reply
from bot.turns.jobs import Job, JobContext, job_of
from bot.util.retry import ASK_AGAIN, DELIVER_AGAIN, DELIVER_LATER
from bot.util.tasks import running_task
from bot.words import say, speaking

log = structlog.get_logger(__name__)
EYES = "👀"


class Worker:
    """Answers turns, as many side by side as somebody calls `take`."""

    def __init__(self, hands: JobContext, metrics: Metrics) -> None:
        self.hands, self.store, self.metrics = hands, hands.store, metrics

    async def take(self, turn: Turn) -> None:
        """Answer the turn and deliver it, or put it back. Cancelled, it leaves the lease to whoever cancels."""
        with structlog.contextvars.bound_contextvars(turn=turn.id):
            try:
                settings = await self.store.channels.get_channel_settings(turn.message.channel)
                with speaking(settings.language or turn.message.language):
                    await self._take(turn)
            except LeaseLost:
                log.warning("another process has taken this turn over")
            except Exception:
                log.exception("a turn failed")
                await self._put_aside(turn)

    async def _take(self, turn: Turn) -> None:
        try:
            await self._finish(turn)
        except Busy as error:
            await self._put_back(turn, error)

    async def _finish(self, turn: Turn) -> None:
        if not turn.message.addressed:  # an album in which no part speaks to the bot
            await self.store.intake.forget_words(turn.id)
            await self.store.queue.finish(turn)
            return
        if turn.is_poison:
            await self._quarantine(turn)
            return
        started = monotonic()
        async with progress_reaction(self.hands, turn):
            outcome = await run_job(self.hands, self.metrics, await job_of(self.hands, turn), turn)
            await self.store.queue.finish(turn, error=None if outcome in NO_FAILURES else outcome)
        self.metrics.finished(turn, outcome)
        log.info("finished", outcome=outcome, seconds=round(monotonic() - started, 2))

    async def _quarantine(self, turn: Turn) -> None:
        """Take a turn that brings the bot down off the queue, and tell the asker; its words are not looked at."""
        channel = turn.message.channel
        log.error("a turn is put aside", platform=channel.platform, stalls=turn.stalls, crashes=turn.crashes)
        reply = Reply(self.hands.platform_of(turn), self.store.posts, turn, channel)
        await deliver(turn, reply.show(f"⚠️ {say(PUT_ASIDE, turn=turn.id)}"))
        await self.store.queue.finish(turn, error=PUT_ASIDE)
        self.metrics.finished(turn, PUT_ASIDE)

    async def _put_aside(self, turn: Turn) -> None:
        """Try again later what a bug kept from being said, and at last let the conversation go on without it."""
        try:
            if DELIVER_AGAIN.is_over(turn.attempts + 1):
                await self.store.queue.finish(turn, error=FailureCode.BUG)
            else:
                await self.store.queue.reschedule(turn, DELIVER_AGAIN.delay(turn.attempts + 1))
        except Exception:  # the store itself is away
            log.exception("a turn could not be put aside")

    async def _put_back(self, turn: Turn, error: Busy) -> None:
        pause = ASK_AGAIN.delay(turn.attempts + 1, error.retry_after)
        log.warning("again later", seconds=pause, reason=error.code)
        try:
            if turn.attempts and turn.result is None:  # the first hiccup is not worth a word
                await self._say_why_it_takes_so_long(turn, error)
            await self.store.queue.reschedule(turn, pause)
        except LeaseLost:
            log.warning("another process has taken this turn over")

    async def _say_why_it_takes_so_long(self, turn: Turn, error: Busy) -> None:
        platform = self.hands.platforms.get(turn.message.channel.platform)
        if platform is None:
            return
        try:  # in the post that will hold the answer
            await Reply(platform, self.store.posts, turn, turn.message.channel).show(
                f"⏳ {say('busy_now', reason=error)}"
            )
        except BotError as trouble:
            log.warning("could not say so", reason=trouble.code)


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


@asynccontextmanager
async def progress_reaction(context: JobContext, turn: Turn) -> AsyncGenerator[None, None]:
    """Show the reaction while entered, where people and the platform allow it; it stays on what is tried again."""
    reactions = await _find_reactions(context, turn)
    if reactions is None:
        yield
        return
    async with running_task(_react(reactions, turn, is_on=True)):
        yield
    await _react(reactions, turn, is_on=False)


async def _find_reactions(context: JobContext, turn: Turn) -> ReactsToMessages | None:
    message = turn.message
    platform = context.platforms.get(message.channel.platform)
    has_photo = any(not attachment.sound for attachment in message.attachments)
    if platform is None or platform.reactions is None or message.private or not (has_photo and message.id.isdigit()):
        return None
    settings = await context.store.channels.get_channel_settings(message.channel)
    return platform.reactions if settings.reactions else None


async def _react(reactions: ReactsToMessages, turn: Turn, *, is_on: bool) -> None:
    try:
        await reactions.react(turn.message.channel, turn.message.id, EYES, is_on=is_on)
    except BotError as error:  # nobody misses it
        log.debug("a reaction was not shown", turn=turn.id, reason=error.code)
