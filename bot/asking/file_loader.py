"""The photos and documents that a message is about, wherever they were posted: found, fetched, and made fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.commands import ASKING, parse
from bot.errors import Refused, Unreadable
from bot.files.documents import DocumentIntake
from bot.files.documents.document_text import DocumentText
from bot.files.photos import PhotoIntake
from bot.files.photos.byte_budget import ByteBudget
from bot.files.photos.sniff import is_picture
from bot.messages import Attachment, Channel, Document, File, Message, Photo, RememberedFile, Turn
from bot.ports import Adapter, Store

MADE = "made"  # the platform, as it were, of pictures that we made
AT_ONCE = 48 * 1024 * 1024  # bytes of files that are fetched and not yet cleaned


@dataclass
class FileLoader:
    """Knows where photos and documents are."""

    store: Store
    adapters: Mapping[str, Adapter]
    photos: PhotoIntake
    documents: DocumentIntake
    most_bytes: int  # of a photo or a recording
    room: ByteBudget = field(default_factory=lambda: ByteBudget(AT_ONCE))

    async def read(self, channel: Channel, attachment: Attachment, owner: str = "") -> Photo | Document:
        """Fetch a file from where it was posted, and make it fit. Unreadable, or Busy while the platform is.

        Where there is no room for all files, those of an `owner` who asked for fewer go first.
        """
        if channel.platform == MADE:
            return await self._made(int(channel.id), attachment)
        kept = await self._fetched(channel, attachment, owner)
        if isinstance(kept, Document):
            await self.documents.words(kept)  # nobody could use one that is locked or damaged
        return kept

    async def _fetched(self, channel: Channel, attachment: Attachment, owner: str) -> Photo | Document:
        """A picture is one by its bytes; whatever else it is may be a document."""
        adapter = self.adapters.get(channel.platform)
        if adapter is None:
            raise Unreadable("photo_gone")
        limit = self._limit(attachment)
        async with self.room.take(attachment.size or limit, owner):
            try:
                data = await adapter.download(attachment, limit)
            except Unreadable as error:
                raise _as_document(attachment, error) from error
            if is_picture(data):
                return await self.photos.read(attachment.name, data, owner)
            plain = not attachment.is_picture  # or it is what a server says when a picture is gone
            return await self.documents.take(attachment.name, data, plain=plain, owner=owner)

    def _limit(self, attachment: Attachment) -> int:
        """How many bytes are worth fetching."""
        if attachment.is_picture:
            return self.most_bytes
        return max(self.most_bytes, self.documents.most_bytes)

    async def words(self, document: Document) -> DocumentText:
        """What a document says, as far as it is read."""
        return await self.documents.words(document)

    async def recording(self, channel: Channel, attachment: Attachment) -> File:
        """Fetch a recording. Its name gets an ending that says what it is, whatever the platform called it."""
        adapter = self.adapters.get(channel.platform)
        if adapter is None:
            raise Refused("voice_gone")
        try:
            data = await adapter.download(attachment, self.most_bytes)
        except Unreadable as error:
            raise Refused("voice_unreadable", why=error) from error
        return File(f"voice.{attachment.sound}", attachment.mime or f"audio/{attachment.sound}", data)

    async def again(self, known: RememberedFile, owner: str = "") -> Photo | Document:
        """What was shown before: as it lies here, or else from the platform once more."""
        shelf = self.documents if known.is_document else self.photos
        kept = await shelf.recall(known.sha256, known.attachment.name)
        return kept or await self.read(known.channel, known.attachment, owner)

    async def _made(self, turn: int, attachment: Attachment) -> Photo:
        """A picture that we made: its ref is its place among those of the turn."""
        files = await self.store.files.list_generated(turn)
        n = int(attachment.ref)
        if n >= len(files):
            raise Unreadable("photo_gone")
        return await self.photos.read(attachment.name, files[n].data)

    async def source(self, message: Message) -> Message:
        """The message whose photos and documents this one is about: itself, or that behind the answer it replies to."""
        if message.photos or message.about is None or not message.about.ours:
            return message
        behind = await self.store.posts.find_turn_of_post(message.channel, message.about.id)
        if behind is None:
            return message
        said = parse(behind.message.text)
        if said and said[0] in ASKING:  # one of several answers that were compared
            return await self.last_before(behind) or message
        return await self.source(behind.message)

    async def last_before(self, turn: Turn) -> Message | None:
        """The latest message with photos that was said before in the conversation."""
        earlier = await self.store.turns.list_answered(turn.conversation)
        return next((each.message for each in reversed(earlier) if each.id < turn.id and each.message.photos), None)


def _as_document(attachment: Attachment, error: Unreadable) -> Unreadable:
    """The same in words that fit a document."""
    if error.key == "photo_too_heavy" and attachment.is_document:
        return Unreadable("document_too_heavy", **error.values)
    return error
