"""Voice messages: their transcript becomes the words of the question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.accounting.limits import UsageLimits, subject_of
from bot.asking.media_generation import MediaGeneration
from bot.asking.question import Question
from bot.errors import BotError
from bot.messages import Attachment, Transcript, Turn
from bot.ports import Ledger, PaidSteps, Turns

log = structlog.get_logger(__name__)

LANE = 200  # lanes from here on book the cost of transcription, besides those of answers
LONGEST_SHOWN = 600  # characters of the transcript that are shown above the answer


@dataclass(frozen=True)
class Transcription:
    """Transcribes recordings, once: the turn keeps the transcript."""

    turns: Turns
    ledger: Ledger
    steps: PaidSteps
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
            asked.state.notes.insert(0, f"🎤 {shown[:LONGEST_SHOWN]}{'…' * (len(shown) > LONGEST_SHOWN)}")
        return turn

    async def _transcribe(self, asked: Question, clips: Sequence[Attachment]) -> Turn:
        turn, texts = asked.turn, list[str]()
        for n, sound in enumerate(turn.message.sounds):
            texts.append(await self._transcribe_sound(turn, sound, LANE + n))
        for n, clip in enumerate(clips, len(texts)):
            texts.append(await self._transcribe_clip(asked, clip, LANE + n))
        if not (texts and (turn.message.sounds or any(texts))):
            return turn
        transcript = " ".join(filter(None, texts))
        await self.turns.set_transcript(turn, transcript)
        return replace(turn, transcript=transcript)

    async def _transcribe_sound(self, turn: Turn, sound: Attachment, lane: int) -> str:
        """Transcribe a recording, unless that was done before a crash."""
        if (done := await self.steps.find_step(turn.id, lane)) is not None:
            return done
        await self.limits.hold(turn, lane, await self.studio.name_of(turn, "hear"))
        name, part = await self.studio.transcribe(turn, sound)
        return await self._keep(turn, lane, name, part)

    async def _keep(self, turn: Turn, lane: int, model: str, part: Transcript) -> str:
        text = part.text.strip()
        await self.steps.save_step(turn.id, lane, text)
        await self.ledger.settle(turn, lane, model, part.usage)
        return text

    async def _transcribe_clip(self, asked: Question, clip: Attachment, lane: int) -> str:
        """Transcribe the sound of a video where somebody can; a silent one is looked at all the same."""
        turn = asked.turn
        if (done := await self.steps.find_step(turn.id, lane)) is not None:
            return done
        model = await self.studio.name_of(turn, "hear")
        if not model or not self.studio.hears or clip in asked.state.seen:
            return ""
        try:
            photo, sound = await self.studio.finder.clip(turn.message.channel, clip, subject_of(turn.message))
            asked.state.seen[clip] = photo  # it need not be fetched again
            if sound is None:
                return ""
            await self.limits.hold(turn, lane, model)
            name, part = await self.studio.transcribe_sound(turn, sound)
        except BotError as error:
            log.info("the sound of a video is not transcribed", reason=error.code)
            return ""
        return await self._keep(turn, lane, name, part)
