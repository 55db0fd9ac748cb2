"""An attempt: one question to one model, with its files and the missing context, and the streamed answer."""

import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

import structlog

from bot.asking import context as memory
from bot.asking.control_photo import control_photo
from bot.asking.failover import Failover
from bot.asking.file_loader import FileLoader
from bot.asking.file_preparation import FilePreparation, FittedPhotos, PhotoLimits, fit_photos
from bot.asking.growing_answer import GrowingAnswer
from bot.asking.mentions import named, without_videos
from bot.asking.photo_descriptions import PhotoDescriber, PhotoDescriptions
from bot.asking.poison_photos import TOO_LARGE, PhotoTrial, TrialResult, may_be_photo_fault
from bot.asking.question import Question, detached, instructions, with_history, words
from bot.errors import BotError, FailureCode, Forgotten, Refused, Unreadable
from bot.messages import (
    Exchange,
    Photo,
    Prompt,
    RememberedFile,
    StoredFile,
    Turn,
)
from bot.ports import Conversations, Files, Provider, Turns
from bot.util.tasks import gather_all
from bot.words import say

log = structlog.get_logger(__name__)

LATE = 300.0  # seconds after which an answer notes that it is late
LONGEST_REST = 6_000  # characters of a partial answer that are quoted in the request to continue it


@dataclass(frozen=True, kw_only=True)
class AttemptContext:
    """The services that an attempt uses."""

    turns: Turns
    files: Files
    conversations: Conversations
    providers: Mapping[str, Provider]
    loader: FileLoader
    failover: Failover
    describer: PhotoDescriber
    videos: bool = True  # providers may follow links to videos
    limits: PhotoLimits = field(default_factory=PhotoLimits)


