"""The same question to several models at the same time: their answers grow side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from bot.asking.outcome import outcome
from bot.asking.question import Question, as_asked_by, detached, with_model
from bot.commands import BETWEEN, Response
from bot.commands.answer_buttons import pick_button, stop_button
from bot.errors import BotError
from bot.messages import Answer, Button, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, build_answer, footer
from bot.turns.jobs.run_command import RespondJob
from bot.util.tasks import gather_all

log = structlog.get_logger(__name__)


@dataclass
class CompareJob:
    """`turn` asks for it, `subject` is the question, `models` are to answer."""

    hands: JobContext
    turn: Turn
    subject: Turn
    models: Sequence[str]
    lanes: list[Question] = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = [self._lane(n, model) for n, model in enumerate(self.models)]

    def _lane(self, n: int, model: str) -> Question:
        subject = with_model(as_asked_by(self.turn, self.subject, detached(self.turn.conversation)), model)
        reply = Reply(
            self.hands.adapter_of(self.turn),
            self.hands.store,
            self.turn,
            self.turn.message.channel,
            lane=n,
            heading=f"**{model}**\n\n",
            growing_buttons=stop_button(),
        )
        return Question(subject, reply, aside=True, again=True, alone=True, attempts=self.turn.attempts)

    async def do(self) -> tuple[Answer, str]:
        """Ask them all. One that fails says so, and leaves the others alone."""
        try:
            self.lanes[0].notes += await self.hands.limits.admit(self.turn, *self.models)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        texts = await gather_all(*(self._ask(n, lane) for n, lane in enumerate(self.lanes)))
        return Answer(BETWEEN.join(texts), None), "command"

    async def _ask(self, n: int, lane: Question) -> str:
        text, _ = await outcome(self.hands.asker, lane, patient=False)
        await self.hands.store.ledger.settle(self.turn, n, lane.answered_by, build_answer(lane, text).usage)
        text = f"{text}\n\n{footer(lane)}"
        await self._show_early(n, text)
        return text

    async def _show_early(self, n: int, text: str) -> None:
        """Show what one says while others still speak. What fails is tried again when all is stored, or paid for."""
        try:
            await self.lanes[n].reply.show(text, buttons=self._buttons(n))
        except BotError as error:
            log.warning("an answer cannot be shown yet", turn=self.turn.id, reason=error.key)
        except Exception:
            log.exception("an answer cannot be shown yet", turn=self.turn.id)

    async def show(self, text: str) -> None:
        """Show what each one said, with a way to go on with it."""
        texts = text.split(BETWEEN)
        if len(texts) != len(self.lanes):  # nobody was asked; here is why
            await RespondJob(self.hands, self.turn, Response(text)).show(text)
            return
        for n, (lane, said) in enumerate(zip(self.lanes, texts, strict=True)):
            await lane.reply.show(said, buttons=self._buttons(n))

    def _buttons(self, n: int) -> Sequence[Button]:
        return [pick_button(self.turn, n)]
