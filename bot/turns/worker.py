"""The back room: turns are claimed while there are places, and worked on. What becomes of a lease is decided here."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import structlog

from bot.asking.asker import failure
from bot.chat_platform import ReactsToMessages
from bot.errors import BotError, Busy, FailureCode, LeaseLost
from bot.messages import NO_FAILURES, PUT_ASIDE, JobResult, Turn
from bot.operations.metrics import Metrics
from bot.ports import Coordination, Reporting, TurnIntake, TurnQueue
from bot.replies.reply import Reply
from bot.turns.jobs import Job, JobContext, job_of, next_to_index
from bot.util.retry import ASK_AGAIN, CLAIM_TURNS, DELIVER_AGAIN, DELIVER_LATER
from bot.util.tasks import BackgroundTasks, running_task
from bot.words import say, speaking

log = structlog.get_logger(__name__)

Take = Callable[[Turn], Coroutine[Any, Any, None]]

POLL = 5.0  # seconds between looks at the queue when nobody calls
SHARE = 4  # the part of the places that one person may take: a fourth, so that nobody's flood holds up everybody
RENEWAL = 10.0  # seconds; a third of the lease, so that two of them may fail

EYES = "👀"


class Dispatcher:
    """Hands claimed turns of these platforms to `take`, `most` of them in flight at the same time."""

    def __init__(
        self,
        queue: TurnQueue,
        reporting: Reporting,
        coordination: Coordination,
        take: Take,
        most: int,
        metrics: Metrics,
        platforms: Collection[str] | None = None,
        *,
        each: int | None = None,
    ) -> None:
        """`platforms` are those on which this process can speak; None: on all.

        `each` is how many turns of one person may be in flight; None: a share.
        """
        self.queue, self.reporting, self.coordination = queue, reporting, coordination
        self.take, self.most, self.metrics, self.platforms = take, most, metrics, platforms
        self._each = each or max(1, most // SHARE)
        self._tasks = BackgroundTasks()
        self._in_flight: dict[asyncio.Task[None], int] = {}  # and the numbers of their turns
        self._freed = asyncio.Event()
        self._claiming = asyncio.Lock()  # what has been claimed is in flight before leases are renewed

    @property
    def in_flight(self) -> int:
        """The number of turns in work."""
        return len(self._in_flight)

    async def run(self) -> None:
        """Work until cancelled; what is in flight then goes on, until `stop`."""
        async with running_task(self._renew()):
            while True:
                await self._claim_or_wait()

    async def stop(self, patience: float) -> None:
        """Let turns in flight end for `patience` seconds, then give the rest back to whoever comes next."""
        await self._tasks.close(patience)
        await self.queue.release_leases()

    async def _claim_or_wait(self) -> None:
        self._freed.clear()
        room = self.most - len(self._in_flight)
        if room <= 0:
            await self._freed.wait()
            return
        try:
            if await self._claim(room) < room:  # whatever is ripe and may be taken up ends the wait at once
                self.metrics.waiting.set(len(self._in_flight))
                await self.queue.wait(POLL, self.platforms, self._each)
        except Exception:  # the database is away: what it holds waits, and so do we
            log.exception("cannot claim")
            await asyncio.sleep(CLAIM_TURNS.delay(1))

    async def _claim(self, most: int) -> int:
        """Take up what is ripe, and return how much that is."""
        async with self._claiming:
            turns = await self.queue.claim(most, self.platforms, self._each)
            for turn in turns:
                self._start(turn)
        return len(turns)

    def _start(self, turn: Turn) -> None:
        task = self._tasks.start(self.take(turn), f"turn {turn.id}")
        self._in_flight[task] = turn.id
        self.metrics.in_flight.set(len(self._in_flight))
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._in_flight.pop(task, None)
        self.metrics.in_flight.set(len(self._in_flight))
        self._freed.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            try:
                await self._renew_leases()
                self.metrics.observe(await self.reporting.get_backlog())
                self.metrics.put_aside.set(await self.reporting.count_put_aside())
            except Exception:
                log.exception("cannot renew leases")

    async def _renew_leases(self) -> None:
        async with self._claiming:
            for conversation in await self.queue.renew_leases(list(self._in_flight.values())):
                self.coordination.stopped(conversation)


class Worker:
    """Answers turns, as many side by side as somebody calls `take`."""

    def __init__(self, context: JobContext, *, queue: TurnQueue, intake: TurnIntake, metrics: Metrics) -> None:
        self.context, self.queue, self.intake, self.metrics = context, queue, intake, metrics

    async def take(self, turn: Turn) -> None:
        """Answer the turn and deliver it, or put it back. Cancelled, it leaves the lease to whoever cancels."""
        with structlog.contextvars.bound_contextvars(turn=turn.id):
            try:
                settings = await self.context.channels.get_channel_settings(turn.message.channel)
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
        is_overheard = not turn.message.addressed  # such as an album in which no part speaks to the bot
        is_wanted = turn.message.wants_alt_text or turn.message.wants_index
        if is_overheard and (turn.is_poison or not is_wanted):
            await self.intake.forget_words(turn.id)
            await self.queue.finish(turn)
            return
        if turn.is_poison:
            await self._quarantine(turn)
            return
        started = monotonic()
        async with progress_reaction(self.context, turn):
            outcome = await self.run_job(await job_of(self.context, turn), turn)
            if following := await next_to_index(self.context, turn, outcome):
                await self.intake.add(following)
            if is_overheard:
                await self.intake.forget_words(turn.id)
            await self.queue.finish(turn, error=None if outcome in NO_FAILURES else outcome)
        self.metrics.finished(turn, outcome)
        log.info("finished", outcome=outcome, seconds=round(monotonic() - started, 2))

    async def run_job(self, job: Job, turn: Turn) -> str:
        """Have a turn's work admitted and done, book and show it; return how it ended.

        The result is stored with what it took, in one transaction: after a crash it is only shown. Raises Busy where
        all of this is worth another try.
        """
        result = turn.result
        if result is None:
            result = await self._do_admitted(job, turn)
            await self.queue.save_result(turn, result)
            self.metrics.answered(turn, result)
        return await deliver(turn, job.show(result)) or result.outcome

    async def _do_admitted(self, job: Job, turn: Turn) -> JobResult:
        """Do the work unless somebody has used up what they may use."""
        try:
            models = await job.list_models()
            notes = await self.context.limits.admit(turn, *models) if models else []
        except BotError as error:
            return failure(error.code, str(error))
        return await job.do(notes)

    async def _quarantine(self, turn: Turn) -> None:
        """Take a turn that brings the bot down off the queue, and tell the asker; its words are not looked at."""
        channel = turn.message.channel
        log.error("a turn is put aside", platform=channel.platform, stalls=turn.stalls, crashes=turn.crashes)
        reply = Reply(self.context.platform_of(turn), self.context.posts, turn, channel)
        await deliver(turn, reply.show(f"⚠️ {say(PUT_ASIDE, turn=turn.id)}"))
        await self.queue.finish(turn, error=PUT_ASIDE)
        self.metrics.finished(turn, PUT_ASIDE)

    async def _put_aside(self, turn: Turn) -> None:
        """Try again later what a bug kept from being said, and at last let the conversation go on without it."""
        try:
            if DELIVER_AGAIN.is_over(turn.attempts + 1):
                await self.queue.finish(turn, error=FailureCode.BUG)
            else:
                await self.queue.reschedule(turn, DELIVER_AGAIN.delay(turn.attempts + 1))
        except Exception:  # the store itself is away
            log.exception("a turn could not be put aside")

    async def _put_back(self, turn: Turn, error: Busy) -> None:
        pause = ASK_AGAIN.delay(turn.attempts + 1, error.retry_after)
        log.warning("again later", seconds=pause, reason=error.code)
        try:
            if turn.attempts and turn.result is None:  # the first hiccup is not worth a word
                await self._say_why_it_takes_so_long(turn, error)
            await self.queue.reschedule(turn, pause)
        except LeaseLost:
            log.warning("another process has taken this turn over")

    async def _say_why_it_takes_so_long(self, turn: Turn, error: Busy) -> None:
        platform = self.context.platforms.get(turn.message.channel.platform)
        if platform is None:
            return
        try:  # in the post that will hold the answer
            await Reply(platform, self.context.posts, turn, turn.message.channel).show(
                f"⏳ {say('busy_now', reason=error)}"
            )
        except BotError as trouble:
            log.warning("could not say so", reason=trouble.code)


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
    if (
        platform is None
        or platform.reactions is None
        or message.private
        or message.wants_alt_text
        or message.wants_index
        or not (has_photo and message.id.isdigit())
    ):
        return None
    settings = await context.channels.get_channel_settings(message.channel)
    return platform.reactions if settings.reactions else None


async def _react(reactions: ReactsToMessages, turn: Turn, *, is_on: bool) -> None:
    try:
        await reactions.react(turn.message.channel, turn.message.id, EYES, is_on=is_on)
    except BotError as error:  # nobody misses it
        log.debug("a reaction was not shown", turn=turn.id, reason=error.code)
