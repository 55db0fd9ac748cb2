"""Generation of pictures and sound, with the providers that offer it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.accounting.limits import subject_of
from bot.asking import context as memory
from bot.asking.file_loader import MADE, FileLoader
from bot.commands import Generate
from bot.errors import BotError, FailureCode, Refused, Unreadable, has_lost_reply
from bot.messages import (
    Attachment,
    Channel,
    File,
    Generated,
    GenerationRequest,
    Model,
    Photo,
    StoredFile,
    Transcript,
    Turn,
)
from bot.ports import Files, PaidSteps, Posts, Provider
from bot.ports import MediaGenerator as Maker

ORDER = 0  # the lane of what is ordered
PICTURES, VOICE, SPEECH = "pictures", "voice", "speech"  # features that the operator may switch off


@dataclass(frozen=True, kw_only=True)
class MediaGeneration:
    """Generates pictures and speech, and transcribes recordings."""

    files: Files
    posts: Posts
    steps: PaidSteps
    providers: Mapping[str, Provider]
    finder: FileLoader
    off: frozenset[str] = frozenset()

    async def generate(self, turn: Turn, draw: Generate) -> tuple[str, Generated]:
        """Generate a picture; return it with the name of its model."""
        self._check(PICTURES)
        name, model, maker = await self._maker(turn, draw.kind, draw.model)
        photo = None if draw.kind == "imagine" else await self._photo(turn, draw)
        async with self._ordering(turn) as was_begun:
            request = GenerationRequest(
                kind=draw.kind,
                model=model.id,
                words=draw.words,
                photo=photo,
                params=draw.params,
                order=str(turn.id),
                was_begun=was_begun,
            )
            return name, await maker.generate(request)

    @asynccontextmanager
    async def _ordering(self, turn: Turn) -> AsyncGenerator[bool, None]:
        """Mark the turn as one that something is ordered for, and tell whether it was before.

        The mark stays through a crash, and where an order may have been carried out although its reply was lost.
        """
        was_begun = not await self.steps.begin_step(turn.id, ORDER)
        try:
            yield was_begun
        except BotError as error:
            if not (has_lost_reply(error) or error.code is FailureCode.ORDER_INTERRUPTED):
                await self.steps.forget_step(turn.id, ORDER)
            raise

    async def transcribe(self, turn: Turn, attachment: Attachment) -> tuple[str, Transcript]:
        """Transcribe a recording; return the text with the name of its model."""
        self._check(VOICE)
        await self._maker(turn, "hear")  # nothing is fetched where nobody could listen to it
        return await self.transcribe_sound(turn, await self.finder.recording(turn.message.channel, attachment))

    async def transcribe_sound(self, turn: Turn, recording: File) -> tuple[str, Transcript]:
        """Transcribe a recording that was fetched; return the text with the name of its model."""
        name, model, maker = await self._maker(turn, "hear")
        return name, await maker.transcribe(recording, model.id, turn.message.language)

    @property
    def hears(self) -> bool:
        """True unless the operator switched transcription off."""
        return VOICE not in self.off

    async def speak(self, turn: Turn, text: str) -> tuple[str, Generated]:
        """Read a text aloud; return the sound with the name of its model."""
        self._check(SPEECH)
        name, model, maker = await self._maker(turn, "speak")
        async with self._ordering(turn) as was_begun:
            if was_begun:
                raise Refused(FailureCode.ORDER_INTERRUPTED)
            return name, await maker.speak(text, model.id)

    async def name_of(self, turn: Turn, craft: str, wanted: str | None = None) -> str:
        """Return the model that `generate`, `transcribe` or `speak` would use; empty if they would refuse."""
        try:
            return (await self._maker(turn, craft, wanted))[0]
        except BotError:
            return ""

    async def save(self, turn: Turn, made: Generated, *, is_spoiler: bool = False) -> None:
        """Keep what was made for the turn, so that it is made once; pictures become photos of the conversation."""
        await self.files.save_generated(turn, made.files)
        photos = {}
        for n, file in enumerate(made.files):
            if file.mime.startswith("image/"):
                try:
                    shown = Attachment(
                        ref=str(n), name=file.name, mime=file.mime, size=len(file.data), is_spoiler=is_spoiler
                    )
                    photos[shown] = await self._read(file)
                except Unreadable:  # it can be shown, but not asked about
                    continue
        if photos:
            await self.files.save_files(turn, photos, Channel(MADE, str(turn.id)))

    async def _read(self, file: File) -> Photo:
        return await self.finder.photos.read(file.name, file.data)

    def _check(self, feature: str) -> None:
        if feature in self.off:
            raise Refused(FailureCode.FEATURE_OFF)

    async def _maker(self, turn: Turn, craft: str, wanted: str | None = None) -> tuple[str, Model, Maker]:
        """Choose the provider: that of the named model, else one with a default, the conversation's first."""
        own = turn.conversation.provider
        offered: list[tuple[str, Model, Maker]] = []
        for name, provider in sorted(self.providers.items(), key=lambda item: item[0] != own):
            if provider.capabilities.media is not None:
                models = await provider.capabilities.media.models(craft)
                offered += [(f"{name}/{model.id}", model, provider.capabilities.media) for model in models]
        if not offered:
            raise Refused(FailureCode.STUDIO_NOBODY)
        index = _named(wanted, [name for name, _, _ in offered])
        if index is None:
            raise Refused(FailureCode.STUDIO_MODEL, model=wanted, models=", ".join(name for name, _, _ in offered[:8]))
        return offered[index]

    async def _photo(self, turn: Turn, draw: Generate) -> Photo:
        """Find the picture of the request: named by a button, sent along, replied to, or the last one."""
        if draw.source_turn is not None:
            return await self._of_turn(turn, draw.source_turn, draw.nth)
        message = (draw.again or turn).message
        about = message.about
        behind = await self.posts.find_turn_of_post(message.channel, about.id) if about and about.ours else None
        if behind and not message.attachments and len(await self.files.list_generated(behind.id)) == 1:
            return await self._of_turn(turn, behind.id, 1)  # in the original version, not as the platform shows it
        subject = await self.finder.subjects.find(replace(turn, message=message))
        if subject.files:
            first = subject.files[0]
            return _picture(await self.finder.read(first.channel, first.attachment, subject_of(turn.message)))
        before = (draw.again or turn).id - 1  # what was made for this turn is not what it was made of
        remembered = await self.files.list_files(turn.conversation, memory.LOOKED_BACK)
        pictures = [each for each in remembered if not each.is_document and each.turn <= before]
        shown = memory.select_relevant(message.text, (), pictures, until=before)
        if not shown:
            raise Refused(FailureCode.STUDIO_NO_PHOTO)
        return _picture(await self.finder.again(shown[-1], subject_of(turn.message)))

    async def is_spoiler(self, turn: Turn, draw: Generate) -> bool:
        """Tell whether the picture that is to be made shows something behind a spoiler."""
        if draw.kind == "imagine":
            return False
        if draw.source_turn is not None:
            source = await self.finder.turns.get_turn(draw.source_turn)
            return source is not None and source.result is not None and source.result.is_spoiler
        return (await self.finder.subjects.find(draw.again or turn)).is_spoiler

    async def _of_turn(self, turn: Turn, of: int, nth: int) -> Photo:
        """Find a picture generated for a turn; the conversation may know it from an earlier one, by its hash."""
        made = await self.files.list_generated(of)
        if 1 <= nth <= len(made):
            return await self._read(made[nth - 1])
        shown = [each for each in await self.files.list_files(turn.conversation, 200) if each.turn == of]
        if not 1 <= nth <= len(shown):
            raise Refused(FailureCode.STUDIO_NO_PHOTO)
        return _picture(await self.finder.again(shown[nth - 1], subject_of(turn.message)))


def _picture(file: StoredFile) -> Photo:
    if not isinstance(file, Photo):
        raise Refused(FailureCode.STUDIO_NO_PHOTO)
    return file


def _named(wanted: str | None, names: Sequence[str]) -> int | None:
    """Choose a model: the first if none is named; by its name with or without the provider, or a part of it."""
    if wanted is None:
        return 0
    low = wanted.lower()
    whole = (n for n, name in enumerate(names) if low in (name.lower(), name.lower().partition("/")[2]))
    part = (n for n, name in enumerate(names) if low in name.lower())
    return next(whole, next(part, None))
