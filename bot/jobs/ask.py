"""A question: the usual job."""

from dataclasses import dataclass, field

from bot.asking import Question
from bot.commands.controls import controls, stop_button
from bot.errors import BotError
from bot.jobs.job import Hands, answer_of, footer
from bot.messages import Answer, Turn
from bot.outcome import ANSWERED, STOPPED, outcome
from bot.reply import Reply


@dataclass
class Ask:
    """Asks the conversation's model, and shows the answer in the channel and where it is linked to."""

    hands: Hands
    turn: Turn
    asked: Question = field(init=False)
    failed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        adapter = self.hands.adapter_of(self.turn)
        reply = Reply(adapter, self.hands.store, self.turn, self.turn.message.channel, growing_buttons=stop_button())
        self.asked = Question(self.turn, adapter, reply, tries=self.turn.tries)

    async def do(self) -> tuple[Answer, str]:
        """Ask, unless somebody has used up what they may use."""
        try:
            self.asked.notes += await self.hands.limits.check(self.turn.message)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(self.hands.asker, self.asked)
        self.failed = how not in (ANSWERED, STOPPED)
        return answer_of(self.asked, text), how

    async def show(self, text: str) -> None:
        """Show it whole, with what can be done next."""
        settings = await self.hands.store.channel_settings(self.turn.message.channel)
        shown = f"{text}\n\n{footer(self.asked)}" if settings.footer and self.asked.first_words is not None else text
        await self.asked.reply.show(shown, buttons=controls(self.turn, failed=self.failed))
        await self.hands.mirror.show(self.turn, text, self.asked.photos)
