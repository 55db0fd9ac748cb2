"""The same question once more, of the same model or another one: the posts of the first answer show the new one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.outcome import ANSWERED, STOPPED, outcome
from bot.asking.question import Question, as_asked_by, with_model
from bot.commands.answer_buttons import back, controls, stop_button
from bot.errors import BotError
from bot.messages import Answer, AnswerVersion, Button, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, build_answer, clear_busy_notice, with_footer


@dataclass
class AskAgainJob:
    """`turn` asks for it, `subject` is the turn that is answered once more, by `model`."""

    hands: JobContext
    turn: Turn
    subject: Turn
    model: str
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        channel = self.turn.message.channel
        reply = Reply(
            self.hands.adapter_of(self.turn),
            self.hands.store,
            self.subject if self._here else self.turn,  # asked again from a linked channel, it is answered there
            channel,
            resumed=self._here,
            growing_buttons=stop_button(),
        )
        subject = with_model(as_asked_by(self.turn, self.subject, self.turn.conversation), self.model)
        aside = subject.conversation.provider != self.turn.conversation.provider
        self.asked = Question(subject, reply, aside=aside, again=True, attempts=self.turn.attempts)

    @property
    def _here(self) -> bool:
        """Whether it was asked in this channel."""
        return self.subject.message.channel == self.turn.message.channel

    async def do(self) -> tuple[Answer, str]:
        """Ask, and keep what comes as another version of the answer."""
        try:
            self.asked.notes += await self.hands.limits.admit(self.turn, self.model)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(self.hands.asker, self.asked)
        answer = build_answer(self.asked, text)
        if how in (ANSWERED, STOPPED):
            await self.hands.store.turns.add_version(
                self.subject, self.turn, AnswerVersion(text, self.asked.answered_by)
            )
            await self.hands.store.ledger.settle(self.turn, 0, self.asked.answered_by, answer.usage)
            how = "command"
        return replace(answer, model=None), how  # in the history, the question stands where it was asked first

    async def show(self, text: str) -> None:
        """Show it in the place of the older one, with the way back to that; what went wrong is said there too."""
        versions = await self.hands.store.turns.list_versions(self.subject)
        shown = max((n for n, version in enumerate(versions) if version.text == text), default=None)
        buttons: Sequence[Button] = controls(
            self.subject, len(versions), shown or 0, failed=shown is None, speaks=self.hands.desk.speaks
        )
        if versions and shown is None:
            buttons = [back(self.subject, len(versions) - 1), *buttons]
        await self.asked.reply.show(await with_footer(self.hands, self.asked, text), buttons=buttons)
        if self._here:
            await clear_busy_notice(self.hands, self.turn)
