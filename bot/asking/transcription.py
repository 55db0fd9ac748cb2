"""Voice messages: their transcript becomes the words of the question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.accounting.limits import UsageLimits, subject_of
from bot.asking.media_generation import MediaGeneration
from bot.asking.question import Question
from bot.errors import BotError
from bot.messages import Attachment, Turn
from bot.ports import Ledger, Turns

log = structlog.get_logger(__name__)

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
        clips = [each for each in turn.message.photos if each.is_video]
        if (turn.message.sounds or clips) and turn.transcript is None:
            turn = await self._transcribe(asked, clips)
        if turn.transcript:
            shown = " ".join(turn.transcript.split())
            asked.notes.insert(0, f"🎤 {shown[:LONGEST_SHOWN]}{'…' * (len(shown) > LONGEST_SHOWN)}")
        return turn

    async def _transcribe(self, asked: Question, clips: Sequence[Attachment]) -> Turn:
        turn, texts = asked.turn, list[str]()
        for n, sound in enumerate(turn.message.sounds):
            await self.limits.hold(turn, LANE + n, await self.studio.name_of(turn, "hear"))
            name, part = await self.studio.transcribe(turn, sound)
            await self.ledger.settle(turn, LANE + n, name, part.usage)
            texts.append(part.text.strip())
        for n, clip in enumerate(clips, len(texts)):
            texts.append(await self._transcribe_clip(asked, clip, LANE + n))
        if not (texts and (turn.message.sounds or any(texts))):
            return turn
        transcript = " ".join(filter(None, texts))
        await self.turns.set_transcript(turn, transcript)
        return replace(turn, transcript=transcript)

    async def _transcribe_clip(self, asked: Question, clip: Attachment, lane: int) -> str:
        """Transcribe the sound of a video where somebody can; a silent one is looked at all the same."""
        turn = asked.turn
        model = await self.studio.name_of(turn, "hear")
        if not model or not self.studio.hears or clip in asked.seen:
            return ""
        try:
            photo, sound = await self.studio.finder.clip(turn.message.channel, clip, subject_of(turn.message))
            asked.seen[clip] = photo  # it need not be fetched again
            if sound is None:
                return ""
            await self.limits.hold(turn, lane, model)
            name, part = await self.studio.transcribe_sound(turn, sound)
        except BotError as error:
            log.info("the sound of a video is not transcribed", reason=error.code)
            return ""
        await self.ledger.settle(turn, lane, name, part.usage)
        return part.text.strip()
