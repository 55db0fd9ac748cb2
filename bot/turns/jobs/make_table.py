"""A table of photos: a preview in the chat, and the files below it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.asker import answer_question
from bot.asking.photo_tables import FIRST, PhotoTables
from bot.asking.question import Question
from bot.commands import MakeTable
from bot.commands.answer_buttons import stop_button
from bot.messages import ANSWERED, OBEYED, Button, Generated, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, with_footer
from bot.words import say

PREVIEW, FILES = 0, 1  # lanes


@dataclass
class TableAsker:
    """Asks for the table, as an Asker asks models."""

    context: JobContext
    order: MakeTable
    has_files: bool = False

    async def ask(self, asked: Question) -> str:
        """Have the table made, and keep its files; return the preview. Its JSON is not shown while it comes."""
        context, reply = self.context, asked.reply
        tables = PhotoTables(
            asker=context.asker,
            files=context.files,
            steps=context.steps,
            ledger=context.ledger,
            limits=context.limits,
        )
        reply.hides_words = True
        reply.tell(say("table_now"))
        async with reply.platform.show_typing(reply.channel):
            made = await tables.make(asked, self.order)
        if made is None:
            return ""
        if made.files:
            await context.media.save(reply.turn, Generated(made.files), is_spoiler=asked.state.subject.is_spoiler)
        self.has_files = bool(made.files)
        return made.text


@dataclass
class TableJob:
    """Makes the table, and shows it."""

    context: JobContext
    turn: Turn
    order: MakeTable
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        self.asked = Question(
            turn=self.turn,
            reply=self._reply(PREVIEW, stop_button()),
            aside=True,
            again=self.order.subject is not None,
            bare=True,
            attempts=self.turn.attempts,
        )

    def _reply(self, lane: int, growing_buttons: Sequence[Button] = ()) -> Reply:
        platform, channel = self.context.platform_of(self.turn), self.turn.message.channel
        return Reply(platform, self.context.posts, self.turn, channel, lane=lane, growing_buttons=growing_buttons)

    async def list_models(self) -> Sequence[str]:
        """Return the model of the conversation; none where it answered before a crash."""
        if await self.context.steps.find_step(self.turn.id, FIRST) is not None:
            return ()
        return [self.turn.conversation.model]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Have it made. What it took is booked; the history knows nothing of it."""
        self.asked.state.notes += notes
        asker = TableAsker(self.context, self.order)
        result = replace(await answer_question(asker, self.asked), model=None, is_large=False, is_cut=False)
        if result.outcome != ANSWERED:
            return result
        return replace(result, outcome=OBEYED, caption=say("table_files") if asker.has_files else None)

    async def show(self, result: JobResult) -> None:
        """Show the preview, and the files below it."""
        shown = await with_footer(self.context, self.turn.message.channel, result)
        files = () if result.caption is None else await self.context.files.list_generated(self.turn.id)
        if result.caption is not None and not files:
            shown = f"{shown}\n\n⚠️ {say('made_gone')}"
        self.asked.reply.is_spoiler = result.is_spoiler
        await self.asked.reply.show(shown)
        if result.caption is not None and files:
            below = self._reply(FILES)
            below.is_spoiler = result.is_spoiler
            await below.show(
                f"📋 {result.caption}", files=[replace(file, is_spoiler=result.is_spoiler) for file in files]
            )
        await self.context.mirror.show(self.turn, result.shown, self.asked.state.files, is_spoiler=result.is_spoiler)
