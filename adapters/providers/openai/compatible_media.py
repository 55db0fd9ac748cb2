"""Pictures and sound from OpenAI-compatible services: images/generations, images/edits, audio/transcriptions, speech.

https://platform.openai.com/docs/api-reference/images and .../audio; V-API, AI/ML API, Groq, Gemini, Azure and LiteLLM
offer what their lists of models name.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import structlog

from adapters.providers.error_rules import parse_json
from adapters.providers.openai.tool_models import find_tool_models
from adapters.providers.stream_filters import (
    MAX_PICTURE,
    MAX_PICTURES,
    decode_picture,
    is_shown_picture,
    picture_file,
)
from bot.errors import BotError, Busy, FailureCode, Refused
from bot.messages import File, Generated, GenerationRequest, Model, Photo, Transcript, Usage
from bot.util.http import MEGABYTE, ConnectionOptions, Http, is_private, read_capped

log = structlog.get_logger(__name__)

PATIENCE = 300.0  # seconds that making something may take
MAX_RECORDING = 25 * MEGABYTE  # bytes
MAX_SPOKEN = 4_096  # characters
SIZE = re.compile(r"auto|\d{2,5}x\d{2,5}")
OPTIONS = ("size", "n", "quality")
VOICES = ((re.compile(r"playai|orpheus", re.IGNORECASE), {"voice": "Fritz-PlayAI", "response_format": "wav"}),)
USUAL_VOICE = {"voice": "alloy", "response_format": "opus"}

Post = Callable[..., Awaitable[bytes]]
"""Sends a request to a path of the service, for a model, and returns the body of its reply."""


class CompatibleMedia:
    """Makes pictures and sound with one service, and transcribes."""

    def __init__(
        self,
        url: str,
        post: Post,
        list_models: Callable[[], Awaitable[object]],
        connection: ConnectionOptions | None = None,
    ) -> None:
        """Keep the client; `list_models` returns the list of models as the service sends it, or None."""
        self._url, self._post, self._list_models = url, post, list_models
        # A link may lead to another host than the service's, whose certificate is always checked.
        self._connection = replace(connection or ConnectionOptions(), is_verified=True)

    async def models(self, craft: str) -> Sequence[Model]:
        """Return the models in the list of the service that can do it, the usual one first."""
        return find_tool_models(await self._list_models(), craft)

    # pictures

    async def generate(self, order: GenerationRequest) -> Generated:
        """Make pictures. What the options are not made for is refused before it costs anything."""
        if order.was_begun:  # the service keeps no orders that could be looked for
            raise Refused(FailureCode.ORDER_INTERRUPTED)
        options = _checked_options(order)
        words = order.words or ("A variation of this picture." if order.kind == "vary" else "")
        if not words:
            raise Refused(FailureCode.STUDIO_NO_WORDS)
        fields = {"model": order.model, "prompt": words, **options}
        try:
            if order.photo is None:
                reply_json = await self._order("images/generations", order.model, json=fields | _format(order.model))
            else:
                reply_json = await self._edit(order.model, order.photo, fields)
        except BotError as error:
            if error.code is FailureCode.PROVIDER_FILTERED:
                raise Refused(FailureCode.STUDIO_MODERATED) from error
            raise
        return Generated(await self._files(reply_json, order), _usage(reply_json))

    async def _edit(self, model: str, photo: Photo, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        data = await asyncio.to_thread(photo.file.read_bytes)
        files = {"image": (photo.filename, data, photo.mime)}
        texts = {name: str(value) for name, value in {**fields, **_format(model)}.items()}
        return await self._order("images/edits", model, data=texts, files=files)

    async def _order(self, path: str, model: str, **body: Any) -> Mapping[str, Any]:
        reply_json = _json(await self._post(path, model, **body))
        if not isinstance(reply_json.get("data"), list):
            raise Refused(FailureCode.PROVIDER_NONSENSE)
        return reply_json

    async def _files(self, reply_json: Mapping[str, Any], order: GenerationRequest) -> tuple[File, ...]:
        rows = [row for row in reply_json["data"] if isinstance(row, dict)][:MAX_PICTURES]
        pictures = [picture for row in rows if (picture := await self._picture(row))]
        if not pictures:
            raise Refused(FailureCode.MADE_GONE)
        return tuple(
            picture_file(data, f"{order.kind}-{n}" if len(pictures) > 1 else order.kind, order.words)
            for n, data in enumerate(pictures, 1)
        )

    async def _picture(self, row: Mapping[str, Any]) -> bytes:
        """Return a picture of a reply; empty where it cannot be had."""
        if isinstance(encoded := row.get("b64_json"), str):
            return decode_picture(encoded)
        address = row.get("url")
        if isinstance(address, str) and address.startswith("data:"):
            return decode_picture(address.partition(",")[2])
        if not isinstance(address, str) or not self._may_fetch(address):
            return b""
        http = Http("", silence=60, options=self._connection)  # without our key
        try:
            async with http, http.stream("GET", address) as reply:
                data = await read_capped(reply, MAX_PICTURE) if reply.status_code == 200 else b""
        except Busy as error:  # it is paid for: ordering it again would not be the way to have it
            log.warning("a picture that was made cannot be fetched", reason=error.code)
            return b""
        return data if is_shown_picture(data) else b""

    def _may_fetch(self, address: str) -> bool:
        """Tell whether a link of the service may be followed: nowhere nearby, unless the service itself is there."""
        parts = urlsplit(address)
        return (parts.scheme == "https" and not is_private(address)) or _host(address) == _host(self._url)

    # sound

    async def transcribe(self, recording: File, model: str, language: str) -> Transcript:
        """Write down what is said. Refused (voice_*) where it is not taken, or holds no words."""
        if len(recording.data) > MAX_RECORDING:
            raise Refused(FailureCode.VOICE_TOO_LARGE)
        code = re.match(r"[a-z]{2}(?![a-z])", language.lower())
        fields = {"model": model, "response_format": "json", **({"language": code[0]} if code else {})}
        files = {"file": (recording.name, recording.data, recording.mime)}
        try:
            reply_json = _json(await self._post("audio/transcriptions", model, data=fields, files=files))
        except BotError as error:
            if error.code in (FailureCode.PROVIDER_BAD_REQUEST, FailureCode.PROVIDER_TOO_LARGE):
                refused = FailureCode.VOICE_REFUSED
                large = FailureCode.VOICE_TOO_LARGE
                raise Refused(refused if error.code is FailureCode.PROVIDER_BAD_REQUEST else large) from error
            raise
        text = reply_json.get("text")
        if not isinstance(text, str) or not text.strip():
            raise Refused(FailureCode.VOICE_SILENT)
        return Transcript(text.strip(), _usage(reply_json))

    async def speak(self, text: str, model: str) -> Generated:
        """Read the text aloud, or as much of it as is taken."""
        words = text.strip()[:MAX_SPOKEN]
        if not words:
            raise Refused(FailureCode.STUDIO_NO_WORDS)
        voice = next((voice for models, voice in VOICES if models.search(model)), USUAL_VOICE)
        sound = await self._post("audio/speech", model, json={"model": model, "input": words, **voice})
        if not sound or sound.lstrip()[:1] in (b"{", b"<"):
            raise Refused(FailureCode.PROVIDER_NONSENSE)
        ending, mime = _sound_kind(sound)
        return Generated((File(name=f"speech.{ending}", mime=mime, data=sound, about=words),))


def _checked_options(order: GenerationRequest) -> dict[str, Any]:
    """Return the options of an order as they are sent. Refused: there is no such option, or no such value."""
    for name in order.params:
        if name not in OPTIONS:
            possible = ", ".join(OPTIONS)
            raise Refused(FailureCode.STUDIO_WISH_UNKNOWN, model=order.model, wish=name, possible=possible)
    options: dict[str, Any] = dict(order.params)
    if "n" in options:
        count = str(options["n"])
        if not count.isdecimal() or not 1 <= int(count) <= MAX_PICTURES:
            raise Refused(FailureCode.STUDIO_N, model=order.model, n=count, possible=f"1-{MAX_PICTURES}")
        options["n"] = int(count)
    if "size" in options and not SIZE.fullmatch(str(options["size"])):
        raise Refused(FailureCode.STUDIO_SIZE, model=order.model, size=options["size"], possible="auto, 1024x1024, ...")
    return options


def _format(model: str) -> dict[str, str]:
    """Return the field with which DALL-E sends pictures instead of links; newer models always do, and refuse it."""
    return {"response_format": "b64_json"} if "dall-e" in model.lower() else {}


def _sound_kind(sound: bytes) -> tuple[str, str]:
    if sound.startswith(b"OggS"):
        return "ogg", "audio/ogg"
    if sound.startswith(b"RIFF"):
        return "wav", "audio/wav"
    return "mp3", "audio/mpeg"


def _json(body: bytes) -> Mapping[str, Any]:
    reply_json = parse_json(body)
    if not isinstance(reply_json, dict):
        raise Refused(FailureCode.PROVIDER_NONSENSE)
    return reply_json


def _usage(reply_json: Mapping[str, Any]) -> Usage:
    usage_json = reply_json.get("usage")
    numbers = usage_json if isinstance(usage_json, dict) else {}
    input_tokens, output_tokens, cost = (
        _number(numbers.get(name)) for name in ("input_tokens", "output_tokens", "cost")
    )
    return Usage(
        input_tokens=None if input_tokens is None else round(input_tokens),
        output_tokens=None if output_tokens is None else round(output_tokens),
        dollars=cost,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _host(address: str) -> tuple[str | None, int | None]:
    parts = urlsplit(address)
    return parts.hostname, parts.port
