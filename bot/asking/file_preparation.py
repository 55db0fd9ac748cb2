"""Preparation of a question's files: fetched, and uploaded or told in words, in the form that the model takes."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.accounting.limits import subject_of
from bot.asking import context as memory
from bot.asking.failover import Failover
from bot.asking.file_loader import FileLoader
from bot.asking.inner_pictures import MOST_PICTURES, InnerPicture, inner_channel
from bot.asking.photo_descriptions import PhotoDescriber
from bot.asking.question import Question
from bot.asking.subject import PlacedFile
from bot.errors import Busy, FailureCode, Refused, Unreadable
from bot.files.documents.document_text import DocumentText, numbers_in_words
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Document, Photo, RememberedFile, StoredFile, Turn
from bot.ports import Files, Provider
from bot.util.retry import FETCH_AGAIN
from bot.util.tasks import gather_all
from bot.words import say

log = structlog.get_logger(__name__)

SMALLER = 1024  # longest side in pixels of a photo for a model that refused a larger one
MOST_SENT = 20  # pictures in one question, where nobody knows of a limit

VIDEOS = (FailureCode.PHOTO_VIDEO, FailureCode.PHOTO_VIDEO_LONG)
PREVIEW_TIMEOUT = 5.0  # seconds for the picture beside an article
Looked = Photo | Document | Unreadable


class PhotoLimits:
    """The limits of models, named `provider/model`, as long as this process lives."""

    def __init__(self) -> None:
        self._most: dict[str, int] = {}
        self._longest_side: dict[str, int] = {}
        self._blind: set[str] = set()

    def most(self, model: str, listed: int | None = None) -> int | None:
        """Return how many photos the model takes at a time; `listed` is what its list says. None: nobody knows."""
        return self._most.get(model, listed)

    def learn_most(self, model: str, most: int) -> None:
        """Remember that the model takes no more photos at a time."""
        log.info("the number of photos is limited", model=model, most=most)
        self._most[model] = most

    def learn_smaller(self, model: str) -> None:
        """Remember that the model wants smaller photos."""
        log.info("photos are made smaller from now on", model=model, longest_side=SMALLER)
        self._longest_side[model] = SMALLER

    def learn_blind(self, model: str) -> None:
        """Remember that the model sees nothing, as its service said."""
        self._blind.add(model)

    def is_blind(self, model: str) -> bool:
        """Return whether the service said that the model sees nothing."""
        return model in self._blind

    def longest_side(self, model: str, photo: Photo) -> int | None:
        """Return the longest side with which the photo has to be written anew for the model; None: it is fine."""
        side = self._longest_side.get(model)
        is_large = side is not None and max(photo.width, photo.height) > side
        return side if is_large else None


@dataclass(frozen=True, slots=True)
class FittedPhotos:
    """The photos that are sent, and those that are not; `originals` has the hash before a photo was written anew.

    Of those `reduced`, only an overview is sent.
    """

    photos: tuple[Photo, ...]
    left_out: tuple[Photo, ...]
    originals: Mapping[str, str]
    reduced: tuple[Photo, ...] = ()


async def fit_photos(
    intake: PhotoIntake, limits: PhotoLimits, model: str, photos: Sequence[Photo], listed: int | None = None
) -> FittedPhotos:
    """Return the newest photos, as many as the model takes, written anew where it needs that.

    `listed` is the number of photos that its list of models allows.
    """
    most = limits.most(model, listed)
    count = len(photos) if most is None else min(most, len(photos))
    kept = photos[len(photos) - count :]
    held = reduce_series(kept, MOST_SENT if most is None else min(most, MOST_SENT))
    fitted, originals = list[Photo](), dict[str, str]()
    for photo in held:
        written = await _written_anew(intake, photo, limits, model)
        fitted.append(written)
        originals[written.sha256] = photo.sha256
    reduced = tuple(before for before, after in zip(kept, held, strict=True) if before.series and not after.series)
    return FittedPhotos(tuple(fitted), tuple(photos[: len(photos) - count]), originals, reduced)


def reduce_series(photos: Sequence[Photo], most_pictures: int) -> Sequence[Photo]:
    """Replace the oldest series by their overviews, as long as there are more pictures than that."""
    held = list(photos)
    for n, photo in enumerate(photos):
        if _count(held) <= most_pictures:
            break
        held[n] = photo.overview
    return held


def _count(photos: Iterable[Photo]) -> int:
    return sum(len(photo.pictures) for photo in photos)


async def _written_anew(intake: PhotoIntake, photo: Photo, limits: PhotoLimits, model: str) -> Photo:
    if photo.series:
        pictures = [await _written_anew(intake, each, limits, model) for each in photo.pictures]
        return replace(photo, series=replace(photo.series, pictures=tuple(pictures)))
    longest_side = limits.longest_side(model, photo)
    if longest_side is None:
        return photo
    try:
        return await intake.reencode(photo, longest_side)
    except Unreadable:  # the service may take it as it is all the same
        return photo


@dataclass(frozen=True, slots=True)
class PreparedFiles:
    """Files in the form that the provider takes, and notes for people about them."""

    photos: tuple[Photo, ...]
    documents: tuple[Document, ...]
    excerpts: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(kw_only=True)
class FilePreparation:
    """Prepares the files of one question for the model of `turn`."""

    files: Files
    finder: FileLoader
    failover: Failover
    provider: Provider
    asked: Question
    turn: Turn
    describer: PhotoDescriber
    closed: set[str] = field(default_factory=set)  # hashes of documents that the provider does not open after all
    places: dict[str, PlacedFile] = field(default_factory=dict)  # of documents, by hash
    inner: dict[str, list[InnerPicture]] = field(default_factory=dict)  # pictures in documents, by the document's hash

    # loading

    async def own(self) -> tuple[list[StoredFile], str]:
        """Load all files of the question at the same time; return them, and a sentence that names unreadable ones."""
        placed = self.asked.state.subject.files
        looked: list[Looked] = await gather_all(*map(self._look, placed))
        pairs = [(each.attachment, file) for each, file in zip(placed, looked, strict=True)]
        files = {replace(each, mime=file.mime): file for each, file in pairs if isinstance(file, StoredFile)}
        if not self.asked.again:
            await self._save(placed, looked)
        read: list[StoredFile] = [*files.values(), *await self.pictures_in(files.values())]
        unread = [(each, error) for each, error in pairs if isinstance(error, Unreadable)]
        if not unread:
            return read, ""
        names = "; ".join(f"{each.name}: {error}" for each, error in unread)
        if not files and all(error.code in VIDEOS for _, error in unread):
            raise Refused(FailureCode.VIDEOS_NONE_READ, names=names)
        kinds = "files" if any(each.is_document for each, _ in unread) or _documents(files.values()) else "photos"
        if not files and not all(each.is_preview for each, _ in unread):
            raise Refused(f"{kinds}_none_read", names=names)
        return read, say(f"{kinds}_some_read", read=len(files), total=len(pairs), names=names)

    async def _save(self, placed: Sequence[PlacedFile], looked: Sequence[Looked]) -> None:
        """Number the files that could be read, channel by channel."""
        for channel in dict.fromkeys(each.channel for each in placed):
            files = {
                replace(_fetched_from(each.attachment, file), mime=file.mime): file
                for each, file in zip(placed, looked, strict=True)
                if each.channel == channel and isinstance(file, StoredFile)
            }
            if files:
                await self.files.save_files(self.turn, files, channel)

    def list_remarks(self) -> list[str]:
        """Return sentences about photos of the question that are not quite what was sent."""
        photos = (each for each in self.asked.state.files if isinstance(each, Photo))
        return [say(each.key, name=photo.name, **dict(each.values)) for photo in photos for each in photo.remarks]

    async def pictures_in(self, files: Iterable[StoredFile]) -> list[Photo]:
        """Return the first pictures in documents that the provider does not open, for a model that sees, and save them.

        Each is a photo of the conversation, with a number of its own.
        """
        left, photos = MOST_PICTURES - sum(map(len, self.inner.values())), list[Photo]()
        for document in _documents(files):
            if document.sha256 in self.inner or left <= 0 or not await self._is_seen(document):
                continue
            placed = self.places[document.sha256]
            found = (await self.finder.pictures(placed, document, subject_of(self.turn.message)))[:left]
            taken = [each for each in found if await self._is_taken(each.photo)]
            if taken and not self.asked.again:
                pictures = {each.attachment: each.photo for each in taken}
                await self.files.save_files(self.turn, pictures, inner_channel(placed.channel))
            self.inner[document.sha256] = taken
            left -= len(taken)
            photos += [each.photo for each in taken]
        return photos

    async def _is_taken(self, photo: Photo) -> bool:
        """Bring a picture to the provider, and tell whether it takes it."""
        try:
            await self.provider.capabilities.upload(photo)
        except Unreadable:
            return False
        return True

    async def _is_better_seen(self, document: Document) -> bool:
        """Tell whether the provider would open a document without looking at its pictures, and the model can."""
        if not self.is_opened(document):
            return False
        text, model = await self.finder.words(document), self.turn.conversation.model
        if not (text.is_seen and text.is_whole):
            return False
        looks = self.provider.capabilities.reads(replace(document, has_pictures=True), self.turn.conversation.model_id)
        return not looks and await self.describer.sees(model)

    async def _is_seen(self, document: Document) -> bool:
        """Tell whether the model is to see pictures in the document."""
        if self.is_opened(document) or not (await self.finder.words(document)).is_seen:
            return False
        return await self.describer.sees(self.turn.conversation.model)

    async def says_nothing(self, document: Document) -> bool:
        """Tell whether the model can neither read nor see anything in a document that the provider does not open."""
        return (await self.finder.words(document)).is_empty and not await self._is_seen(document)

    async def again(self, known: RememberedFile) -> Looked:
        """Load and upload an earlier file."""
        try:
            file = await self.finder.again(known, subject_of(self.turn.message))
            self.places[file.sha256] = PlacedFile(known.channel, known.attachment)
            await self._bring(file)
        except Unreadable as error:
            return error
        except Busy as error:
            if self.failover.is_outage(error):
                raise
            return Unreadable(FailureCode.PHOTO_GONE)
        return file

    async def _look(self, placed: PlacedFile) -> Looked:
        attachment = placed.attachment
        try:
            owner = subject_of(self.turn.message)  # the asker, even for files of others
            async with asyncio.timeout(PREVIEW_TIMEOUT if attachment.is_preview else None):
                file = self.asked.state.seen.get(attachment) or await self._read(placed, owner)
            self.asked.state.seen[attachment] = file
            self.places[file.sha256] = placed
            await self._bring(file)
        except Unreadable as error:
            return error
        except TimeoutError:
            if not attachment.is_preview:
                raise
            return Unreadable(FailureCode.PHOTO_GONE)
        except Busy as error:
            is_over = attachment.is_preview or FETCH_AGAIN.is_over(self.asked.attempts + 1)
            if not is_over or self.failover.is_outage(error):
                raise
            return Unreadable(FailureCode.PHOTO_GONE)
        return file

    async def _read(self, placed: PlacedFile, owner: str) -> Photo | Document:
        """Fetch a file and take it in, or wait until that is done where it has begun."""
        coming = self.asked.state.coming.pop(placed.attachment, None)
        return await (coming or self.finder.read(placed.channel, placed.attachment, owner))

    async def _bring(self, file: Photo | Document) -> None:
        if isinstance(file, Document) and await self._is_better_seen(file):
            self.closed.add(file.sha256)
        if self.is_opened(file):
            try:
                return await self.provider.capabilities.upload(file)
            except Unreadable:
                if not isinstance(file, Document):
                    raise
                self.closed.add(file.sha256)
                if await self.says_nothing(file):
                    raise
        elif isinstance(file, Document) and await self.says_nothing(file):
            raise Unreadable(FailureCode.DOCUMENT_NO_TEXT)
        return None

    # handing over

    def is_opened(self, file: StoredFile) -> bool:
        """Tell whether the provider gets the file itself."""
        if not isinstance(file, Document):
            return True
        return file.sha256 not in self.closed and self.provider.capabilities.reads(
            file, self.turn.conversation.model_id
        )

    def affordable(self, files: Sequence[StoredFile]) -> list[StoredFile]:
        """Select the earlier files that fit into one request; those sent as text are truncated to fit instead."""
        sent = memory.affordable([each for each in files if self.is_opened(each)])
        return [each for each in files if each in sent or not self.is_opened(each)]

    async def given(self, files: Sequence[StoredFile], numbers: Mapping[str, int]) -> PreparedFiles:
        """Return the files in the form that the provider takes; `numbers` are theirs in the conversation, by hash."""
        read = [each for each in _documents(files) if not self.is_opened(each)]
        readings: list[DocumentText] = await gather_all(*(self.finder.words(each) for each in read))
        shown = [self._shown_pages(each, numbers) for each in read]
        excerpts, notes = list[str](), list[str]()
        for n, (text, extent) in enumerate(memory.excerpts(readings, shown)):
            document = read[n]
            if text or not shown[n]:
                excerpts.append(_excerpt(document, text, extent, numbers.get(document.sha256)))
            if document in self.asked.state.files:
                notes += _list_notes(document, readings[n], extent, shown[n])
        notes += [self.finder.assumption(each) for each in _documents(self.asked.state.files)]
        return PreparedFiles(
            tuple(each for each in files if isinstance(each, Photo)),
            tuple(each for each in _documents(files) if self.is_opened(each)),
            tuple(excerpts),
            tuple(filter(None, notes)),
        )

    def _shown_pages(self, document: Document, numbers: Mapping[str, int]) -> Mapping[int, int]:
        """Return the numbers of the photos of pages, by page; 0 where a photo has none."""
        return {each.n: numbers.get(each.photo.sha256, 0) for each in self.inner.get(document.sha256, ())}


def _excerpt(document: Document, text: str, extent: str, number: int | None) -> str:
    file = say("file_named", n=number, name=document.name) if number else document.name
    return say("document_says_partly" if extent else "document_says", file=file, extent=extent, text=text)


def _list_notes(document: Document, reading: DocumentText, extent: str, shown: Mapping[int, int]) -> list[str]:
    """Return sentences for people about what of a document the model does not get."""
    name, unseen = document.name, tuple(n for n in reading.pictured if n not in shown)
    return [
        *([say("document_partly", name=name, extent=extent)] if extent else []),
        *([say("document_unseen_pages", name=name, pages=numbers_in_words(unseen))] if unseen else []),
        *([say("document_unread_pages", name=name, pages=numbers_in_words(reading.unread))] if reading.unread else []),
    ]


def _fetched_from(attachment: Attachment, file: StoredFile) -> Attachment:
    """Return the attachment that was read: of a video, it may be the picture from it."""
    is_still = isinstance(file, Photo) and any(each.key == "photo_video_still" for each in file.remarks)
    return attachment.as_still if is_still else replace(attachment, still="")


def _documents(files: Iterable[StoredFile]) -> list[Document]:
    return [each for each in files if isinstance(each, Document)]
