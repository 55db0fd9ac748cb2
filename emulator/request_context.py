"""A request while it is served, and the ways to read its body."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from emulator.fault import NONE, Fault
from emulator.payloads import Body, bad_request
from emulator.recording import RecordedRequest

UNSAID = (("withMemories", False),)  # settings that say nothing
MOST_NOTED = 20_000  # bytes of a body that is written down whole
MOST_UPLOADED = 64 * 1024 * 1024  # the real limit is not known; clients assume 50 MB

# Where a request to /api/features belongs, by its type; the others are chats.
PLACES = {
    "IMAGE_GENERATOR": "pictures",
    "IMAGE_VARIATOR": "pictures",
    "IMAGE_EDITOR": "pictures",
    "BACKGROUND_REMOVER": "pictures",
    "IMAGE_UPSCALER": "pictures",
    "IMAGE_TO_PROMPT": "pictures",
    "IMAGE_OBJECT_REMOVER": "pictures",
    "TEXT_REMOVER": "pictures",
    "BACKGROUND_REPLACER": "pictures",
    "IMAGE_TO_VIDEO": "pictures",
    "SPEECH_TO_TEXT": "sound",
    "TEXT_TO_SPEECH": "sound",
}


@dataclass(slots=True)
class RequestContext:
    """A request, what was read of it, and the fault that it meets."""

    request: web.Request
    seen: RecordedRequest
    place: str
    traits: frozenset[str] = frozenset()
    body: Body = field(default_factory=dict)
    upload: bytes = b""
    fault: Fault = NONE

    @property
    def origin(self) -> str:
        """The address under which the client knows us."""
        return str(self.request.url.origin())


async def read_nothing(visit: RequestContext) -> None:
    """Read no body."""


async def read_key(visit: RequestContext) -> None:
    """Read the key of the file that is wanted."""
    visit.seen.name = visit.request.match_info["key"]


async def read_json(visit: RequestContext) -> None:
    """Read a JSON object and note what is asked in it."""
    try:
        body = json.loads(await visit.request.read())
    except ValueError:
        raise bad_request("The body is not JSON") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not an object")
    visit.body = body
    if (visit.request.content_length or 0) <= MOST_NOTED:
        visit.seen.body = body
    _note_question(visit.seen, body)


async def read_feature(visit: RequestContext) -> None:
    """Read a JSON object; its type says where the request belongs."""
    await read_json(visit)
    visit.place = PLACES.get(visit.seen.type, visit.place)
    visit.traits |= {visit.seen.type}


async def read_upload(visit: RequestContext) -> None:
    """Read the field `asset` of a form."""
    part = await _asset_part(visit.request)
    data = bytearray()
    while chunk := await part.read_chunk(1 << 18):
        data += chunk
        if len(data) > MOST_UPLOADED:
            raise web.HTTPRequestEntityTooLarge(MOST_UPLOADED, len(data), text="")
    visit.upload = bytes(data)
    visit.seen.name, visit.seen.bytes = part.filename or "", len(data)
    visit.seen.sha256 = hashlib.sha256(visit.upload).hexdigest()


async def _asset_part(request: web.Request) -> BodyPartReader:
    if not request.content_type.startswith("multipart/"):
        raise bad_request("Send multipart/form-data")
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "asset":
            return part
    raise bad_request("asset should not be empty")


def _note_question(seen: RecordedRequest, body: Body) -> None:
    """Write down what a question holds, be it right or wrong."""
    prompt = _dict(body.get("promptObject"))
    settings, attachments = _dict(prompt.get("settings")), _dict(prompt.get("attachments"))
    seen.type, seen.model = str(body.get("type") or ""), str(body.get("model") or "")
    seen.conversation = str(prompt.get("conversationId") or body.get("conversationId") or "")
    seen.prompt = str(prompt.get("prompt") or prompt.get("text") or "")[:10_000]
    seen.photos = _many(attachments.get("images") or prompt.get("imageList") or prompt.get("imageUrl"))
    images = attachments.get("images") or prompt.get("imageList") or ()
    seen.images = tuple(map(str, images)) if isinstance(images, list) else ()
    seen.files = _many(attachments.get("files") or body.get("fileList") or prompt.get("audioUrl"))
    seen.settings = {
        name: value
        for part in (prompt, settings, _dict(settings.get("webSearchSettings")), _dict(settings.get("historySettings")))
        for name, value in part.items()
        if isinstance(value, bool | int) and (name, value) not in UNSAID
    }


def _many(value: Any) -> int:
    return len(value) if isinstance(value, list) else int(bool(value))


def _dict(value: Any) -> Body:
    return value if isinstance(value, dict) else {}
