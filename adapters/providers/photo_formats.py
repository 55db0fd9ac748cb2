"""Photos in the formats that a service takes: others are written anew for a question."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.errors import Busy, FailureCode, Unreadable
from bot.files.isolation.client import WorkerFailed, run
from bot.messages import PHOTOS, Photo, Prompt

_MOST_BYTES = 4_000_000


@asynccontextmanager
async def in_formats(prompt: Prompt, formats: Collection[str]) -> AsyncGenerator[Prompt, None]:
    """Yield the prompt with photos in these formats only. Those written anew exist while this is entered."""
    if all(picture.mime in formats for picture in prompt.pictures):
        yield prompt
        return
    folder = await asyncio.to_thread(TemporaryDirectory, prefix="photos")
    try:
        photos = [await _converted(photo, formats, Path(folder.name)) for photo in prompt.photos]
        yield replace(prompt, photos=tuple(photos))
    finally:
        await asyncio.to_thread(folder.cleanup)


async def _converted(photo: Photo, formats: Collection[str], folder: Path) -> Photo:
    """Return the photo in one of the formats; it keeps its hash, by which its number is known."""
    if photo.series:
        pictures = [await _converted(each, formats, folder) for each in photo.pictures]
        return replace(photo, series=replace(photo.series, pictures=tuple(pictures)))
    if photo.mime in formats:
        return photo
    side = max(photo.width, photo.height)
    kinds = ["JPEG", "PNG", "WEBP"]
    try:
        value, data = await run(
            "reencode_photo", photo.file, owner="", kinds=kinds, longest_side=side, out_bytes=_MOST_BYTES
        )
        mime = value["mime"]
        file = folder / f"{photo.sha256}.{PHOTOS[mime]}"
    except FileNotFoundError as error:  # another process needed the place; by the next try it is fetched again
        raise Busy(FailureCode.PHOTO_GONE) from error
    except (LookupError, TypeError, Unreadable, WorkerFailed):  # the service may read it as it is all the same
        return photo
    await asyncio.to_thread(file.write_bytes, data)
    return replace(photo, mime=mime, file=file, size=len(data))
