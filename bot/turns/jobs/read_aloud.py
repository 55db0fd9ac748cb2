"""An answer that is read aloud."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.asker import answer_question
from bot.asking.question import Question
from bot.commands import SpeakAnswer
from bot.commands.answer_buttons import stop_button
from bot.messages import ANSWERED, OBEYED, Button, JobResult, Turn, with_notes
from bot.replies.markdown import spoken
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, clear_busy_notice
from bot.words import say

WORDS, SOUND = 0, 1  # lanes
SPOKEN = "🔊"  # what is said along with the sound
LONGEST = 4_000  # characters that are read; 1min.ai takes 4,096


@dataclass
class SpeechAsker:
    """Asks the studio, as an Asker asks models."""

    context: JobContext
    text: str

    async def ask(self, asked: Question) -> str:
        """Have the text read aloud and kept."""
        async with asked.reply.platform.show_typing(asked.reply.channel):
            await self.context.asker.until_stopped(asked, self._read(asked))
        return ""

    async def _read(self, asked: Question) -> None:
        name, made = await self.context.media.speak(asked.turn, self.text)
        asked.state.answered_by, asked.state.usage = name, made.usage
        await self.context.media.save(asked.turn, made)


@dataclass
class ReadAloudJob:
    """Has an answer read aloud, and sends it."""

    context: JobContext
    turn: Turn
    read: SpeakAnswer
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        self.asked = Question(turn=self.turn, reply=self._reply(WORDS, stop_button()), attempts=self.turn.attempts)

    def _reply(self, lane: int, growing_buttons: Sequence[Button] = ()) -> Reply:
        platform, channel = self.context.platform_of(self.turn), self.turn.message.channel
        return Reply(platform, self.context.posts, self.turn, channel, lane=lane, growing_buttons=growing_buttons)

    async def list_models(self) -> Sequence[str]:
        """Return the model that is to read it; none where it was read before a crash."""
        if await self.context.files.list_generated(self.turn.id):
            return ()
        return [await self.context.media.name_of(self.turn, "speak")]

    async def do(self, notes: Sequence[str]) -> JobResult:
        """Have it read, unless it was before a crash."""
        if await self.context.files.list_generated(self.turn.id):
            return JobResult(outcome=OBEYED, caption=SPOKEN)
        text = spoken(self.read.subject.answer or "")[:LONGEST]
        result = replace(await answer_question(SpeechAsker(self.context, text), self.asked), model=None)
        if result.outcome != ANSWERED:
            return result
        return replace(result, notes=tuple(notes), outcome=OBEYED, caption=SPOKEN)

    async def show(self, result: JobResult) -> None:
        """Send the sound, or say why there is none."""
        files = () if result.caption is None else await self.context.files.list_generated(self.turn.id)
        if result.caption is None or not files:
            await self.asked.reply.show(result.shown if result.caption is None else f"⚠️ {say('made_gone')}")
            return
        await clear_busy_notice(self.context, self.turn)
        # In a post of its own: what said why it took so long can get no file any more.
        await self._reply(SOUND).show(with_notes(result.notes, result.caption), files=files)
