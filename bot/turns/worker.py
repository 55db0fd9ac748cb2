"""The back room: a claimed turn goes in, an answered turn comes out. What becomes of its lease is decided here."""

from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from bot.errors import BotError, Busy, LeaseLost
from bot.messages import PUT_ASIDE, Answer, Turn
from bot.operations.metrics import Metrics
from bot.replies.reply import Reply
from bot.turns.jobs import Job, JobContext, job_of
from bot.util.retry import ASK_AGAIN, DELIVER_AGAIN
from bot.words import say, speaking

log = structlog.get_logger(__name__)

GOOD = ("answered", "command", "stopped")  # outcomes of which nothing needs to be kept


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
            await self.store.queue.finish(turn)
            return
        if turn.is_poison:
            await self._quarantine(turn)
            return
        started, outcome = monotonic(), "answered"
        job = await job_of(self.hands, turn)
        text = turn.answer
        if text is None:
            answer, outcome = await self._do(job, turn)
            text = answer.text
        outcome = await self._deliver(job.show, turn, text) or outcome
        await self.store.queue.finish(turn, error=None if outcome in GOOD else outcome)
        self.metrics.finished(turn, outcome)
        log.info("finished", outcome=outcome, seconds=round(monotonic() - started, 2))

    async def _do(self, job: Job, turn: Turn) -> tuple[Answer, str]:
        answer, outcome = await job.do()
        await self.store.queue.save_answer(turn, answer)
        self.metrics.answered(turn, answer)
        return answer, outcome

    async def _quarantine(self, turn: Turn) -> None:
        """Take a turn that brings the bot down off the queue, and tell the asker; its words are not looked at."""
        channel = turn.message.channel
        log.error("a turn is put aside", platform=channel.platform, stalls=turn.stalls, crashes=turn.crashes)
        reply = Reply(self.hands.adapter_of(turn), self.store, turn, channel)
        await self._deliver(reply.show, turn, f"⚠️ {say(PUT_ASIDE, turn=turn.id)}")
        await self.store.queue.finish(turn, error=PUT_ASIDE)
        self.metrics.finished(turn, PUT_ASIDE)

    async def _deliver(self, show: Callable[[str], Awaitable[None]], turn: Turn, text: str) -> str | None:
        """Show the whole answer; the key of what went wrong where it cannot be shown for good."""
        try:
            await show(text)
        except Busy as error:
            if not ASK_AGAIN.is_over(turn.attempts + 1):
                raise
            return _undelivered(error)
        except BotError as error:
            return _undelivered(error)
        return None

    async def _put_aside(self, turn: Turn) -> None:
        """Try again later what a bug kept from being said, and at last let the conversation go on without it."""
        try:
            if DELIVER_AGAIN.is_over(turn.attempts + 1):
                await self.store.queue.finish(turn, error="bug")
            else:
                await self.store.queue.reschedule(turn, DELIVER_AGAIN.delay(turn.attempts + 1))
        except Exception:  # the store itself is away
            log.exception("a turn could not be put aside")

    async def _put_back(self, turn: Turn, error: Busy) -> None:
        pause = ASK_AGAIN.delay(turn.attempts + 1, error.retry_after)
        log.warning("again later", seconds=pause, reason=error.key)
        try:
            if turn.attempts and turn.answer is None:  # the first hiccup is not worth a word
                await self._say_why_it_takes_so_long(turn, error)
            await self.store.queue.reschedule(turn, pause)
        except LeaseLost:
            log.warning("another process has taken this turn over")

    async def _say_why_it_takes_so_long(self, turn: Turn, error: Busy) -> None:
        adapter = self.hands.adapters.get(turn.message.channel.platform)
        if adapter is None:
            return
        try:  # in the post that will hold the answer
            await Reply(adapter, self.store, turn, turn.message.channel).show(f"⏳ {say('busy_now', reason=error)}")
        except BotError as trouble:
            log.warning("could not say so", reason=trouble.key)


def _undelivered(error: BotError) -> str:
    log.error("the answer could not be delivered", reason=error.key)
    return error.key
