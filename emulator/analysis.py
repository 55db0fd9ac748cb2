"""Measure photos, read documents and probe sounds, each once a file and in a thread."""

import asyncio

from emulator import audio, documents, vision
from emulator.payloads import unreadable
from emulator.state import Asset


async def look(asset: Asset) -> vision.PhotoMeasures:
    """Measure a photo."""
    if asset.look is None:
        asset.look = await asyncio.to_thread(vision.look, asset.data)
    return asset.look


async def read(asset: Asset) -> documents.DocumentText:
    """Read a document, or what the metadata of a sound say. Raise ApiError."""
    if asset.reading is None:
        asset.reading = await _reading(asset)
    return asset.reading


async def listen(asset: Asset) -> audio.AudioInfo:
    """Measure a sound. Raise ApiError for anything else."""
    if asset.kind is None or asset.kind.family != "sound":
        raise unreadable(asset.name, "it is no sound")
    return await asyncio.to_thread(audio.probe, asset.data)


async def _reading(asset: Asset) -> documents.DocumentText:
    kind = asset.kind
    if kind and kind.family == "sound":
        heard = await listen(asset)
        length = "unknown length" if heard.seconds is None else f"{heard.seconds:.1f} seconds"
        return documents.DocumentText("sound", length, (heard.words,))
    if kind is None or kind.family != "document":
        raise unreadable(asset.name, "it is no document")
    try:
        return await asyncio.to_thread(documents.read, kind.extension, asset.data)
    except documents.Damaged as error:
        raise unreadable(asset.name, str(error)) from None
