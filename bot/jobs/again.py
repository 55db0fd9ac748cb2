"""The same question once more, of the same model or another one: the posts of the first answer show the new one."""

from dataclasses import dataclass, field, replace

from bot.asking import Question, of_model
from bot.commands.controls import controls, stop_button
from bot.errors import BotError
from bot.jobs.job import Hands, answer_of
from bot.messages import Answer, Turn, Version
from bot.outcome import ANSWERED, STOPPED, outcome
from bot.reply import Reply


@dataclass
class Again:
    """`turn` asks for it, `subject` is the turn that is answered once more, by `model`."""

    hands: Hands
    turn: Turn
    subject: Turn
    model: str
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        # What the conversation has become since counts: its provider's id, and what people chose.
        subject = of_model(replace(self.subject, conversation=self.turn.conversation), self.model)
        adapter = self.hands.adapter_of(subject)
        channel = subject.message.channel
        here = channel == self.turn.message.channel
        where = self.subject if here else self.turn  # asked again from a linked channel, it is answered there
        reply = Reply(
            self.hands.adapter_of(self.turn),
            self.hands.store,
            where,
            self.turn.message.channel,
            resumed=here,
            growing_buttons=stop_button(),
        )
        aside = subject.conversation.provider != self.turn.conversation.provider
        self.asked = Question(subject, adapter, reply, aside=aside, tries=self.turn.tries)

    async def do(self) -> tuple[Answer, str]:
        """Ask, and keep what comes as another version of the answer."""
        try:
            self.asked.notes += await self.hands.limits.check(self.turn.message)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(self.hands.asker, self.asked)
        answer = answer_of(self.asked, text)
        if how in (ANSWERED, STOPPED):
            await self.hands.store.add_version(self.subject, self.turn, Version(text, self.model))
            await self.hands.store.book(self.turn, 0, self.model, answer.usage)
            how = "command"
        return replace(answer, model=None), how  # in the history, the question stands where it was asked first

    async def show(self, text: str) -> None:
        """Show it in the place of the older one, with the way back to that; what went wrong is said there too."""
        versions = await self.hands.store.versions(self.subject)
        shown = max((n for n, version in enumerate(versions) if version.text == text), default=None)
        buttons = controls(self.subject, len(versions), len(versions) - 1 if shown is None else shown)
        await self.asked.reply.show(text, buttons=buttons)
