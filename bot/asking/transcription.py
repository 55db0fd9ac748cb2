"""Voice messages: what is said in them becomes the words of the question."""

from dataclasses import dataclass, replace

from bot.accounting.limits import UsageLimits
from bot.asking.media_generation import MediaGeneration
from bot.asking.question import HEARD, Question
from bot.messages import Turn
from bot.ports import Store

LANE = 200  # from here on, what hearing took is booked beside what answers took
LONGEST_SHOWN = 600  # characters of it that stand above the answer


@dataclass(frozen=True)
class Transcription:
    """Has recordings written down, once: the turn keeps the words."""

    store: Store
    studio: MediaGeneration
    limits: UsageLimits

    async def __call__(self, asked: Question) -> Turn:
        """The question's turn with what its recordings say, which is shown above the answer."""
        turn = asked.turn
        if turn.message.sounds and HEARD not in turn.message.text:
            turn = await self._heard(turn)
        if HEARD in turn.message.text:
            said = " ".join(turn.message.text.partition(HEARD)[2].split())
            asked.notes.insert(0, f"{HEARD} {said[:LONGEST_SHOWN]}{'…' * (len(said) > LONGEST_SHOWN)}")
        return turn

    async def _heard(self, turn: Turn) -> Turn:
        said = []
        for n, sound in enumerate(turn.message.sounds):
            await self.limits.hold(turn, LANE + n, await self.studio.name_of(turn, "hear"))
            name, heard = await self.studio.transcribe(turn, sound)
            await self.store.settle(turn, LANE + n, name, heard.usage)
            said.append(heard.text.strip())
        text = "\n\n".join(filter(None, (turn.message.text, f"{HEARD} {' '.join(said)}")))
        await self.store.set_words(turn, text)
        return replace(turn, message=replace(turn.message, text=text))
