"""An answer that is read aloud."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.asking.outcome import ANSWERED, STOPPED, outcome
from bot.asking.question import Question, before
from bot.commands import Read
from bot.commands.controls import stop_button
from bot.errors import BotError
from bot.jobs.job import Hands, answer_of, waits_no_more
from bot.markdown import spoken
from bot.messages import Answer, Button, Turn
from bot.reply import Reply
from bot.words import say

WORDS, SOUND = 0, 1  # lanes
SPOKEN = "🔊"  # what is said along with the sound
LONGEST = 4_000  # characters that are read; 1min.ai takes 4,096


@dataclass
class Reader:
    """Asks the studio, as an Asker asks models."""

    hands: Hands
    text: str

    async def ask(self, asked: Question) -> str:
        """Have the text read aloud and kept."""
        async with asked.reply.adapter.typing(asked.reply.channel):
            await self.hands.asker.until_stopped(asked, self._read(asked))
        return ""

    async def _read(self, asked: Question) -> None:
        name, made = await self.hands.studio.speak(asked.turn, self.text)
        asked.answered_by, asked.usage = name, made.usage
        await self.hands.studio.keep(asked.turn, made)


@dataclass
class ReadAloud:
    """Has an answer read aloud, and sends it."""

    hands: Hands
    turn: Turn
    read: Read
    asked: Question = field(init=False)

    def __post_init__(self) -> None:
        self.asked = Question(self.turn, self._reply(WORDS, stop_button()), tries=self.turn.tries)

    def _reply(self, lane: int, growing_buttons: Sequence[Button] = ()) -> Reply:
        adapter, channel = self.hands.adapter_of(self.turn), self.turn.message.channel
        return Reply(adapter, self.hands.store, self.turn, channel, lane=lane, growing_buttons=growing_buttons)

    async def do(self) -> tuple[Answer, str]:
        """Have it read, unless it was before a crash."""
        if await self.hands.store.made(self.turn.id):
            return Answer(SPOKEN, None), "command"
        try:
            model = await self.hands.studio.name_of(self.turn, "speak")
            self.asked.notes += await self.hands.limits.admit(self.turn, model)
        except BotError as error:
            return Answer(f"⚠️ {error}", None), error.key
        text, how = await outcome(Reader(self.hands, spoken(self.read.subject.answer or "")[:LONGEST]), self.asked)
        answer = replace(answer_of(self.asked, text or before(self.asked.notes) + SPOKEN), model=None)
        if how == STOPPED:  # it counts, as other answers do: the provider may ask for its price
            await self.hands.store.settle(self.turn, 0, self.asked.answered_by, self.asked.usage)
        if how != ANSWERED:
            return answer, how
        await self.hands.store.settle(self.turn, 0, self.asked.answered_by, self.asked.usage)
        return answer, "command"

    async def show(self, text: str) -> None:
        """Send the sound, or say why there is none."""
        files = await self.hands.store.made(self.turn.id)
        if not files:
            await self.asked.reply.show(f"⚠️ {say('made_gone')}" if text.endswith(SPOKEN) else text)
            return
        await waits_no_more(self.hands, self.turn)
        await self._reply(SOUND).show(text, files=files)  # what said why it took so long can get no file any more
