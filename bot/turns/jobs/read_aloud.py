"""An answer that is read aloud."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.outcome import ANSWERED, STOPPED, outcome
from bot.asking.question import Question, join_notes
from bot.commands import SpeakAnswer
from bot.commands.answer_buttons import stop_button
from bot.errors import BotError
from bot.messages import Answer, Button, Turn
from bot.replies.markdown import spoken
from bot.replies.reply import Reply
from bot.turns.jobs.job import JobContext, build_answer, clear_busy_notice
from bot.words import say

WORDS, SOUND = 0, 1  # lanes
SPOKEN = "🔊"  # what is said along with the sound
LONGEST = 4_000  # characters that are read; 1min.ai takes 4,096


@dataclass
class SpeechAsker:
    """Asks the studio, as an Asker asks models."""

    hands: JobContext
    text: str

    async def ask(self, asked: Question) -> str:
        """Have the text read aloud and kept."""
        async with asked.reply.adapter.typing(asked.reply.channel):
            await self.hands.asker.until_stopped(asked, self._read(asked))
        return ""

    async def _read(self, asked: Question) -> None:
        name, made = await self.hands.media.speak(asked.turn, self.text)
        asked.answered_by, asked.usage = name, made.usage
        await self.hands.media.save(asked.turn, made)


@dataclass
class ReadAloudJob:
    """Has an answer read aloud, and sends it."""

    hands: JobContext
    turn: Turn
    read: SpeakAnswer
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        self.asked = Question(self.turn, self._reply(WORDS, stop_button()), attempts=self.turn.attempts)

    def _reply(self, lane: int, growing_buttons: Sequence[Button] = ()) -> Reply:
        adapter, channel = self.hands.adapter_of(self.turn), self.turn.message.channel
        return Reply(adapter, self.hands.store, self.turn, channel, lane=lane, growing_buttons=growing_buttons)

    async def do(self) -> tuple[Answer, str]:
        """Have it read, unless it was before a crash."""
        if await self.hands.store.files.list_generated(self.turn.id):
            return Answer(SPOKEN, None), "command"
        try:
            model = await self.hands.media.name_of(self.turn, "speak")
            self.asked.notes += await self.hands.limits.admit(self.turn, model)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(SpeechAsker(self.hands, spoken(self.read.subject.answer or "")[:LONGEST]), self.asked)
        answer = replace(build_answer(self.asked, text or join_notes(self.asked.notes) + SPOKEN), model=None)
        if how == STOPPED:  # it counts, as other answers do: the provider may ask for its price
            await self.hands.store.ledger.settle(self.turn, 0, self.asked.answered_by, self.asked.usage)
        if how != ANSWERED:
            return answer, how
        await self.hands.store.ledger.settle(self.turn, 0, self.asked.answered_by, self.asked.usage)
        return answer, "command"

    async def show(self, text: str) -> None:
        """Send the sound, or say why there is none."""
        files = await self.hands.store.files.list_generated(self.turn.id)
        if not files:
            await self.asked.reply.show(f"⚠️ {say('made_gone')}" if text.endswith(SPOKEN) else text)
            return
        await clear_busy_notice(self.hands, self.turn)
        await self._reply(SOUND).show(text, files=files)  # what said why it took so long can get no file any more
