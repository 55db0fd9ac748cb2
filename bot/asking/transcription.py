"""Voice messages: what is said in them becomes the words of the question."""

from dataclasses import dataclass, replace

from bot.accounting.limits import UsageLimits
from bot.asking.media_generation import MediaGeneration
from bot.asking.question import Question
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
        if turn.message.sounds and turn.transcript is None:
            turn = await self._transcribe(turn)
        if turn.transcript:
            shown = " ".join(turn.transcript.split())
            asked.notes.insert(0, f"🎤 {shown[:LONGEST_SHOWN]}{'…' * (len(shown) > LONGEST_SHOWN)}")
        return turn

    async def _transcribe(self, turn: Turn) -> Turn:
        texts = []
        for n, sound in enumerate(turn.message.sounds):
            await self.limits.hold(turn, LANE + n, await self.studio.name_of(turn, "hear"))
            name, heard = await self.studio.transcribe(turn, sound)
            await self.store.ledger.settle(turn, LANE + n, name, heard.usage)
            texts.append(heard.text.strip())
        transcript = " ".join(filter(None, texts))
        await self.store.turns.set_transcript(turn, transcript)
        return replace(turn, transcript=transcript)
