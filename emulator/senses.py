"""Looking, reading and listening, each once for a file and never in the way of others."""

import asyncio

from emulator import audio, documents, eyes
from emulator.memory import Asset
from emulator.records import unreadable


async def look(asset: Asset) -> eyes.Look:
    """Measure a photo."""
    if asset.look is None:
        asset.look = await asyncio.to_thread(eyes.look, asset.data)
    return asset.look


async def read(asset: Asset) -> documents.Reading:
    """Read a document, or what the metadata of a sound say. Raises Wrong."""
    if asset.reading is None:
        asset.reading = await _reading(asset)
    return asset.reading


async def listen(asset: Asset) -> audio.AudioInfo:
    """Measure a sound. Raises Wrong for anything else."""
    if asset.kind is None or asset.kind.family != "sound":
        raise unreadable(asset.name, "it is no sound")
    return await asyncio.to_thread(audio.probe, asset.data)


async def _reading(asset: Asset) -> documents.Reading:
    kind = asset.kind
    if kind and kind.family == "sound":
        heard = await listen(asset)
        length = "unknown length" if heard.seconds is None else f"{heard.seconds:.1f} seconds"
        return documents.Reading("sound", length, (heard.words,))
    if kind is None or kind.family != "document":
        raise unreadable(asset.name, "it is no document")
    try:
        return await asyncio.to_thread(documents.read, kind.extension, asset.data)
    except documents.Damaged as error:
        raise unreadable(asset.name, str(error)) from None
