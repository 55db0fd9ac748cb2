"""The same question to several models at the same time: their answers grow side by side."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking import Question, apart, of_model
from bot.commands.controls import pick_button, stop_button
from bot.errors import BotError
from bot.jobs.job import Hands, answer_of, footer
from bot.messages import Answer, Button, Turn
from bot.outcome import outcome
from bot.reply import Reply

BETWEEN = "\n\x1e\n"  # a separator that nobody writes, between the answers of the models


@dataclass
class Compare:
    """`turn` asks for it, `subject` is the question, `models` are to answer."""

    hands: Hands
    turn: Turn
    subject: Turn
    models: Sequence[str]
    lanes: list[Question] = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = [self._lane(n, model) for n, model in enumerate(self.models)]

    def _lane(self, n: int, model: str) -> Question:
        subject = of_model(replace(self.subject, conversation=apart(self.turn.conversation)), model)
        adapter = self.hands.adapter_of(self.turn)
        reply = Reply(
            adapter,
            self.hands.store,
            self.turn,
            self.turn.message.channel,
            lane=n,
            heading=f"**{model}**\n\n",
            growing_buttons=stop_button(),
        )
        return Question(subject, adapter, reply, aside=True, tries=self.turn.tries)

    async def do(self) -> tuple[Answer, str]:
        """Ask them all. One that fails says so, and leaves the others alone."""
        try:
            await self.hands.limits.check(self.turn.message)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        texts = await asyncio.gather(*(self._ask(n, lane) for n, lane in enumerate(self.lanes)))
        return Answer(BETWEEN.join(texts), None), "command"

    async def _ask(self, n: int, lane: Question) -> str:
        text, _ = await outcome(self.hands.asker, lane, patient=False)
        await self.hands.store.book(self.turn, n, lane.turn.conversation.model, answer_of(lane, text).usage)
        text = f"{text}\n\n{footer(lane)}"
        await lane.reply.show(text, buttons=self._buttons(n))
        return text

    async def show(self, text: str) -> None:
        """Show what each one said, with a way to go on with it."""
        for n, (lane, said) in enumerate(zip(self.lanes, text.split(BETWEEN), strict=False)):
            await lane.reply.show(said, buttons=self._buttons(n))

    def _buttons(self, n: int) -> Sequence[Button]:
        return [pick_button(self.turn, n)]
