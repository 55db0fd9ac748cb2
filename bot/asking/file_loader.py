"""The loader of photos and documents: find them wherever they were posted, fetch them, and take them in."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.asking.inner_pictures import MOST_PICTURES, InnerPicture, inner_attachment, outer
from bot.asking.subject import PlacedFile, SubjectFinder
from bot.chat_platform import Platform
from bot.errors import FailureCode, Refused, Unreadable
from bot.files.documents import DocumentIntake
from bot.files.documents.document_text import DocumentText
from bot.files.photos import PhotoIntake, is_picture, sniff_clip
from bot.messages import INSIDE, PDF, Attachment, Channel, Document, File, Photo, Remark, RememberedFile
from bot.ports import Files, Posts, Turns
from bot.words import say

MADE = "made"  # pseudo-platform of generated pictures
REMEMBERED = 64  # documents whose pictures are known by their hashes
AT_ONCE = 48 * 1024 * 1024  # bytes of files that are fetched and not yet cleaned


@dataclass(eq=False, slots=True)
class _Place:
    """A waiting request, and its bytes once they are granted."""

    owner: str
    size: int
    granted: asyncio.Future[None]


class ByteBudget:
    """Bounds the number of bytes in memory at the same time, within one event loop.

    The owner with the fewest bytes goes first, so that a flood from one person keeps nobody else waiting for long;
    requests of one owner are granted in order.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._inside: Counter[str] = Counter()  # bytes, by owner
        self._taken = 0
        self._line: list[_Place] = []

    @asynccontextmanager
    async def take(self, size: int, owner: str = "") -> AsyncGenerator[None, None]:
        """Wait until `size` bytes fit into the budget, and take them while entered.

        A request larger than the whole budget is granted alone. A cancelled request takes nothing.
        """
        place = _Place(owner, min(max(size, 1), self._most), asyncio.get_running_loop().create_future())
        self._line.append(place)
        self._let_in()
        try:
            await place.granted
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._let_in()  # a later request may be small enough
            else:  # granted at the very moment of the cancellation
                self._leave(place)
            raise
        try:
            yield
        finally:
            self._leave(place)

    def _leave(self, place: _Place) -> None:
        self._taken -= place.size
        self._inside -= Counter({place.owner: place.size})  # in-place subtraction drops owners without any bytes left
        self._let_in()

    def _let_in(self) -> None:
        while self._line:
            place = min(self._line, key=lambda each: self._inside[each.owner])  # the first among equals
            if self._taken + place.size > self._most:
                return
            self._line.remove(place)
            self._taken += place.size
            self._inside[place.owner] += place.size
            if not place.granted.done():
                place.granted.set_result(None)


