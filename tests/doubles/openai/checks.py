"""What a question must look like: stricter than any of the real ones, so that who passes here passes there."""

import asyncio
import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from pypdf import PdfReader

from emulator.vision import PhotoMeasures, look
from tests.doubles.openai.catalogue import MODELS, Model
from tests.doubles.openai.dialects import Body, Name, Words, Wrong
from tests.doubles.openai.seen import Seen

ROLES = ("system", "developer", "user", "assistant")
DATA_URL = re.compile(r"data:(image/[a-z]+|application/pdf);base64,(.*)", re.DOTALL)
PDF_NAME = re.compile(r"[\w.-]{1,100}\.pdf")
MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo that came with a question."""

    sha256: str
    look: PhotoMeasures


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF that came with a question."""

    sha256: str
    name: str
    pages: tuple[str, ...]  # what each says


Piece = str | Shot | Paper
"""A part of a message."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    role: str
    parts: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "\n".join(part for part in self.parts if isinstance(part, str))

    @property
    def shots(self) -> tuple[Shot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Shot))

    @property
    def papers(self) -> tuple[Paper, ...]:
        return tuple(part for part in self.parts if isinstance(part, Paper))


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that passed."""

    model: Model
    messages: tuple[Said, ...]
    stream: bool
    usage: bool  # wanted at the end of a stream
    most: int | None  # tokens of the answer

    @property
    def asked(self) -> tuple[Said, ...]:
        """The question: what the user said last, be it in several messages, as V-API's page has it."""
        said = list[Said]()
        for message in reversed(self.messages):
            if message.role != "user":
                break
            said.insert(0, message)
        return tuple(said)

    @property
    def before(self) -> tuple[Said, ...]:
        """What was said before the question, instructions left out."""
        earlier = self.messages[: len(self.messages) - len(self.asked)]
        return tuple(message for message in earlier if message.role in ("user", "assistant"))


def _is_number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (_is_text, "a string"),
    "messages": (lambda value: isinstance(value, list) and bool(value), "an array"),
    "stream": (_is_bool, "a boolean"),
    "stream_options": (lambda value: isinstance(value, dict) and set(value) <= {"include_usage"}, "an object"),
    "max_tokens": (_is_count, "an integer"),
    "max_completion_tokens": (_is_count, "an integer"),
    "temperature": (_is_number(0, 2), "a number from 0 to 2"),
    "top_p": (_is_number(0, 1), "a number from 0 to 1"),
    "presence_penalty": (_is_number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (_is_number(-2, 2), "a number from -2 to 2"),
    "n": (_is_count, "an integer"),
    "stop": (lambda value: isinstance(value, str | list), "a string or an array"),
    "user": (_is_text, "a string"),
    "seed": (lambda value: isinstance(value, int), "an integer"),
    "logit_bias": (lambda value: isinstance(value, dict), "an object"),
    "response_format": (lambda value: isinstance(value, dict), "an object"),
}


async def question(body: Body, seen: Seen, dialect: Name) -> Ask:
    """Check a body, and write down its photos; decoding takes a while and goes on in a thread."""
    for name, value in body.items():
        if name not in FIELDS:
            raise _wrong(dialect, name, "not to be there", f"Unrecognized request argument supplied: {name}")
        holds, expected = FIELDS[name]
        if not holds(value):
            raise _wrong(dialect, name, expected)
    for name in ("model", "messages"):
        if name not in body:
            raise _wrong(dialect, name, FIELDS[name][1])
    if "stream_options" in body and not body.get("stream"):
        raise _wrong(dialect, "stream_options", "to come with stream: true only")
    messages = tuple([await _message(each, n, seen, dialect) for n, each in enumerate(body["messages"])])
    if messages[-1].role != "user":
        raise _wrong(dialect, "messages", "a question at the end")
    return Ask(
        _known(body["model"], messages, dialect),
        messages,
        bool(body.get("stream")),
        bool(body.get("stream_options", {}).get("include_usage")),
        body.get("max_tokens") or body.get("max_completion_tokens"),
    )


async def _message(message: Any, n: int, seen: Seen, dialect: Name) -> Said:
    where = f"messages[{n}]"
    if not isinstance(message, dict) or set(message) - {"role", "content", "name"}:
        raise _wrong(dialect, where, "an object with role and content")
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        raise _wrong(dialect, f"{where}.role", " | ".join(map(repr, ROLES)))
    if isinstance(content, str) and content.strip():
        return Said(role, (content,))
    if not isinstance(content, list) or not content:
        raise _wrong(dialect, f"{where}.content", "a string or an array of parts, and no empty one")
    parts = [await _part(part, f"{where}.content[{k}]", role, seen, dialect) for k, part in enumerate(content)]
    return Said(role, tuple(parts))


