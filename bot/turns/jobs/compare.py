"""The same question to several models at the same time: their answers grow side by side."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from bot.asking.asker import answer_question
from bot.asking.question import Question, as_asked_by, detached, with_model
from bot.commands import Response
from bot.commands.answer_buttons import stop_button
from bot.commands.question_kinds import kind_of
from bot.errors import BotError
from bot.messages import OBEYED, AnswerVersion, JobResult, LaneResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.ask import keep_pictures, show_pictures
from bot.turns.jobs.compared_answers import heading, hidden_names, is_hidden, show_lane, show_vote
from bot.turns.jobs.job import JobContext
from bot.turns.jobs.lane_records import read_lane, write_lane
from bot.turns.jobs.run_command import RespondJob
from bot.util.tasks import gather_all

log = structlog.get_logger(__name__)

ORDER = 400  # the step that keeps in which order models without names answer


@dataclass
class CompareJob:
    """`turn` asks for it, `subject` is the question, `models` are to answer."""

    context: JobContext
    turn: Turn
    subject: Turn
    models: Sequence[str]
    is_blind: bool = field(default=False, kw_only=True)  # their names are hidden until somebody votes
    lanes: list[Question] = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = [self._lane(n, model) for n, model in enumerate(self.models)]

    def _lane(self, n: int, model: str) -> Question:
        subject = with_model(as_asked_by(self.turn, self.subject, detached(self.turn.conversation)), model)
        reply = Reply(
            self.context.platform_of(self.turn),
            self.context.posts,
            self.turn,
            self.turn.message.channel,
            lane=n,
            heading=heading(n, model, is_hidden=self.is_blind),
            growing_buttons=stop_button(),
        )
        reply.hidden_names = hidden_names(n, model) if self.is_blind else {}
        return Question(turn=subject, reply=reply, aside=True, again=True, alone=True, attempts=self.turn.attempts)

    async def list_models(self) -> Sequence[str]:
        """Return the models to compare."""
        return self.models

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Ask all that have not answered before a crash. One that fails says so, and leaves the others alone."""
        self.lanes[0].state.notes += notes
        lanes = await gather_all(*(self._ask(n, lane) for n, lane in enumerate(self.lanes)))
        pictures = [file for lane in self.lanes for file in lane.state.pictures]
        await keep_pictures(self.context, self.turn, pictures, is_spoiler=self.lanes[0].state.subject.is_spoiler)
        return JobResult(
            outcome=OBEYED,
            lanes=tuple(lanes),
            has_pictures=bool(pictures),
            is_blind=self.is_blind,
            question_kind=kind_of(self.subject.words),
            booked=False,  # each was booked as it ended
        )

    async def _ask(self, n: int, asked: Question) -> LaneResult:
        if (done := await self.context.steps.find_step(self.turn.id, n)) is not None:
            lane, asked.state.pictures = read_lane(done)
            await self._show_early(n, lane)
            return lane
        result = await answer_question(self.context.asker, asked, patient=False)
        version = AnswerVersion(
            text=result.text,
            model=result.answered_by,
            notes=result.notes,
            ending=result.ending,
            is_spoiler=result.is_spoiler,
        )
        lane = LaneResult(answer=version, usage=result.usage, took=result.took)
        if result.text or not result.has_failed:
            await self.context.steps.save_step(self.turn.id, n, write_lane(lane, asked.state.pictures))
        await self.context.ledger.settle(self.turn, n, result.answered_by, result.usage)
        await self._show_early(n, lane)
        return lane

    async def _show_early(self, n: int, lane: LaneResult) -> None:
        """Show what one says while others still speak. What fails is tried again when all is stored, or paid for."""
        try:
            await self._show_lane(n, lane, is_hidden=self.is_blind)
        except BotError as error:
            log.warning("an answer cannot be shown yet", turn=self.turn.id, reason=error.code)
        except Exception:
            log.exception("an answer cannot be shown yet", turn=self.turn.id)

    async def show(self, result: JobResult) -> None:
        """Show what each one said, with a way to go on with it."""
        if not result.lanes:  # nobody was asked; here is why
            await RespondJob(self.context, self.turn, Response(text=result.shown)).show(result)
        votes = await self.context.votes.list_votes(self.turn.id)
        for n, lane in enumerate(result.lanes[: len(self.lanes)]):
            await self._show_lane(n, lane, is_hidden=is_hidden(result, votes))
        await show_pictures(self.context, self.turn, result)
        await show_vote(self.context, self.turn, result, votes)

    async def _show_lane(self, n: int, lane: LaneResult, *, is_hidden: bool) -> None:
        await show_lane(self.lanes[n].reply, self.turn, n, lane, is_hidden=is_hidden)


async def shuffled_once(context: JobContext, turn: Turn, models: Sequence[str]) -> Sequence[str]:
    """Return the models in random order, which is the same after a restart."""
    if (drawn := await context.steps.find_step(turn.id, ORDER)) is not None:
        order: list[str] = json.loads(drawn)
        return order
    order = random.SystemRandom().sample(models, len(models))
    await context.steps.save_step(turn.id, ORDER, json.dumps(order))
    return order
