"""A picture that is made to order: a post says how far it is, and one below it shows what came."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.outcome import ANSWERED, STOPPED, outcome
from bot.asking.question import Question, join_notes
from bot.commands import BETWEEN, Generate
from bot.commands.answer_buttons import drawn_controls, stop_button
from bot.errors import BotError
from bot.messages import Answer, Button, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, build_answer, footer
from bot.util.tasks import running_task
from bot.words import say

PROGRESS, PICTURES = 0, 1  # lanes
LONGEST_CAPTION = 200  # characters
TICK = 5  # seconds between two words of progress


@dataclass
class GenerationAsker:
    """Asks the studio, as an Asker asks models."""

    hands: JobContext
    draw: Generate

    async def ask(self, asked: Question) -> str:
        """Have it made and kept; returns who made it."""
        reply = asked.reply
        async with reply.adapter.typing(reply.channel), reply.growing():
            try:
                async with running_task(self._tell(reply)):
                    await self.hands.asker.until_stopped(asked, self._make(asked))
            finally:
                reply.text = ""  # no part of what comes of it
        return ""

    async def _make(self, asked: Question) -> None:
        name, made = await self.hands.media.generate(asked.turn, self.draw)
        asked.answered_by, asked.usage = name, made.usage
        await self.hands.media.save(asked.turn, made)

    async def _tell(self, reply: Reply) -> None:
        """Say now and then that it is still being made."""
        for passed in itertools.count(0, TICK):
            reply.text = ""
            reply.grow(f"🎨 {say(f'{self.draw.kind}_now', words=self.draw.words[:LONGEST_CAPTION])} {passed} s")
            await asyncio.sleep(TICK)


@dataclass
class GenerateJob:
    """Makes the picture, and shows it."""

    hands: JobContext
    turn: Turn
    draw: Generate
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        reply = self._reply(PROGRESS, stop_button())
        self.asked = Question(self.turn, reply, attempts=self.turn.attempts)

    def _reply(self, lane: int, growing_buttons: Sequence[Button] = ()) -> Reply:
        adapter, channel = self.hands.adapter_of(self.turn), self.turn.message.channel
        return Reply(adapter, self.hands.store, self.turn, channel, lane=lane, growing_buttons=growing_buttons)

    async def do(self) -> tuple[Answer, str]:
        """Have it made, unless it was before a crash. What it took is booked; the history knows nothing of it."""
        caption = self.draw.words[:LONGEST_CAPTION]
        if await self.hands.store.files.list_generated(self.turn.id):
            return Answer(f"🎨{BETWEEN}{caption}", None), "command"
        try:
            model = await self.hands.media.name_of(self.turn, self.draw.kind, self.draw.model)
            self.asked.notes += await self.hands.limits.admit(self.turn, model)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(GenerationAsker(self.hands, self.draw), self.asked)
        answer = replace(build_answer(self.asked, text), model=None)
        if how == STOPPED:  # it counts, as other answers do: the provider may ask for its price
            await self.hands.store.ledger.settle(self.turn, 0, self.asked.answered_by, self.asked.usage)
        if how != ANSWERED:
            return answer, how
        await self.hands.store.ledger.settle(self.turn, 0, self.asked.answered_by, self.asked.usage)
        return replace(
            answer, text=f"{join_notes(self.asked.notes)}🎨 {footer(self.asked)}{BETWEEN}{caption}"
        ), "command"

    async def show(self, text: str) -> None:
        """Show the pictures, or why there are none."""
        told, between, caption = text.partition(BETWEEN)
        files = await self.hands.store.files.list_generated(self.turn.id) if between else ()
        if not files:
            why = f"⚠️ {say('made_gone')}" if between else told
            await self.asked.reply.show(why, buttons=drawn_controls(self.turn, 0))
            return
        await self.asked.reply.show(told)
        caption = caption or say(f"{self.draw.kind}_done")
        await self._reply(PICTURES).show(caption, buttons=drawn_controls(self.turn, len(files)), files=files)