@dataclass(kw_only=True)
class Attempt:
    """An attempt to get the answer of the model of `turn`. `aside`: in a separate conversation at the provider."""

    context: AttemptContext
    asked: Question
    turn: Turn
    aside: bool
    notes: list[str] = field(default_factory=list)  # shown before the answer, if this attempt succeeds

    def __post_init__(self) -> None:
        self.provider = self.context.providers[self.turn.conversation.provider]
        context = self.context
        self.files = FilePreparation(
            files=context.files,
            finder=context.loader,
            failover=context.failover,
            provider=self.provider,
            asked=self.asked,
            turn=self.turn,
            describer=context.describer,
        )
        self.answering = GrowingAnswer(
            asked=self.asked,
            model=self.turn.conversation.model,
            notes=self.notes,
            failover=context.failover,
            describer=context.describer,
        )
        self.known: Sequence[RememberedFile] = ()  # the conversation's files that the provider may not know
        self.originals: dict[str, str] = {}  # hashes of photos that were written anew, to those before
        self.mended: set[str] = set()  # repairs that were made to the question, each at most once

    async def answer(self) -> None:
        """Stream the answer. Repair a question that fails over a file or over an old conversation at the provider."""
        try:
            prompt = await self._prompt()
            while True:
                try:
                    await self.answering.stream(self.provider, prompt)
                    return await self._redeem(prompt.photos)
                except (Forgotten, Refused) as error:
                    prompt = await self._mended(prompt, error)
        finally:
            if self.aside:  # nobody would find it there to delete it later
                with suppress(BotError):
                    await self.provider.capabilities.forget(self.turn.conversation)

    # building the prompt

    async def _prompt(self) -> Prompt:
        looked, history, _ = await gather_all(
            self.files.own(),
            self.context.turns.list_history(self.turn, self.turn.conversation.preferences.history),
            self._begin(),
        )
        files, unread = looked
        self.asked.state.files = files
        self._note_late()
        remarks = [*filter(None, [unread]), *self.files.list_remarks()]
        self.notes += remarks
        text = "\n\n".join([self._words(), *(f"({each})" for each in remarks)])  # or the model would wonder
        return await self._composed(text, files, history)

    def _words(self) -> str:
        """Return the words to ask, without links that must not be followed."""
        text = words(self.turn, self.asked.state.subject)
        return text if self.context.videos else without_videos(text)

    def _note_late(self) -> None:
        late = time.time() - self.turn.message.sent
        if late > LATE and not self.asked.aside:
            self.notes.insert(0, say("late", ago=_ago(late)))

    async def _begin(self) -> None:
        self.begun = False
        conversation = self.turn.conversation
        if conversation.remote_id is not None:
            return
        title = f"{self.turn.message.channel.platform} {conversation.id}"  # no words or names of people
        remote_id = await self.provider.capabilities.begin(conversation, title)
        self.begun = remote_id is not None
        if self.begun and not self.aside:
            await self.context.conversations.save_remote_id(conversation, remote_id)
        self.turn = replace(self.turn, conversation=replace(conversation, remote_id=remote_id))

    async def _composed(self, text: str, own: list[StoredFile], history: Sequence[Exchange]) -> Prompt:
        """Build the prompt with all that its provider does not know: the history, and the relevant files."""
        conversation = self.turn.conversation
        keeps = conversation.remote_id is not None
        missed = history if self.begun or not keeps else memory.exchanges_missed_by(history, self.provider.name)
        every = await self._known()
        if missed or not keeps or not own:
            self.known = self._unknown(every, missed, everything=self.begun or not keeps, history=history)
        self._know_named(every)
        recalled, lost = await self._recall(own)
        files = [*recalled, *own]
        numbers = memory.number_files(every, own)
        given = await self.files.given(files, numbers)
        self.notes += given.notes
        photos = given.photos
        background = memory.background(self.known, [each.sha256 for each in files], lost)
        if photos and (described := await self._described(photos)):
            photos = ()
            self.notes.append(described.note)
            background = "\n\n".join(filter(None, (background, described.text)))
        prompt = Prompt(
            conversation=conversation,
            text=text,
            photos=photos,
            history=memory.fit_history(missed, self.known),
            instructions=instructions(conversation.preferences),
            numbers=numbers,
            background=background,
            documents=given.documents,
            excerpts=given.excerpts,
        )
        return self._for_the_rest(await self._fitted(prompt))

    def _unknown(
        self,
        every: Sequence[RememberedFile],
        told: Sequence[Exchange],
        *,
        everything: bool,
        history: Sequence[Exchange],
    ) -> Sequence[RememberedFile]:
        """List the files that the provider does not know: of exchanges that it missed, and of unanswered questions."""
        earlier = [each for each in every if each.turn <= self.turn.id]
        if everything:
            return earlier
        missed, answered = {each.turn for each in told}, {each.turn for each in history}
        last = max(answered, default=0)
        return [each for each in earlier if each.turn in missed or each.turn > last]

    def _know_named(self, every: Sequence[RememberedFile]) -> None:
        """Let files that the person names by number be sent again, though the provider has seen them."""
        numbers, known = named(self.turn.words), {each.sha256 for each in self.known}
        shown = [each for each in every if each.turn <= self.turn.id]
        added = [each for each in shown if each.number in numbers and each.sha256 not in known]
        if added:
            self.known = sorted([*self.known, *added], key=lambda each: each.number)

    async def _known(self) -> Sequence[RememberedFile]:
        conversation = self.turn.conversation
        return await self.context.files.list_files(conversation, memory.LOOKED_BACK, conversation.model)

    async def _recall(self, own: Sequence[StoredFile]) -> tuple[list[StoredFile], dict[str, str]]:
        """Load the relevant earlier files; return them, and the reasons why others are unavailable, by hash."""
        wanted = memory.select_relevant(
            self.turn.words, [each.sha256 for each in own], self.known, stands_in=self.asked.state.subject.recalls
        )
        results = await gather_all(*(self.files.again(each) for each in wanted))
        lost = {each.sha256: str(why) for each, why in zip(wanted, results, strict=True) if isinstance(why, Unreadable)}
        self.notes += [_lost(each, lost[each.sha256]) for each in wanted if each.sha256 in lost]
        await self._note_shown([pair for pair in zip(wanted, results, strict=True) if pair[0].sha256 not in lost])
        recalled = self.files.affordable([each for each in results if isinstance(each, StoredFile)])
        refused = {each.sha256 for each in self.known if each.unusable}
        sent = {each.sha256 for each in (*recalled, *own)}
        pictures = await self.files.pictures_in(recalled)
        return [*recalled, *(each for each in pictures if each.sha256 not in sent | refused)], lost

    async def _note_shown(self, recalled: Sequence[tuple[RememberedFile, StoredFile]]) -> None:
        """Remember that files were shown again which the question names: the next one may go on about them."""
        numbers = named(self.turn.words)
        for remembered, file in recalled:
            if remembered.number in numbers and not (remembered.is_inside or self.asked.again):
                await self.context.files.save_files(self.turn, {remembered.attachment: file}, remembered.channel)

    async def _described(self, photos: Sequence[Photo]) -> PhotoDescriptions | None:
        model = self.turn.conversation.model
        is_blind = self.context.limits.is_blind(model)
        describer = self.context.describer
        if not is_blind and await describer.sees(model):
            return None
        try:
            return await describer.described(self.asked, model, photos, await self._known(), is_blind=is_blind)
        except Refused as error:
            if error.code is not FailureCode.MODEL_BLIND or not self.asked.state.subject.has_only_previews:
                raise
            return PhotoDescriptions("", "")  # an article's words can be asked about without its picture

    async def _fitted(self, prompt: Prompt) -> Prompt:
        """Return the prompt with the photos that the model takes; the others are described or named."""
        model = self.turn.conversation.model
        listed = await self.context.describer.find_listed(model) if prompt.photos else None
        most = listed.most_photos if listed else None
        fitted = await fit_photos(
            self.context.loader.photos, self.context.limits, model=model, photos=prompt.photos, listed=most
        )
        for photo in fitted.photos:
            if photo not in prompt.photos:
                await self.provider.capabilities.upload(photo)
        self.originals |= {new: self.originals.get(old, old) for new, old in fitted.originals.items()}
        numbers = {new: prompt.numbers[old] for new, old in self.originals.items() if old in prompt.numbers}
        prompt = replace(prompt, photos=fitted.photos, numbers={**prompt.numbers, **numbers})
        self.notes += [say("photo_overview_only", model=model, name=photo.name) for photo in fitted.reduced]
        self.asked.state.is_large = any(photo.is_large for photo in prompt.photos)
        if fitted.left_out:
            prompt = await self._with_left_out(prompt, fitted)
        return _folded(prompt) if self.turn.conversation.remote_id is not None else prompt

    async def _with_left_out(self, prompt: Prompt, fitted: FittedPhotos) -> Prompt:
        """Tell the model and the chat about the photos that are not sent."""
        self.known = self.known or await self._known()
        numbers = {each.sha256: each.number for each in self.known} | dict(prompt.numbers)
        model, describer = self.turn.conversation.model, self.context.describer
        if await describer.is_allowed(self.asked):
            told = await describer.list_descriptions(self.asked, model, fitted.left_out, self.known)
        else:
            told = [say("memory_left_out")] * len(fitted.left_out)
        lines = [
            say("memory_photo", n=numbers.get(photo.sha256, n + 1), name=photo.name, what=words)
            for n, (photo, words) in enumerate(zip(fitted.left_out, told, strict=True))
        ]
        background = say("memory_photos", photos="\n".join(lines))
        sent = ", ".join(_named(photo, numbers) for photo in fitted.photos)
        self.notes.append(say("photos_limited", model=model, most=len(fitted.photos), sent=sent))
        joined = "\n\n".join(filter(None, (prompt.background, background)))
        return replace(prompt, background=joined, numbers=numbers)

    def _for_the_rest(self, prompt: Prompt) -> Prompt:
        """Ask for the continuation only, if the answer broke off."""
        so_far = self.asked.reply.text
        return (
            replace(prompt, text=say("ask_rest", text=prompt.text, said=so_far[-LONGEST_REST:])) if so_far else prompt
        )

    # repairs

    async def _mended(self, prompt: Prompt, error: Forgotten | Refused) -> Prompt:
        """Repair the question, so that it may be accepted. Raise the error if that was tried before or cannot help."""
        if isinstance(error, Forgotten):
            self._once("anew", error)
            return await self._anew()
        if prompt.documents and not self.asked.reply.text and _may_be_a_document(error):
            self._once("in words", error)
            return await self._in_words(prompt, error)
        if prompt.photos and not self.asked.reply.text and (fitted := await self._with_other_photos(prompt, error)):
            return fitted
        if self.asked.reply.text or not may_be_photo_fault(error):
            raise error
        if "overviews" not in self.mended and any(photo.series for photo in prompt.photos):
            self.mended.add("overviews")
            return self._with_overviews(prompt)
        self._once("tried", error)
        return await self._tried(prompt, error)

    def _with_overviews(self, prompt: Prompt) -> Prompt:
        """Build the question with one picture for each photo."""
        model = self.turn.conversation.model
        names = [photo.name for photo in prompt.photos if photo.series]
        self.notes += [say("photo_overview_only", model=model, name=name) for name in names]
        return replace(prompt, photos=tuple(photo.overview for photo in prompt.photos))

    async def _with_other_photos(self, prompt: Prompt, error: Refused) -> Prompt | None:
        """Learn from a refusal how many photos the model takes, and how large; None if it is about something else."""
        model, limits = self.turn.conversation.model, self.context.limits
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
            self.notes.append(say("photos_shrunk", model=model))
        elif error.code is FailureCode.MODEL_BLIND and not limits.is_blind(model):
            limits.learn_blind(model)
            if described := await self._described(prompt.photos):
                return self._in_descriptions(prompt, described)
            return None
        else:
            return None
        return await self._fitted(prompt)

    def _in_descriptions(self, prompt: Prompt, described: PhotoDescriptions) -> Prompt:
        """Build the question for a model that sees nothing after all."""
        self.notes.append(described.note)
        background = "\n\n".join(filter(None, (prompt.background, described.text)))
        prompt = replace(prompt, photos=(), background=background)
        return _folded(prompt) if self.turn.conversation.remote_id is not None else prompt

    def _once(self, way: str, error: BotError) -> None:
        if way in self.mended:
            raise error
        self.mended.add(way)

    async def _anew(self) -> Prompt:
        """Build the question for a new conversation at the provider, with the history."""
        log.warning("the provider forgot the conversation")
        conversation = self.turn.conversation
        if not self.aside:
            await self.context.conversations.save_remote_id(conversation, None)
        self.turn = replace(self.turn, conversation=detached(conversation))
        await self._begin()
        self.notes.append(say("began_anew"))
        history = await self.context.turns.list_history(self.turn, conversation.preferences.history)
        return await self._composed(self._words(), self.asked.state.files, history)

    async def _in_words(self, prompt: Prompt, error: Refused) -> Prompt:
        """Build the question with the text of its documents, because the provider does not open them after all."""
        self.files.closed.update(each.sha256 for each in prompt.documents)
        pictures = await self.files.pictures_in(prompt.documents)
        silent = [each for each in prompt.documents if await self.files.says_nothing(each)]
        spoken = [each for each in prompt.documents if each not in silent]
        if not (spoken or prompt.photos or prompt.excerpts):
            raise error
        numbers = {**prompt.numbers, **await self._numbers_of(pictures)}
        given = await self.files.given([*spoken, *pictures], numbers)
        unread = "; ".join(f"{each.name}: {Unreadable(FailureCode.DOCUMENT_NO_TEXT)}" for each in silent)
        total = len(prompt.documents) + len(prompt.photos) + len(prompt.excerpts)
        if unread:
            unread = say("files_some_read", read=total - len(silent), total=total, names=unread)
        self.notes += [*given.notes, *filter(None, [unread])]
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
        known = await self._known() if photos else ()
        return {each.sha256: each.number for each in known if any(each.sha256 == photo.sha256 for photo in photos)}

    async def _tried(self, prompt: Prompt, error: Refused) -> Prompt:
        """Build the question without what the provider fails over: bad photos, or else the history."""
        verdict = await self._verdict(prompt) if prompt.photos else TrialResult("question")
        match verdict.fault:
            case "question" if prompt.history:
                self.notes.append(say("history_left_out"))
                return replace(prompt, history=(), background="")
            case "every photo":
                raise Refused(FailureCode.MODEL_TAKES_NO_PHOTOS, model=self.turn.conversation.model)
            case "too many":
                self.context.limits.learn_most(self.turn.conversation.model, verdict.most)
                return await self._fitted(prompt)
            case "bad photos":
                return await self._without_bad(prompt, verdict.bad)
        raise error

    async def _verdict(self, prompt: Prompt) -> TrialResult:
        conversation = detached(self.turn.conversation)

        async def takes(photos: Sequence[Photo]) -> bool:
            return await self._passes(Prompt(conversation=conversation, text=say("ask_probe"), photos=tuple(photos)))

        async def question_passes() -> bool:
            return await self._passes(replace(prompt, conversation=conversation, photos=()))

        control = control_photo()
        await self.provider.capabilities.upload(control)
        return await PhotoTrial(takes, control).run(prompt.photos, question_passes)

    async def _passes(self, prompt: Prompt) -> bool:
        """Tell whether the provider accepts a question, by the first piece of an answer."""
        try:
            async with aclosing(self.provider.ask(prompt)) as pieces:
                async for _ in pieces:
                    break
        except Refused as error:
            if may_be_photo_fault(error) or error.code is FailureCode.PROVIDER_TOO_MANY_PHOTOS:
                return False
            raise
        return True

    async def _without_bad(self, prompt: Prompt, bad: Sequence[Photo]) -> Prompt:
        """Build the question without these photos, which are marked for this model."""
        for photo in bad:
            sha256 = self.originals.get(photo.sha256, photo.sha256)
            await self.context.files.mark_unusable(self.turn.conversation, sha256, self.turn.conversation.model)
        names = "; ".join(f"{photo.name}: {Unreadable(FailureCode.PHOTO_REFUSED)}" for photo in bad)
        good = tuple(photo for photo in prompt.photos if photo not in bad)
        if not good:
            raise Refused(FailureCode.PHOTOS_NONE_READ, names=names)
        unread = say("photos_some_read", read=len(good), total=len(prompt.photos), names=names)
        self.notes.append(unread)
        return replace(prompt, photos=good, text=f"{prompt.text}\n\n({unread})")

    async def _redeem(self, photos: Sequence[Photo]) -> None:
        """Take back the marks of photos that the model has taken after all."""
        sent = {self.originals.get(photo.sha256, photo.sha256) for photo in photos}
        for known in self.known:
            if known.unusable and known.sha256 in sent:
                conversation = self.turn.conversation
                await self.context.files.mark_usable(conversation, known.sha256, conversation.model)


def _named(photo: Photo, numbers: Mapping[str, int]) -> str:
    number = numbers.get(photo.sha256)
    return say("photo_named", n=number, name=photo.name) if number else photo.name


def _lost(known: RememberedFile, why: str) -> str:
    key = "file_lost" if known.is_document else "photo_lost"
    return say(key, n=known.number, name=known.attachment.name, why=why)


def _may_be_a_document(error: Refused) -> bool:
    """Tell whether sending the text of a document instead, which is also shorter, may help."""
    return error.code in (
        FailureCode.PROVIDER_DOCUMENT_REFUSED,
        FailureCode.PROVIDER_CONTEXT_TOO_LONG,
    ) or may_be_photo_fault(error)


def _folded(prompt: Prompt) -> Prompt:
    """Return the prompt for a provider that keeps the history: everything it does not know becomes part of the text."""
    text = with_history(prompt.text, prompt.history)
    text = "\n\n".join(filter(None, (prompt.background, text)))
    return replace(prompt, text=text, history=(), background="")


def _ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    return say("minutes", n=minutes) if minutes < 120 else say("hours", n=round(minutes / 60))
