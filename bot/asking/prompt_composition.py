"""The prompt of a question to one model: its words and files, and all that its provider does not know."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.asking import context as memory
from bot.asking.failover import Failover
from bot.asking.file_loader import FileLoader
from bot.asking.file_preparation import FilePreparation, FittedPhotos, PhotoLimits, fit_photos
from bot.asking.mentions import named, without_videos
from bot.asking.photo_descriptions import PhotoDescriber, PhotoDescriptions
from bot.asking.question import Question, instructions, with_history, words
from bot.errors import FailureCode, Refused, Unreadable
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
class PromptComposition:
    """Composes the prompts of one attempt, and keeps what it finds out about the files on the way."""

    context: AttemptContext
    asked: Question
    turn: Turn
    aside: bool
    notes: list[str]  # shown before the answer, if this attempt succeeds

    def __post_init__(self) -> None:
        context = self.context
        self.provider = context.providers[self.turn.conversation.provider]
        self.files = FilePreparation(
            files=context.files,
            finder=context.loader,
            failover=context.failover,
            provider=self.provider,
            asked=self.asked,
            turn=self.turn,
            describer=context.describer,
        )
        self.known: Sequence[RememberedFile] = ()  # the conversation's files that the provider may not know
        self.originals: dict[str, str] = {}  # hashes of photos that were written anew, to those before

    async def begin_prompt(self) -> Prompt:
        """Compose the first prompt, while files are fetched and a conversation begins at the provider."""
        looked, history, _ = await gather_all(
            self.files.own(),
            self.context.turns.list_history(self.turn, self.turn.conversation.preferences.history),
            self.begin_conversation(),
        )
        files, unread = looked
        self.asked.state.files = files
        self._note_late()
        remarks = [*filter(None, [unread]), *self.files.list_remarks()]
        self.notes += remarks
        text = "\n\n".join([self.question_words(), *(f"({each})" for each in remarks)])  # or the model would wonder
        return await self.compose(text, files, history)

    def question_words(self) -> str:
        """Return the words to ask, without links that must not be followed."""
        text = words(self.turn, self.asked.state.subject)
        return text if self.context.videos else without_videos(text)

    def _note_late(self) -> None:
        late = time.time() - self.turn.message.sent
        if late > LATE and not self.asked.aside:
            self.notes.insert(0, say("late", ago=_ago(late)))

    async def begin_conversation(self) -> None:
        """Begin a conversation at the provider, if it keeps any and has none yet."""
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

    async def compose(self, text: str, own: list[StoredFile], history: Sequence[Exchange]) -> Prompt:
        """Build the prompt with all that its provider does not know: the history, and the relevant files."""
        conversation = self.turn.conversation
        keeps = conversation.remote_id is not None
        missed = history if self.begun or not keeps else memory.exchanges_missed_by(history, self.provider.name)
        every = await self.list_known()
        if self.asked.bare:
            missed = ()
        else:
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
        if photos and (described := await self.describe(photos)):
            photos = ()
            self.notes.append(described.note)
            background = "\n\n".join(filter(None, (background, described.text)))
        prompt = Prompt(
            conversation=conversation,
            text=text,
            photos=photos,
            history=memory.fit_history(missed, self.known),
            instructions="" if self.asked.bare else instructions(conversation.preferences),
            numbers=numbers,
            background=background,
            documents=given.documents,
            excerpts=given.excerpts,
        )
        return self._for_the_rest(await self.fit(prompt))

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

    async def list_known(self) -> Sequence[RememberedFile]:
        """Return the files that the conversation has shown."""
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

    async def describe(self, photos: Sequence[Photo]) -> PhotoDescriptions | None:
        """Have the photos described for a model that sees none; None for one that sees."""
        model = self.turn.conversation.model
        is_blind = self.context.limits.is_blind(model)
        describer = self.context.describer
        if not is_blind and await describer.sees(model):
            return None
        try:
            return await describer.described(self.asked, model, photos, await self.list_known(), is_blind=is_blind)
        except Refused as error:
            if error.code is not FailureCode.MODEL_BLIND or not self.asked.state.subject.has_only_previews:
                raise
            return PhotoDescriptions("", "")  # an article's words can be asked about without its picture

    async def fit(self, prompt: Prompt) -> Prompt:
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
        return folded(prompt) if self.turn.conversation.remote_id is not None else prompt

    async def _with_left_out(self, prompt: Prompt, fitted: FittedPhotos) -> Prompt:
        """Tell the model and the chat about the photos that are not sent."""
        self.known = self.known or await self.list_known()
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


def _named(photo: Photo, numbers: Mapping[str, int]) -> str:
    number = numbers.get(photo.sha256)
    return say("photo_named", n=number, name=photo.name) if number else photo.name


def _lost(known: RememberedFile, why: str) -> str:
    key = "file_lost" if known.is_document else "photo_lost"
    return say(key, n=known.number, name=known.attachment.name, why=why)


def folded(prompt: Prompt) -> Prompt:
    """Return the prompt for a provider that keeps the history: everything it does not know becomes part of the text."""
    text = with_history(prompt.text, prompt.history)
    text = "\n\n".join(filter(None, (prompt.background, text)))
    return replace(prompt, text=text, history=(), background="")


def _ago(seconds: float) -> str:
    minutes = round(seconds / 60)
    return say("minutes", n=minutes) if minutes < 120 else say("hours", n=round(minutes / 60))
