"""Files along with a post: a picture is shown, anything else can be fetched."""

import re
from collections.abc import Sequence
from typing import Any

from telegram import InputMediaDocument, InputMediaPhoto, Message
from telegram.error import BadRequest

from adapters.platforms.telegram.transport import Line
from bot.errors import Refused
from bot.messages import File

CAPTION = 1024  # UTF-16 units of the text below a file
MEGABYTE = 1024 * 1024
MOST = 50  # megabytes that a bot may send
MOST_SHOWN = 10 * MEGABYTE  # bytes of a picture that is to be shown as one
SHOWN = ("image/jpeg", "image/png", "image/webp")
NOT_SHOWN = re.compile(r"photo_|image_process", re.IGNORECASE)  # in what Telegram says of a picture it cannot show


def weigh(files: Sequence[File]) -> None:
    """Refused when one of them is more than Telegram takes."""
    for file in files:
        if len(file.data) > MOST * MEGABYTE:
            raise Refused("file_too_large", name=file.name, limit=MOST)


def batches(files: Sequence[File]) -> list[list[File]]:
    """The files by how they can be sent: all pictures as one album, everything else as another."""
    pictures, others = [file for file in files if _is_shown(file)], [file for file in files if not _is_shown(file)]
    return [batch for batch in (pictures, others) if batch]


async def send_file(line: Line, chat: int, file: File, **more: Any) -> Message:
    """Post one file; `more` is as in `send_document`. A picture of a shape that Telegram cannot show goes as a file."""
    if _is_shown(file):
        try:
            return await line.send_photo(chat, file.data, filename=file.name, **more)
        except BadRequest as error:
            if not NOT_SHOWN.search(str(error)):
                raise
    return await line.send_document(chat, file.data, filename=file.name, **more)


async def send_batch(line: Line, chat: int, batch: Sequence[File], **more: Any) -> None:
    """Post the files of a batch."""
    if len(batch) == 1:
        await send_file(line, chat, batch[0], **more)
        return
    if _is_shown(batch[0]):
        try:
            pictures = [InputMediaPhoto(file.data, filename=file.name) for file in batch]
            await line.send_media_group(chat, pictures, **more)
        except BadRequest as error:
            if not NOT_SHOWN.search(str(error)):
                raise
        else:
            return
    documents = [InputMediaDocument(file.data, filename=file.name) for file in batch]
    await line.send_media_group(chat, documents, **more)


def _is_shown(file: File) -> bool:
    return file.mime in SHOWN and len(file.data) <= MOST_SHOWN
