"""Files of a post: pictures are shown, recordings are played, anything else is a document."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from telegram import InputMediaDocument, InputMediaPhoto, Message
from telegram.error import BadRequest

from adapters.platforms.telegram.photo_check import is_plain
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import FailureCode, Refused
from bot.messages import SOUNDS, File

MAX_CAPTION = 1024  # UTF-16 units of the text below a file
MEGABYTE = 1024 * 1024
MAX_MEGABYTES = 50  # that a bot may send
MAX_PHOTO_BYTES = 10 * MEGABYTE  # of a picture that is shown as a photo
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp")

SendMethod = Literal["photo", "voice", "audio", "document"]
"""The method that sends a file, without its `send_`."""

SOUND_METHODS: dict[str, SendMethod] = {
    "ogg": "voice",
    "mp3": "audio",
    "m4a": "audio",
}  # others are documents to Telegram

# Errors after which a file can still be sent as a document: a shape that Telegram cannot show; a person who wants
# no voice messages; a group where files may be sent and sounds may not.
DOCUMENT_INSTEAD: dict[SendMethod, re.Pattern[str]] = {
    "photo": re.compile(r"photo_|image_process", re.IGNORECASE),
    "voice": re.compile(r"voice", re.IGNORECASE),
    "audio": re.compile(r"audio|music", re.IGNORECASE),
    "document": re.compile(r"(?!)"),
}


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file, and the method that sends it."""

    file: File
    method: SendMethod


def check_sizes(files: Sequence[File]) -> None:
    """Raise Refused when one of them is larger than Telegram allows."""
    for file in files:
        if len(file.data) > MAX_MEGABYTES * MEGABYTE:
            raise Refused(FailureCode.FILE_TOO_LARGE, name=file.name, limit=MAX_MEGABYTES)


async def choose_methods(files: Sequence[File]) -> list[OutgoingFile]:
    """Choose the method for each file; pictures are inspected."""
    return [OutgoingFile(file, await _choose_method(file)) for file in files]


def group_into_batches(outgoing_files: Sequence[OutgoingFile]) -> list[list[OutgoingFile]]:
    """Group files that are sent together: all pictures as one album, documents as another, each sound by itself."""
    pictures = [outgoing for outgoing in outgoing_files if outgoing.method == "photo"]
    sounds = [[outgoing] for outgoing in outgoing_files if outgoing.method in ("voice", "audio")]
    others = [outgoing for outgoing in outgoing_files if outgoing.method == "document"]
    return [batch for batch in (pictures, *sounds, others) if batch]


async def send_file(bot: TelegramBot, chat: int, outgoing: OutgoingFile, **fields: Any) -> Message:
    """Send one file; `fields` are as in `send_document`. One that is refused as a photo or sound goes as a document."""
    file = outgoing.file
    send_methods = {
        "photo": bot.send_photo,
        "voice": bot.send_voice,
        "audio": bot.send_audio,
        "document": bot.send_document,
    }
    try:
        message: Message = await send_methods[outgoing.method](chat, file.data, filename=file.name, **fields)  # type: ignore[operator]
        return message
    except BadRequest as error:
        if not DOCUMENT_INSTEAD[outgoing.method].search(str(error)):
            raise
    return await bot.send_document(chat, file.data, filename=file.name, **fields)


async def send_batch(bot: TelegramBot, chat: int, batch: Sequence[OutgoingFile], **fields: Any) -> None:
    """Send the files of a batch."""
    if len(batch) == 1:
        await send_file(bot, chat, batch[0], **fields)
        return
    files = [outgoing.file for outgoing in batch]
    if batch[0].method == "photo":
        try:
            pictures = [InputMediaPhoto(file.data, filename=file.name) for file in files]
            await bot.send_media_group(chat, pictures, **fields)
        except BadRequest as error:
            if not DOCUMENT_INSTEAD["photo"].search(str(error)):
                raise
        else:
            return
    documents = [InputMediaDocument(file.data, filename=file.name) for file in files]
    await bot.send_media_group(chat, documents, **fields)


async def _choose_method(file: File) -> SendMethod:
    mime = file.mime.partition(";")[0].lower()
    if mime in PHOTO_TYPES:
        return "photo" if len(file.data) <= MAX_PHOTO_BYTES and await is_plain(file.data) else "document"
    return SOUND_METHODS.get(SOUNDS.get(mime, ""), "document")
