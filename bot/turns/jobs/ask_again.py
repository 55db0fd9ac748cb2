"""The same question once more, of the same model or another one: the posts of the first answer show the new one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.asker import answer_question
from bot.asking.question import Question, as_asked_by, with_model
from bot.commands.answer_buttons import back, controls, failure_controls, offers_table, stop_button
from bot.messages import OBEYED, AnswerVersion, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.ask import keep_pictures, show_pictures
from bot.turns.jobs.job import JobContext, clear_busy_notice, with_footer


@dataclass(kw_only=True)
class AskAgainJob:
    """`turn` asks for it, `subject` is the turn that is answered once more, by `model`."""

    context: JobContext
    turn: Turn
    subject: Turn
    model: str
    goes_on: bool = field(default=False, kw_only=True)  # only the rest is asked for
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        channel = self.turn.message.channel
        reply = Reply(
            self.context.platform_of(self.turn),
            self.context.posts,
            self.subject if self._here else self.turn,  # asked again from a linked channel, it is answered there
            channel,
            resumed=self._here,
            growing_buttons=stop_button(),
        )
        subject = with_model(as_asked_by(self.turn, self.subject, self.turn.conversation), self.model)
        aside = subject.conversation.provider != self.turn.conversation.provider
        self.asked = Question(turn=subject, reply=reply, aside=aside, again=True, attempts=self.turn.attempts)

    @property
    def _here(self) -> bool:
        """Tell whether the question was asked in this channel."""
        return self.subject.message.channel == self.turn.message.channel

    async def list_models(self) -> Sequence[str]:
        """Return the model that is to answer."""
        return [self.model]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Ask. In the history, the question stands where it was asked first."""
        self.asked.state.notes += notes
        if self.goes_on:
            self.asked.reply.text = self.subject.answer or ""
        result = await answer_question(self.context.asker, self.asked)
        state = self.asked.state
        await keep_pictures(self.context, self.turn, state.pictures, is_spoiler=state.subject.is_spoiler)
        return replace(result, model=None, outcome=result.outcome if result.has_failed else OBEYED)

    async def show(self, result: JobResult) -> None:
        """Show it in the place of the older one, with the way back to that; what went wrong is said there too."""
        shown = await self._add_version(result)
        versions = await self.context.turns.list_versions(self.subject)
        if shown is not None:
            buttons = controls(
                self.subject,
                len(versions),
                shown,
                speaks=self.context.commands.speaks,
                is_cut=result.is_cut,
                is_large=result.is_large,
                is_tabular=offers_table(self.subject, result, self.context.commands.rules.off),
            )
        else:
            buttons = failure_controls(self.subject, result.outcome, is_cut=result.is_cut)
            buttons = [back(self.subject, len(versions) - 1), *buttons] if versions else buttons
        text = await with_footer(self.context, self.turn.message.channel, result)
        self.asked.reply.is_spoiler = result.is_spoiler
        await self.asked.reply.show(text, buttons=buttons)
        await show_pictures(self.context, self.turn, result)
        if self._here:
            await clear_busy_notice(self.context, self.turn)

    async def _add_version(self, result: JobResult) -> int | None:
        """Keep what came as another version of the answer, once; its number, or None for a failure."""
        if result.has_failed:
            return None
        version = AnswerVersion(
            text=result.text,
            model=result.answered_by,
            notes=result.notes,
            ending=result.ending,
            is_spoiler=result.is_spoiler,
            recalled=self.subject.result.recalled if self.subject.result else result.recalled,
        )
        return await self.context.turns.add_version(self.subject, self.turn, version)
