"""Files of a post: pictures are shown, recordings are played, anything else is a document."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from telegram import InputMediaDocument, InputMediaPhoto, Message
from telegram.error import BadRequest

from adapters.platforms.budgets import MEGABYTE, TelegramBudgets
from adapters.platforms.telegram.photo_check import is_plain
from adapters.platforms.telegram.transport import TelegramBot
from bot.errors import FailureCode, Refused
from bot.messages import SOUNDS, File

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


def check_sizes(files: Sequence[File], megabytes: int) -> None:
    """Raise Refused when one of them is larger than Telegram allows."""
    for file in files:
        if len(file.data) > megabytes * MEGABYTE:
            raise Refused(FailureCode.FILE_TOO_LARGE, name=file.name, limit=megabytes)


async def choose_methods(files: Sequence[File]) -> list[OutgoingFile]:
    """Choose the method for each file; pictures are inspected."""
    return [OutgoingFile(file, await _choose_method(file)) for file in files]


def group_into_batches(outgoing_files: Sequence[OutgoingFile], megabytes: int) -> list[list[OutgoingFile]]:
    """Group files that are sent together: pictures as albums, documents as others, each sound by itself.

    A request carries at most so many megabytes.
    """
    pictures = [outgoing for outgoing in outgoing_files if outgoing.method == "photo"]
    sounds = [[outgoing] for outgoing in outgoing_files if outgoing.method in ("voice", "audio")]
    others = [outgoing for outgoing in outgoing_files if outgoing.method == "document"]
    most = megabytes * MEGABYTE
    return [*_albums(pictures, most), *sounds, *_albums(others, most)]


def _albums(files: Sequence[OutgoingFile], most: int) -> list[list[OutgoingFile]]:
    """Split files of one kind into albums that fit into a request each."""
    albums: list[list[OutgoingFile]] = []
    size = 0
    for outgoing in files:
        if not albums or size + len(outgoing.file.data) > most or len(albums[-1]) == TelegramBudgets.ALBUM_FILES:
            albums.append([])
            size = 0
        albums[-1].append(outgoing)
        size += len(outgoing.file.data)
    return albums


async def send_file(bot: TelegramBot, chat: int, outgoing: OutgoingFile, **fields: Any) -> Message:
    """Send one file; `fields` are as in `send_document`. One that is refused as a photo or sound goes as a document."""
    file = outgoing.file
    hidden = {"has_spoiler": True} if file.is_spoiler and outgoing.method == "photo" else {}
    send_methods = {
        "photo": bot.send_photo,
        "voice": bot.send_voice,
        "audio": bot.send_audio,
        "document": bot.send_document,
    }
    try:
        message: Message = await send_methods[outgoing.method](chat, file.data, filename=file.name, **hidden, **fields)  # type: ignore[operator]
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
            pictures = [
                InputMediaPhoto(file.data, filename=file.name, has_spoiler=file.is_spoiler or None) for file in files
            ]
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
        return "photo" if len(file.data) <= TelegramBudgets.PHOTO_BYTES and await is_plain(file.data) else "document"
    return SOUND_METHODS.get(SOUNDS.get(mime, ""), "document")
