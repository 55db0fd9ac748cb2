"""Pictures, videos and words to order: a post says how far it is, and one below it shows what came."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.asker import answer_question
from bot.asking.question import Question
from bot.commands import Generate
from bot.commands.answer_buttons import PICTURES, drawn_controls, stop_button
from bot.messages import ANSWERED, OBEYED, Button, JobResult, Turn
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, footer
from bot.util.tasks import running_task
from bot.words import say

PROGRESS = 0  # the lane of the words about it
LONGEST_CAPTION = 200  # characters
TICK = 5  # seconds between two words of progress


@dataclass
class GenerationAsker:
    """Asks the studio, as an Asker asks models."""

    context: JobContext
    draw: Generate
    text: str = ""  # that came in place of files

    async def ask(self, asked: Question) -> str:
        """Have it made and kept; returns who made it."""
        reply = asked.reply
        async with reply.platform.show_typing(reply.channel), reply.growing():
            try:
                async with running_task(self._tell(reply)):
                    await self.context.asker.until_stopped(asked, self._make(asked))
            finally:
                reply.text = ""  # no part of what comes of it
        return ""

    async def _make(self, asked: Question) -> None:
        is_spoiler = await self.context.media.is_spoiler(asked.turn, self.draw)
        asked.state.subject = replace(asked.state.subject, is_spoiler=is_spoiler)
        name, made = await self.context.media.generate(asked.turn, self.draw)
        asked.state.answered_by, asked.state.usage, self.text = name, made.usage, made.text
        await self.context.media.save(asked.turn, made, is_spoiler=is_spoiler)

    async def _tell(self, reply: Reply) -> None:
        """Say now and then that it is still being made."""
        for passed in itertools.count(0, TICK):
            reply.text = ""
            reply.grow(f"🎨 {say(f'{self.draw.kind}_now', words=self.draw.words[:LONGEST_CAPTION])} {passed} s")
            await asyncio.sleep(TICK)


@dataclass
class GenerateJob:
    """Makes the picture, and shows it."""

    context: JobContext
    turn: Turn
    draw: Generate
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        reply = self._reply(PROGRESS, stop_button())
        self.asked = Question(turn=self.turn, reply=reply, attempts=self.turn.attempts)

    def _reply(self, lane: int, growing_buttons: Sequence[Button] = ()) -> Reply:
        platform, channel = self.context.platform_of(self.turn), self.turn.message.channel
        return Reply(platform, self.context.posts, self.turn, channel, lane=lane, growing_buttons=growing_buttons)

    async def list_models(self) -> Sequence[str]:
        """Return the model that is to make it; none where it was made before a crash."""
        if await self.context.files.list_generated(self.turn.id):
            return ()
        return [await self.context.media.name_of(self.turn, self.draw.kind, self.draw.model)]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Have it made, unless it was before a crash. What it took is booked; the history knows nothing of it."""
        caption = self.draw.words[:LONGEST_CAPTION] or say(f"{self.draw.kind}_done")
        if await self.context.files.list_generated(self.turn.id):
            is_spoiler = await self.context.media.is_spoiler(self.turn, self.draw)
            return JobResult(text="🎨", outcome=OBEYED, caption=caption, is_spoiler=is_spoiler)
        asker = GenerationAsker(self.context, self.draw)
        result = replace(await answer_question(asker, self.asked), model=None)
        if result.outcome != ANSWERED:
            return result
        result = replace(result, notes=tuple(notes), outcome=OBEYED, is_spoiler=self.asked.state.subject.is_spoiler)
        text = f"🎨 {footer(result.answered_by, result.took, result.usage)}"
        if asker.text:
            return replace(result, text=f"{asker.text}\n\n{text}")
        return replace(result, text=text, caption=caption)

    async def show(self, result: JobResult) -> None:
        """Show the pictures, or why there are none."""
        files = () if result.caption is None else await self.context.files.list_generated(self.turn.id)
        if result.caption is None or not files:
            why = result.shown if result.caption is None else f"⚠️ {say('made_gone')}"
            await self.asked.reply.show(why, buttons=drawn_controls(self.turn, 0))
            return
        await self.asked.reply.show(result.shown)
        pictures = sum(file.mime.startswith("image/") for file in files)
        buttons = drawn_controls(self.turn, pictures)
        files = [replace(file, is_spoiler=result.is_spoiler) for file in files]
        await self._reply(PICTURES).show(result.caption, buttons=buttons, files=files)
