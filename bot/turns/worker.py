"""The back room: a claimed turn goes in, an answered turn comes out. What becomes of its lease is decided here."""

from time import monotonic

import structlog

from bot.errors import BotError, Busy, FailureCode, LeaseLost
from bot.messages import NO_FAILURES, PUT_ASIDE, Turn
from bot.operations.metrics import Metrics
from bot.replies.reply import Reply
from bot.turns.jobs import JobContext, job_of
from bot.turns.jobs.progress_reactions import progress_reaction
from bot.turns.run import deliver, run_job
from bot.util.retry import ASK_AGAIN, DELIVER_AGAIN
from bot.words import say, speaking

log = structlog.get_logger(__name__)


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
