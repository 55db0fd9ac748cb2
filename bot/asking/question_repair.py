"""Repairs of a question that was refused: over a file, over its photos, or over an old conversation."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import structlog

from bot.asking.control_photo import control_photo
from bot.asking.photo_descriptions import PhotoDescriptions
from bot.asking.poison_photos import TOO_LARGE, PhotoTrial, TrialResult, may_be_photo_fault
from bot.asking.prompt_composition import PromptComposition, folded
from bot.asking.question import detached
from bot.errors import BotError, FailureCode, Forgotten, Refused, Unreadable
from bot.messages import (
    Photo,
    Prompt,
)
from bot.words import say

log = structlog.get_logger(__name__)


@dataclass
class QuestionRepair:
    """Repairs the prompts of one attempt; each repair is made at most once."""

    prompts: PromptComposition
    mended: set[str] = field(default_factory=set)  # the repairs that were made

    async def repair(self, prompt: Prompt, error: Forgotten | Refused) -> Prompt:
        """Repair the question, so that it may be accepted. Raise the error if that was tried before or cannot help."""
        if isinstance(error, Forgotten):
            self._once("anew", error)
            return await self._anew()
        if prompt.documents and not self.prompts.asked.reply.text and _may_be_a_document(error):
            self._once("in words", error)
            return await self._in_words(prompt, error)
        has_begun = bool(self.prompts.asked.reply.text)
        if prompt.photos and not has_begun and (fitted := await self._with_other_photos(prompt, error)):
            return fitted
        if has_begun or not may_be_photo_fault(error):
            raise error
        if "overviews" not in self.mended and any(photo.series for photo in prompt.photos):
            self.mended.add("overviews")
            return self._with_overviews(prompt)
        self._once("tried", error)
        return await self._tried(prompt, error)

    def _with_overviews(self, prompt: Prompt) -> Prompt:
        """Build the question with one picture for each photo."""
        model = self.prompts.turn.conversation.model
        names = [photo.name for photo in prompt.photos if photo.series]
        self.prompts.notes += [say("photo_overview_only", model=model, name=name) for name in names]
        return replace(prompt, photos=tuple(photo.overview for photo in prompt.photos))

    async def _with_other_photos(self, prompt: Prompt, error: Refused) -> Prompt | None:
        """Learn from a refusal how many photos the model takes, and how large; None if it is about something else."""
        model, limits = self.prompts.turn.conversation.model, self.prompts.context.limits
        count = len(prompt.pictures)
        if error.code is FailureCode.PROVIDER_TOO_MANY_PHOTOS and count > 1:
            allowed = error.values.get("most")
            most = allowed if isinstance(allowed, int) and allowed < count else count // 2
            limits.learn_most(model, most)
        elif error.code in TOO_LARGE and "smaller" not in self.mended:
            self.mended.add("smaller")
            limits.learn_smaller(model)
            if all(limits.longest_side(model, picture) is None for picture in prompt.pictures):
                return None
            self.prompts.notes.append(say("photos_shrunk", model=model))
        elif error.code is FailureCode.MODEL_BLIND and not limits.is_blind(model):
            limits.learn_blind(model)
            if described := await self.prompts.describe(prompt.photos):
                return self._in_descriptions(prompt, described)
            return None
        else:
            return None
        return await self.prompts.fit(prompt)

    def _in_descriptions(self, prompt: Prompt, described: PhotoDescriptions) -> Prompt:
        """Build the question for a model that sees nothing after all."""
        self.prompts.notes.append(described.note)
        background = "\n\n".join(filter(None, (prompt.background, described.text)))
        prompt = replace(prompt, photos=(), background=background)
        return folded(prompt) if self.prompts.turn.conversation.remote_id is not None else prompt

    def _once(self, way: str, error: BotError) -> None:
        if way in self.mended:
            raise error
        self.mended.add(way)

    async def _anew(self) -> Prompt:
        """Build the question for a new conversation at the provider, with the history."""
        log.warning("the provider forgot the conversation")
        conversation = self.prompts.turn.conversation
        if not self.prompts.aside:
            await self.prompts.context.conversations.save_remote_id(conversation, None)
        self.prompts.turn = replace(self.prompts.turn, conversation=detached(conversation))
        await self.prompts.begin_conversation()
        self.prompts.notes.append(say("began_anew"))
        history = await self.prompts.context.turns.list_history(self.prompts.turn, conversation.preferences.history)
        return await self.prompts.compose(self.prompts.question_words(), self.prompts.asked.state.files, history)

    async def _in_words(self, prompt: Prompt, error: Refused) -> Prompt:
        """Build the question with the text of its documents, because the provider does not open them after all."""
        self.prompts.files.closed.update(each.sha256 for each in prompt.documents)
        pictures = await self.prompts.files.pictures_in(prompt.documents)
        silent = [each for each in prompt.documents if await self.prompts.files.says_nothing(each)]
        spoken = [each for each in prompt.documents if each not in silent]
        if not (spoken or prompt.photos or prompt.excerpts):
            raise error
        numbers = {**prompt.numbers, **await self._numbers_of(pictures)}
        given = await self.prompts.files.given([*spoken, *pictures], numbers)
        unread = "; ".join(f"{each.name}: {Unreadable(FailureCode.DOCUMENT_NO_TEXT)}" for each in silent)
        total = len(prompt.documents) + len(prompt.photos) + len(prompt.excerpts)
        if unread:
            unread = say("files_some_read", read=total - len(silent), total=total, names=unread)
        self.prompts.notes += [*given.notes, *filter(None, [unread])]
        return replace(
            prompt,
            text=f"{prompt.text}\n\n({unread})" if unread else prompt.text,
            photos=(*prompt.photos, *given.photos),
            documents=(),
            excerpts=(*prompt.excerpts, *given.excerpts),
            numbers=numbers,
        )

    async def _numbers_of(self, photos: Sequence[Photo]) -> Mapping[str, int]:
        """Return the numbers of photos that were saved just now, by hash."""
        known = await self.prompts.list_known() if photos else ()
        return {each.sha256: each.number for each in known if any(each.sha256 == photo.sha256 for photo in photos)}

    async def _tried(self, prompt: Prompt, error: Refused) -> Prompt:
        """Build the question without what the provider fails over: bad photos, or else the history."""
        verdict = await self._verdict(prompt) if prompt.photos else TrialResult("question")
        match verdict.fault:
            case "question" if prompt.history:
                self.prompts.notes.append(say("history_left_out"))
                return replace(prompt, history=(), background="")
            case "every photo":
                raise Refused(FailureCode.MODEL_TAKES_NO_PHOTOS, model=self.prompts.turn.conversation.model)
            case "too many":
                self.prompts.context.limits.learn_most(self.prompts.turn.conversation.model, verdict.most)
                return await self.prompts.fit(prompt)
            case "bad photos":
                return await self._without_bad(prompt, verdict.bad)
        raise error

    async def _verdict(self, prompt: Prompt) -> TrialResult:
        conversation = detached(self.prompts.turn.conversation)

        async def takes(photos: Sequence[Photo]) -> bool:
            return await self._passes(Prompt(conversation=conversation, text=say("ask_probe"), photos=tuple(photos)))

        async def question_passes() -> bool:
            return await self._passes(replace(prompt, conversation=conversation, photos=()))

        control = control_photo()
        await self.prompts.provider.capabilities.upload(control)
        return await PhotoTrial(takes, control).run(prompt.photos, question_passes)

    async def _passes(self, prompt: Prompt) -> bool:
        """Tell whether the provider accepts a question, by the first piece of an answer."""
        try:
            async with aclosing(self.prompts.provider.ask(prompt)) as pieces:
                async for _ in pieces:
                    break
        except Refused as error:
            if may_be_photo_fault(error) or error.code is FailureCode.PROVIDER_TOO_MANY_PHOTOS:
                return False
            raise
        return True

    async def _without_bad(self, prompt: Prompt, bad: Sequence[Photo]) -> Prompt:
        """Build the question without these photos, which are marked for this model."""
        conversation = self.prompts.turn.conversation
        for photo in bad:
            sha256 = self.prompts.originals.get(photo.sha256, photo.sha256)
            await self.prompts.context.files.mark_unusable(conversation, sha256, conversation.model)
        names = "; ".join(f"{photo.name}: {Unreadable(FailureCode.PHOTO_REFUSED)}" for photo in bad)
        good = tuple(photo for photo in prompt.photos if photo not in bad)
        if not good:
            raise Refused(FailureCode.PHOTOS_NONE_READ, names=names)
        unread = say("photos_some_read", read=len(good), total=len(prompt.photos), names=names)
        self.prompts.notes.append(unread)
        return replace(prompt, photos=good, text=f"{prompt.text}\n\n({unread})")


def _may_be_a_document(error: Refused) -> bool:
    """Tell whether sending the text of a document instead, which is also shorter, may help."""
    return error.code in (
        FailureCode.PROVIDER_DOCUMENT_REFUSED,
        FailureCode.PROVIDER_CONTEXT_TOO_LONG,
    ) or may_be_photo_fault(error)