@dataclass(kw_only=True)
class FileLoader:
    """Finds and fetches photos and documents."""

    files: Files
    posts: Posts
    turns: Turns
    platforms: Mapping[str, Platform]
    photos: PhotoIntake
    documents: DocumentIntake
    most_bytes: int  # of a photo or a recording
    room: ByteBudget = field(default_factory=lambda: ByteBudget(AT_ONCE))
    _inner: OrderedDict[str, tuple[tuple[int, str], ...]] = field(default_factory=OrderedDict)  # by document

    @property
    def subjects(self) -> SubjectFinder:
        """The finder of what a question is about."""
        return SubjectFinder(self.files, self.posts, self.turns)

    async def read(self, channel: Channel, attachment: Attachment, owner: str = "") -> Photo | Document:
        """Fetch a file from the platform, and take it in. Unreadable, or Busy while the platform is.

        If memory is short, owners with fewer bytes in progress go first.
        """
        if channel.platform == MADE:
            return await self._made(int(channel.id), attachment)
        if channel.platform == INSIDE:
            return await self._inside(channel, attachment, owner)
        file = await self._fetched(channel, attachment, owner)
        if isinstance(file, Document):
            await self.documents.words(file)  # a locked or damaged one is of no use
        return file

    async def _fetched(self, channel: Channel, attachment: Attachment, owner: str) -> Photo | Document:
        """Take a file in; of a video that cannot be read, the picture from it that the platform offers."""
        try:
            return await self._downloaded(channel, attachment, owner)
        except Unreadable as error:
            if not attachment.is_video:
                raise
            if not attachment.still:
                raise _as_video(error) from error
        still = Remark("photo_video_still")
        return await self._downloaded(channel, attachment.as_still, owner, still)

    async def _downloaded(
        self, channel: Channel, attachment: Attachment, owner: str, *remarks: Remark
    ) -> Photo | Document:
        """Take a file in: as a picture or a video if its bytes are one, else as a document."""
        platform = self.platforms.get(channel.platform)
        if platform is None:
            raise Unreadable(FailureCode.PHOTO_GONE)
        limit = self._limit(attachment)
        async with self.room.take(attachment.size or limit, owner):
            try:
                data = await platform.adapter.download(attachment, limit)
            except Unreadable as error:
                raise _as_document(attachment, error) from error
            if is_picture(data) or sniff_clip(data):
                return await self.photos.read(attachment.name, data, owner, remarks)
            plain = not attachment.is_picture  # or an error page in place of a picture that is gone
            return await self.documents.take(attachment.name, data, plain=plain, owner=owner)

    def _limit(self, attachment: Attachment) -> int:
        """Return the largest number of bytes worth fetching."""
        if attachment.is_picture or attachment.is_video:
            return self.most_bytes
        return max(self.most_bytes, self.documents.most_bytes)

    async def words(self, document: Document) -> DocumentText:
        """Return the text of a document, as far as it is read."""
        return await self.documents.words(document)

    async def pictures(self, placed: PlacedFile, document: Document, owner: str = "") -> list[InnerPicture]:
        """Return the first pictures in a document, or of its pages without words; none if they cannot be shown."""
        photos = await self._recalled(document) or await self._taken(document, owner)
        return [InnerPicture(n, inner_attachment(n, placed.attachment, photo), photo) for n, photo in photos]

    async def _taken(self, document: Document, owner: str) -> list[tuple[int, Photo]]:
        photos = list[tuple[int, Photo]]()
        try:
            pictures = await self.documents.pictures(document, MOST_PICTURES)
        except Unreadable:
            pictures = []
        for n, data in pictures:
            with suppress(Unreadable):  # one that is damaged does not keep the others away
                photos.append((n, await self.photos.read(_inner_name(document, n), data, owner)))
        self._inner[document.sha256] = tuple((n, photo.sha256) for n, photo in photos)
        while len(self._inner) > REMEMBERED:
            self._inner.popitem(last=False)
        return photos

    async def _recalled(self, document: Document) -> list[tuple[int, Photo]]:
        """Return the pictures of a document from the cache; none if one of them is missing there."""
        known = self._inner.get(document.sha256, ())
        photos = [(n, await self.photos.recall(sha256, _inner_name(document, n))) for n, sha256 in known]
        present = [(n, photo) for n, photo in photos if photo is not None]
        return present if len(present) == len(known) else []

    async def _inside(self, channel: Channel, attachment: Attachment, owner: str) -> Photo:
        """Load a picture in a document: the document is fetched again."""
        n, place, document_attachment = outer(channel, attachment)
        document = await self.read(place, document_attachment, owner)
        if isinstance(document, Document):
            for number, data in await self.documents.pictures(document, MOST_PICTURES):
                if number == n:
                    return await self.photos.read(attachment.name, data, owner)
        raise Unreadable(FailureCode.PHOTO_GONE)

    def assumption(self, document: Document) -> str:
        """Return a sentence about the encoding that was assumed for a text; empty if it is certain."""
        encoding = self.documents.assumed_encoding(document)
        return say("document_encoding", name=document.name, encoding=encoding) if encoding else ""

    async def recording(self, channel: Channel, attachment: Attachment) -> File:
        """Fetch a recording. Its name gets the extension of its type, whatever the platform called it."""
        platform = self.platforms.get(channel.platform)
        if platform is None:
            raise Refused(FailureCode.VOICE_GONE)
        try:
            data = await platform.adapter.download(attachment, self.most_bytes)
        except Unreadable as error:
            raise Refused(FailureCode.VOICE_UNREADABLE, why=error) from error
        return File(name=f"voice.{attachment.sound}", mime=attachment.mime or f"audio/{attachment.sound}", data=data)

    async def original(self, channel: Channel, attachment: Attachment, owner: str = "") -> bytes:
        """Fetch the file of a photo once more, as it was sent. Unreadable, or Busy while the platform is."""
        if channel.platform == MADE:
            files = await self.files.list_generated(int(channel.id))
            if int(attachment.ref) >= len(files):
                raise Unreadable(FailureCode.PHOTO_GONE)
            return files[int(attachment.ref)].data
        platform = self.platforms.get(channel.platform)
        if platform is None or channel.platform == INSIDE:
            raise Unreadable(FailureCode.PHOTO_GONE)
        async with self.room.take(attachment.size or self.most_bytes, owner):
            return await platform.adapter.download(attachment, self.most_bytes)

    async def clip(self, channel: Channel, attachment: Attachment, owner: str = "") -> tuple[Photo, File | None]:
        """Fetch a video; return it as a photo, and its sound. Unreadable, or Busy while the platform is."""
        platform = self.platforms.get(channel.platform)
        if platform is None:
            raise Unreadable(FailureCode.PHOTO_GONE)
        async with self.room.take(attachment.size or self.most_bytes, owner):
            data = await platform.adapter.download(attachment, self.most_bytes)
            if not sniff_clip(data):
                raise Unreadable(FailureCode.PHOTO_VIDEO)
            photo = await self.photos.read(attachment.name, data, owner)
            sound = await self.photos.read_sound(data, owner)
        if sound is None:
            return photo, None
        ending, recorded = sound
        return photo, File(name=f"voice.{ending}", mime={"m4a": "audio/mp4", "ogg": "audio/ogg"}[ending], data=recorded)

    async def again(self, known: RememberedFile, owner: str = "") -> Photo | Document:
        """Load an earlier file: from the cache, or else from the platform again."""
        intake = self.documents if known.is_document else self.photos
        cached = await intake.recall(known.sha256, known.attachment.name)
        return cached or await self.read(known.channel, known.attachment, owner)

    async def _made(self, turn: int, attachment: Attachment) -> Photo:
        """Load a generated picture: its ref is its position among those of the turn."""
        files = await self.files.list_generated(turn)
        n = int(attachment.ref)
        if n >= len(files):
            raise Unreadable(FailureCode.PHOTO_GONE)
        return await self.photos.read(attachment.name, files[n].data)


def _inner_name(document: Document, n: int) -> str:
    key = "document_page_name" if document.mime == PDF else "document_picture_name"
    return say(key, name=document.name[:40], n=n)


def _as_video(error: Unreadable) -> Unreadable:
    """Convert an error that calls a video no picture."""
    if error.code in (FailureCode.PHOTO_NOT_AN_IMAGE, FailureCode.PHOTO_BROKEN):
        return Unreadable(FailureCode.PHOTO_VIDEO)
    return error


def _as_document(attachment: Attachment, error: Unreadable) -> Unreadable:
    """Convert the error to one about a document."""
    if error.code is FailureCode.PHOTO_TOO_HEAVY and attachment.is_document:
        return Unreadable(FailureCode.DOCUMENT_TOO_HEAVY, **error.values)
    return error
