"""Make what a media request asks for: pictures, sounds, texts."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import ceil

from PIL import Image

from emulator import audio, pictures
from emulator.analysis import listen, look
from emulator.media_requests import MediaRequest
from emulator.payloads import unreadable
from emulator.state import Asset, Assets
from emulator.vision import is_image

# An MP4 that begins as one and shows nothing: its type, and no frames.
_EMPTY_VIDEO = bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + bytes.fromhex("000000086d646174")
_MIMES = {"png": "image/png", "jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class File:
    """A result that is a file."""

    folder: str
    extension: str
    mime: str
    data: bytes


Make = Callable[[], Awaitable[list[File | str]]]
"""Makes files and texts."""


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """A checked request before anything is made: how much it comes to, and the way to make it."""

    units: int  # pictures, seconds or characters
    make: Make


async def plan(order: MediaRequest, assets: Assets) -> GenerationPlan:
    """Look at what came with an order. Raise ApiError for a source that is not there or cannot be used."""
    return await _PLANS[order.type](order, assets)


async def _generate(order: MediaRequest, assets: Assets) -> GenerationPlan:
    wish = order.prompt
    size, clear = pictures.size_of(wish), wish.get("background") == "transparent"
    return _drawing(order, lambda number: pictures.paint(wish["prompt"], size, number, clear=clear))


async def _vary(order: MediaRequest, assets: Assets) -> GenerationPlan:
    source = await _source(order, assets)
    size = pictures.size_of(order.prompt, source)
    return _drawing(order, lambda number: pictures.vary(source, size, number))


async def _edit(order: MediaRequest, assets: Assets) -> GenerationPlan:
    source = await _source(order, assets)
    size = pictures.size_of(order.prompt, source)
    return _drawing(order, lambda number: pictures.edit(source, order.prompt["prompt"], size, number))


async def _cut_out(order: MediaRequest, assets: Assets) -> GenerationPlan:
    source = await _source(order, assets)
    return _drawing(order, lambda _: pictures.cut_out(source))


async def _enlarge(order: MediaRequest, assets: Assets) -> GenerationPlan:
    source = await _source(order, assets)
    if 4 * source.width * source.height > pictures.MOST_PIXELS:
        raise unreadable(order.prompt["imageUrl"], "it is too big to be made bigger")
    return _drawing(order, lambda _: pictures.enlarge(source))


async def _take_away(order: MediaRequest, assets: Assets) -> GenerationPlan:
    source = await _source(order, assets)
    words = f"without {order.prompt.get('prompt') or 'writing'}"
    return _drawing(order, lambda number: pictures.edit(source, words, source.size, number))


async def _replace_background(order: MediaRequest, assets: Assets) -> GenerationPlan:
    source = await _source(order, assets)
    words = f"before {order.prompt['prompt']}"
    return _drawing(order, lambda number: pictures.edit(source, words, source.size, number))


async def _animate(order: MediaRequest, assets: Assets) -> GenerationPlan:
    await _source(order, assets)

    async def make() -> list[File | str]:
        return [File("videos", "mp4", "video/mp4", _EMPTY_VIDEO)]

    return GenerationPlan(1, make)


async def _describe(order: MediaRequest, assets: Assets) -> GenerationPlan:
    seen = await look(_image(order, assets))
    many = int(order.prompt.get("n") or 1)

    async def make() -> list[File | str]:
        colours = ", ".join(seen.colours) or "many colours"
        return [f"a {seen.shape} picture, {colours}, {seen.brightness}, {seen.sharpness}"] * many

    return GenerationPlan(1, make)


async def _transcribe(order: MediaRequest, assets: Assets) -> GenerationPlan:
    asset = assets.at(order.prompt["audioUrl"])
    heard = await listen(asset)
    words = heard.words or _silence(heard, asset)

    async def make() -> list[File | str]:
        as_json = order.prompt.get("response_format") == "json"
        return [json.dumps({"text": words}, ensure_ascii=False) if as_json else words]

    return GenerationPlan(max(1, ceil(heard.seconds or 1)), make)


async def _speak(order: MediaRequest, assets: Assets) -> GenerationPlan:
    wish = order.prompt
    format = wish["response_format"]

    async def make() -> list[File | str]:
        data = await asyncio.to_thread(audio.speak, wish["text"], wish["voice"], format, wish["speed"])
        return [File("audios", format, audio.MIMES[format], data)]

    return GenerationPlan(len(wish["text"]), make)


_PLANS: Mapping[str, Callable[[MediaRequest, Assets], Awaitable[GenerationPlan]]] = {
    "IMAGE_GENERATOR": _generate,
    "IMAGE_VARIATOR": _vary,
    "IMAGE_EDITOR": _edit,
    "BACKGROUND_REMOVER": _cut_out,
    "IMAGE_UPSCALER": _enlarge,
    "IMAGE_TO_PROMPT": _describe,
    "IMAGE_OBJECT_REMOVER": _take_away,
    "TEXT_REMOVER": _take_away,
    "BACKGROUND_REPLACER": _replace_background,
    "IMAGE_TO_VIDEO": _animate,
    "SPEECH_TO_TEXT": _transcribe,
    "TEXT_TO_SPEECH": _speak,
}


def _drawing(order: MediaRequest, draw: Callable[[int], Image.Image]) -> GenerationPlan:
    """Draw as many pictures as are wanted, numbered from 1."""
    wish = order.prompt
    many = int(wish.get("n") or wish.get("num_outputs") or 1)
    format = str(wish.get("output_format") or wish.get("format") or wish.get("image_format") or "png")
    quality: int = wish["output_compression"] if "output_compression" in wish else wish.get("output_quality", 85)

    def one(number: int) -> File:
        return File("images", format, _MIMES[format], pictures.encode(draw(number), format, quality))

    async def make() -> list[File | str]:
        return [await asyncio.to_thread(one, number) for number in range(1, many + 1)]

    return GenerationPlan(many, make)


def _image(order: MediaRequest, assets: Assets) -> Asset:
    asset = assets.at(order.prompt["imageUrl"])
    if not is_image(asset.data):
        raise unreadable(asset.name, "it is no picture")
    return asset


async def _source(order: MediaRequest, assets: Assets) -> Image.Image:
    asset = _image(order, assets)
    try:
        return await asyncio.to_thread(pictures.open_source, asset.data)
    except ValueError as error:
        raise unreadable(asset.name, str(error)) from None


def _silence(heard: audio.AudioInfo, asset: Asset) -> str:
    length = "" if heard.seconds is None else f" of {heard.seconds:.1f} seconds"
    size = f"{len(asset.data):,} bytes"
    return f"I am the emulator: I hear nothing, I only read metadata. This sound{length} has {size} and no words in it."
