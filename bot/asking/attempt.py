"""An attempt: one question to one model, asked, repaired where it is refused, and answered in a stream."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bot.asking.growing_answer import GrowingAnswer
from bot.asking.prompt_composition import AttemptContext, PromptComposition
from bot.asking.question import Question
from bot.asking.question_repair import QuestionRepair
from bot.errors import BotError, Forgotten, Refused
from bot.messages import (
    Photo,
    Turn,
)


@dataclass(kw_only=True)
class Attempt:
    """An attempt to get the answer of the model of `turn`. `aside`: in a separate conversation at the provider."""

    context: AttemptContext
    asked: Question
    turn: Turn
    aside: bool
    notes: list[str] = field(default_factory=list)  # shown before the answer, if this attempt succeeds

    def __post_init__(self) -> None:
        context = self.context
        self.prompts = PromptComposition(
            context=context, asked=self.asked, turn=self.turn, aside=self.aside, notes=self.notes
        )
        self.repairs = QuestionRepair(self.prompts)
        self.answering = GrowingAnswer(
            asked=self.asked,
            model=self.turn.conversation.model,
            notes=self.notes,
            failover=context.failover,
            describer=context.describer,
        )

    async def answer(self) -> None:
        """Stream the answer. Repair a question that fails over a file or over an old conversation at the provider."""
        provider = self.prompts.provider
        try:
            prompt = await self.prompts.begin_prompt()
            while True:
                try:
                    await self.answering.stream(provider, prompt)
                    return await self._redeem(prompt.photos)
                except (Forgotten, Refused) as error:
                    prompt = await self.repairs.repair(prompt, error)
        finally:
            if self.aside:  # nobody would find it there to delete it later
                with suppress(BotError):
                    await provider.capabilities.forget(self.prompts.turn.conversation)

    async def _redeem(self, photos: Sequence[Photo]) -> None:
        """Take back the marks of photos that the model has taken after all."""
        sent = {self.prompts.originals.get(photo.sha256, photo.sha256) for photo in photos}
        for known in self.prompts.known:
            if known.unusable and known.sha256 in sent:
                conversation = self.prompts.turn.conversation
                await self.prompts.context.files.mark_usable(conversation, known.sha256, conversation.model)
