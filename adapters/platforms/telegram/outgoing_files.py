"""Files along with a post: pictures are shown, recordings can be played, anything else can be fetched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from telegram import InputMediaDocument, InputMediaPhoto, Message
from telegram.error import BadRequest

from adapters.platforms.telegram.photo_check import is_plain
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import Refused
from bot.messages import SOUNDS, File

CAPTION = 1024  # UTF-16 units of the text below a file
MEGABYTE = 1024 * 1024
MOST = 50  # megabytes that a bot may send
MOST_SHOWN = 10 * MEGABYTE  # bytes of a picture that is to be shown as one
SHOWN = ("image/jpeg", "image/png", "image/webp")

Way = Literal["photo", "voice", "audio", "document"]
"""How Telegram can take a file, as the ends of its methods say it."""

SOUND_WAYS: dict[str, Way] = {"ogg": "voice", "mp3": "audio", "m4a": "audio"}  # others are documents to Telegram

# In what Telegram says when it takes something, but not in this way: a shape that it cannot show; a person who wants
# no voice messages; a group where files may be sent and sounds may not.
OTHERWISE: dict[Way, re.Pattern[str]] = {
    "photo": re.compile(r"photo_|image_process", re.IGNORECASE),
    "voice": re.compile(r"voice", re.IGNORECASE),
    "audio": re.compile(r"audio|music", re.IGNORECASE),
    "document": re.compile(r"(?!)"),
}


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file, and the way in which it goes."""

    file: File
    way: Way


def check_sizes(files: Sequence[File]) -> None:
    """Refused when one of them is more than Telegram takes."""
    for file in files:
        if len(file.data) > MOST * MEGABYTE:
            raise Refused("file_too_large", name=file.name, limit=MOST)


async def outgoing_files(files: Sequence[File]) -> list[OutgoingFile]:
    """Choose a way for each file: pictures are looked at."""
    return [OutgoingFile(file, await _way(file)) for file in files]


def batches(left: Sequence[OutgoingFile]) -> list[list[OutgoingFile]]:
    """The files by how they can be sent: all pictures as one album, other files as another, each sound by itself."""
    pictures = [parcel for parcel in left if parcel.way == "photo"]
    sounds = [[parcel] for parcel in left if parcel.way in ("voice", "audio")]
    others = [parcel for parcel in left if parcel.way == "document"]
    return [batch for batch in (pictures, *sounds, others) if batch]


async def send_file(line: TelegramBot, chat: int, parcel: OutgoingFile, **more: Any) -> Message:
    """Post one file; `more` is as in `send_document`. What Telegram does not take in its own way goes as a file."""
    file = parcel.file
    send = {
        "photo": line.send_photo,
        "voice": line.send_voice,
        "audio": line.send_audio,
        "document": line.send_document,
    }
    try:
        sent: Message = await send[parcel.way](chat, file.data, filename=file.name, **more)  # type: ignore[operator]
        return sent
    except BadRequest as error:
        if not OTHERWISE[parcel.way].search(str(error)):
            raise
    return await line.send_document(chat, file.data, filename=file.name, **more)


async def send_batch(line: TelegramBot, chat: int, batch: Sequence[OutgoingFile], **more: Any) -> None:
    """Post the files of a batch."""
    if len(batch) == 1:
        await send_file(line, chat, batch[0], **more)
        return
    files = [parcel.file for parcel in batch]
    if batch[0].way == "photo":
        try:
            pictures = [InputMediaPhoto(file.data, filename=file.name) for file in files]
            await line.send_media_group(chat, pictures, **more)
        except BadRequest as error:
            if not OTHERWISE["photo"].search(str(error)):
                raise
        else:
            return
    documents = [InputMediaDocument(file.data, filename=file.name) for file in files]
    await line.send_media_group(chat, documents, **more)


async def _way(file: File) -> Way:
    mime = file.mime.partition(";")[0].lower()
    if mime in SHOWN:
        return "photo" if len(file.data) <= MOST_SHOWN and await is_plain(file.data) else "document"
    return SOUND_WAYS.get(SOUNDS.get(mime, ""), "document")
