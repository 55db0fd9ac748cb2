"""A question: the usual job."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.asking.outcome import answer_question
from bot.asking.question import Question
from bot.commands.answer_buttons import controls, stop_button
from bot.errors import FailureCode
from bot.messages import Button, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.drawn_pictures import keep_pictures, show_pictures
from bot.turns.jobs.job import JobContext, with_footer


@dataclass
class AskJob:
    """Asks the conversation's model, and shows the answer in the channel and where it is linked to."""

    hands: JobContext
    turn: Turn
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        platform, channel = self.hands.platform_of(self.turn), self.turn.message.channel
        reply = Reply(platform, self.hands.store.posts, self.turn, channel, growing_buttons=stop_button())
        self.asked = Question(self.turn, reply, attempts=self.turn.attempts)

    async def list_models(self) -> Sequence[str]:
        """Return the model of the conversation."""
        return [self.turn.conversation.model]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Ask."""
        self.asked.notes += notes
        result = await answer_question(self.hands.asker, self.asked)
        self.turn = self.asked.turn  # with what was heard in it
        await keep_pictures(self.hands, self.turn, self.asked)
        return result

    async def show(self, result: JobResult) -> None:
        """Show it whole, with what can be done next."""
        shown = await with_footer(self.hands, self.turn.message.channel, result)
        buttons: Sequence[Button] = ()
        if result.outcome != FailureCode.VIDEOS_NONE_READ:  # which would come out the same once more
            buttons = controls(
                self.turn,
                failed=result.has_failed,
                speaks=self.hands.desk.speaks,
                is_cut=result.is_cut,
                is_large=result.is_large,
            )
        self.asked.reply.is_spoiler = result.is_spoiler
        await self.asked.reply.show(shown, buttons=buttons)
        await show_pictures(self.hands, self.turn, result)
        await self.hands.mirror.show(self.turn, result.shown, self.asked.files, is_spoiler=result.is_spoiler)