async def _part(part: Any, where: str, role: str, seen: Seen, dialect: Name) -> Piece:
    match part:
        case {"type": "text", "text": str(text), **rest} if text.strip() and not rest:
            return text
        case {"type": "image_url", "image_url": {"url": str(url), **how}, **rest} if role == "user" and not rest:
            if set(how) - {"detail"} or how.get("detail", "auto") not in ("low", "high", "auto"):
                raise _wrong(dialect, f"{where}.image_url", "url and detail")
            return await asyncio.to_thread(_shot, url, where, seen, dialect)
        case {"type": "file", **rest} if dialect == "vapi":  # as one says who knows of no such parts
            raise Wrong(no_files(dialect))
        case {"type": "file", "file": {"filename": str(name), "file_data": str(url), **more}, **rest} if (
            role == "user" and not rest and not more
        ):
            return await asyncio.to_thread(_paper, name, url, where, seen, dialect)
    raise _wrong(dialect, where, "a text, or an image_url or a file of a user")


def _paper(name: str, url: str, where: str, seen: Seen, dialect: Name) -> Paper:
    if not PDF_NAME.fullmatch(name):
        raise _wrong(dialect, f"{where}.file.filename", "a name that ends in .pdf")
    mime, data = _decoded(url, f"{where}.file.file_data", dialect)
    sha256 = hashlib.sha256(data).hexdigest()
    seen.documents.append(sha256)
    try:
        pages = tuple(page.extract_text() for page in PdfReader(BytesIO(data), strict=True).pages)
    except Exception:  # whatever a parser says of a damaged or locked file, it means the same
        raise Wrong(unreadable_file(dialect)) from None
    if mime != "application/pdf" or not pages:
        raise Wrong(unreadable_file(dialect))
    return Paper(sha256, name, pages)


def _decoded(url: str, where: str, dialect: Name) -> tuple[str, bytes]:
    found = DATA_URL.fullmatch(url)
    if found is None:  # it fetches nothing
        raise _wrong(dialect, where, "a base64-encoded data URL")
    try:
        return found[1], base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise _wrong(dialect, where, "valid base64") from None


def _shot(url: str, where: str, seen: Seen, dialect: Name) -> Shot:
    mime, data = _decoded(url, f"{where}.image_url.url", dialect)
    sha256 = hashlib.sha256(data).hexdigest()
    seen.photos.append(sha256)
    if _mime(data) != mime:
        raise Wrong(unsupported_image(dialect))
    return Shot(sha256, look(data))


def _mime(data: bytes) -> str:
    """What the picture really is; empty for none that can be read."""
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
            return MIMES.get(image.format or "", "")
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError, Warning):
        return ""


def _known(name: str, messages: tuple[Said, ...], dialect: Name) -> Model:
    model = MODELS.get(name)
    if model is None or not model.chats:
        raise Wrong(unknown_model(dialect, name))
    if not model.sees and any(message.shots for message in messages):
        raise Wrong(blind(dialect, name))
    if not model.sees and any(message.papers for message in messages):
        raise Wrong(no_files(dialect))
    return model


def _wrong(dialect: Name, where: str, expected: str, message: str = "") -> Wrong:
    if dialect == "aimlapi":
        return Wrong(
            Words(400, f"Body validation error\nInvalid value at {where}. Expected {expected}, received other")
        )
    message = message or f"Invalid type for '{where}': expected {expected}."
    return Wrong(Words(400, message, "invalid_type", param=where))


def unsupported_image(dialect: Name) -> Words:
    message = (
        "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
        "['png', 'jpeg', 'gif', 'webp']."
    )
    if dialect == "aimlapi":
        return Words(400, f"400 {message}")
    return Words(
        400, message, "invalid_image_format", "invalid_request_error" if dialect == "openai" else "openai_error"
    )


def no_files(dialect: Name) -> Words:
    message = "Invalid value: 'file'. Supported values are: 'text' and 'image_url'."
    if dialect == "aimlapi":
        return Words(400, f"400 {message}")
    return Words(400, message, "invalid_value", param="messages[0].content[1].type")


def unreadable_file(dialect: Name) -> Words:
    message = "The file you sent could not be parsed as a PDF."
    return Words(400, f"400 {message}" if dialect == "aimlapi" else message, "invalid_file")


def unknown_model(dialect: Name, name: str) -> Words:
    match dialect:
        case "aimlapi":
            known = " | ".join(repr(each) for each in MODELS)
            return Words(400, f"Body validation error\nInvalid enum value. Expected {known}, received '{name}'")
        case "vapi":
            return Words(
                503, f"No available channel for model {name} under group default (distributor)", "model_not_found"
            )
    return Words(404, f"The model `{name}` does not exist or you do not have access to it.", "model_not_found")


def blind(dialect: Name, name: str) -> Words:
    message = "Invalid content type. image_url is only supported by certain models."
    if dialect == "aimlapi":
        return Words(400, f"400 {message}")
    return Words(400, message, None, "invalid_request_error", "messages.[1].content.[1].type")
