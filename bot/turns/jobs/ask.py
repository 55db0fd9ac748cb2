"""A question: the usual job."""

from dataclasses import dataclass, field, replace

from bot.asking.outcome import ANSWERED, STOPPED, outcome
from bot.asking.question import Question
from bot.commands.answer_buttons import controls, stop_button
from bot.errors import BotError
from bot.messages import Answer, Turn, Usage
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, build_answer, with_footer


@dataclass
class AskJob:
    """Asks the conversation's model, and shows the answer in the channel and where it is linked to."""

    hands: JobContext
    turn: Turn
    asked: Question = field(init=False)
    failed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        adapter, channel = self.hands.adapter_of(self.turn), self.turn.message.channel
        reply = Reply(adapter, self.hands.store, self.turn, channel, growing_buttons=stop_button())
        self.asked = Question(self.turn, reply, attempts=self.turn.attempts)

    async def do(self) -> tuple[Answer, str]:
        """Ask, unless somebody has used up what they may use."""
        try:
            self.asked.notes += await self.hands.limits.admit(self.turn, self.turn.conversation.model)
        except BotError as error:
            self.failed = True
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(self.hands.asker, self.asked)
        self.turn = self.asked.turn  # with what was heard in it
        self.failed = how not in (ANSWERED, STOPPED)
        return replace(build_answer(self.asked, text), booked=not self.failed or self.asked.usage != Usage()), how

    async def show(self, text: str) -> None:
        """Show it whole, with what can be done next."""
        shown = await with_footer(self.hands, self.asked, text)
        await self.asked.reply.show(
            shown, buttons=controls(self.turn, failed=self.failed, speaks=self.hands.desk.speaks)
        )
        await self.hands.mirror.show(self.turn, text, self.asked.files)
