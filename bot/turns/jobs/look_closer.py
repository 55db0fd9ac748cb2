"""A closer look at a photo that was asked about before."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.asking.asker import answer_question
from bot.asking.closer_look import CloserLook
from bot.asking.question import Question
from bot.commands.answer_buttons import stop_button
from bot.messages import JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, with_footer
from bot.words import say


@dataclass
class CloserAsker:
    """Finds the places first, then asks about them as any question is asked."""

    context: JobContext
    subject: Turn
    words: str

    async def ask(self, asked: Question) -> str:
        """Stream the answer, and return it complete."""
        context = self.context
        look = CloserLook(
            files=context.files,
            turns=context.turns,
            ledger=context.ledger,
            loader=context.asker.loader,
            providers=context.providers,
            limits=context.limits,
        )
        async with asked.reply.platform.show_typing(asked.reply.channel):
            preparing = look.prepare(asked, self.subject, self.words or say("zoom_plain"))
            placed = await context.asker.until_stopped(asked, preparing)
        return "" if placed is None else await context.asker.ask(placed)


@dataclass
class LookCloserJob:
    """`turn` asks for it, `subject` is the turn with the photo."""

    context: JobContext
    turn: Turn
    subject: Turn
    words: str
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        platform, channel = self.context.platform_of(self.turn), self.turn.message.channel
        reply = Reply(platform, self.context.posts, self.turn, channel, growing_buttons=stop_button())
        self.asked = Question(
            turn=self.turn, reply=reply, aside=True, again=True, alone=True, attempts=self.turn.attempts
        )

    async def list_models(self) -> Sequence[str]:
        """Return the model of the conversation."""
        return [self.turn.conversation.model]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Ask twice. The turn keeps what the first question brought, so another try asks only the second one."""
        self.asked.state.notes += notes
        return await answer_question(CloserAsker(self.context, self.subject, self.words), self.asked)

    async def show(self, result: JobResult) -> None:
        """Show the answer."""
        shown = await with_footer(self.context, self.turn.message.channel, result)
        self.asked.reply.is_spoiler = result.is_spoiler
        await self.asked.reply.show(shown)
        await self.context.mirror.show(self.turn, result.shown, self.asked.state.files, is_spoiler=result.is_spoiler)
