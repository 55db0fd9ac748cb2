"""Voice messages: their transcript becomes the words of the question."""

from dataclasses import dataclass, replace

from bot.accounting.limits import UsageLimits
from bot.asking.media_generation import MediaGeneration
from bot.asking.question import Question
from bot.messages import Turn
from bot.ports import Ledger, Turns

LANE = 200  # lanes from here on book the cost of transcription, besides those of answers
LONGEST_SHOWN = 600  # characters of the transcript that are shown above the answer


@dataclass(frozen=True)
class Transcription:
    """Transcribes recordings, once: the turn keeps the transcript."""

    turns: Turns
    ledger: Ledger
    studio: MediaGeneration
    limits: UsageLimits

    async def __call__(self, asked: Question) -> Turn:
        """Return the question's turn with the transcript of its recordings, which is shown above the answer."""
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
            name, part = await self.studio.transcribe(turn, sound)
            await self.ledger.settle(turn, LANE + n, name, part.usage)
            texts.append(part.text.strip())
        transcript = " ".join(filter(None, texts))
        await self.turns.set_transcript(turn, transcript)
        return replace(turn, transcript=transcript)
