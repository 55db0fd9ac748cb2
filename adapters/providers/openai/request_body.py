"""The body of a question, which never holds a whole photo or document in memory.

It is JSON with gaps. While it is sent, each gap is filled with a file in base64, piece by piece, read and encoded in
a thread. Files always travel as data URLs: the links that platforms give us are private, and we publish none.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from adapters.providers.openai.model_quirks import (
    DETAIL,
    FILES,
    HISTORY,
    INCLUDE_USAGE,
    MAX_TOKENS,
    PARTS,
    STREAM,
    SYSTEM,
    TEMPERATURE,
)
from adapters.providers.series_notes import picture_captions, with_series_notes
from bot.asking.question import with_history
from bot.errors import Busy, FailureCode
from bot.messages import Exchange, Prompt, StoredFile
from bot.words import say

# Bytes of a file at a time: a multiple of three, so that pieces of base64 can be joined. A connection on which nothing
# moves holds about two of them in its buffers: with hundreds of those, a megabyte each would be a gigabyte.
CHUNK = 96 * 1024


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The options of a request; None is not sent."""

    max_tokens: int | None = None
    temperature: float | None = None
    detail: str | None = None  # how closely to look at photos: auto, low or high
    include_usage: bool = False  # ask for the usage of the answer


class RequestBody:
    """The body of a question, which can be sent more than once."""

    def __init__(self, prompt: Prompt, options: RequestOptions, without: frozenset[str] = frozenset()) -> None:
        """Build the body; `without` are the features that the model refuses."""
        mark = secrets.token_hex(16)  # marks the place of a file; no text holds it by chance
        request_json = _request_json(prompt, options, without, mark)
        self.features = _used_features(request_json) | ({FILES} if prompt.documents else frozenset())
        self.files: tuple[StoredFile, ...] = (*prompt.pictures, *prompt.documents)
        text = json.dumps(request_json, ensure_ascii=False).encode(
            "utf-8", "replace"
        )  # half a surrogate pair cannot be sent
        self._texts = text.split(mark.encode())
        self.length = sum(map(len, self._texts)) + sum(-(-file.size // 3) * 4 for file in self.files)

    @property
    def headers(self) -> dict[str, str]:
        """The headers; with a known length the body need not be sent in chunks, which some proxies refuse."""
        return {"content-type": "application/json", "content-length": str(self.length)}

    async def check(self) -> None:
        """Raise Busy when a file has changed or gone: the next try fetches it again."""
        if self.files and not await asyncio.to_thread(_are_unchanged, self.files):
            raise Busy(FailureCode.PHOTO_GONE)

    async def stream(self, reader: Executor | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes, in pieces of at most 128 kB where there are files, which the `reader` reads."""
        run_in_executor = asyncio.get_running_loop().run_in_executor
        yield self._texts[0]
        for stored_file, text in zip(self.files, self._texts[1:], strict=True):
            for offset in range(0, stored_file.size, CHUNK):
                size = min(CHUNK, stored_file.size - offset)
                yield await run_in_executor(reader, partial(_read_base64, stored_file.file, offset, size))
            yield text


def _are_unchanged(files: Sequence[StoredFile]) -> bool:
    try:
        return all(stored_file.file.stat().st_size == stored_file.size for stored_file in files)
    except FileNotFoundError:
        return False


def _read_base64(file: Path, offset: int, size: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(offset)
        raw = opened.read(size)
    if len(raw) != size:  # or the other side would wait for the rest
        raise OSError("a file has changed while it was sent")
    return base64.b64encode(raw)


# JSON


def _request_json(prompt: Prompt, options: RequestOptions, without: frozenset[str], mark: str) -> dict[str, Any]:
    request_json: dict[str, Any] = {
        "model": prompt.conversation.model_id,
        "messages": _messages(prompt, options, without, mark),
        "stream": STREAM not in without,
    }
    if options.include_usage and not {INCLUDE_USAGE, STREAM} & without:
        request_json["stream_options"] = {"include_usage": True}
    if options.max_tokens is not None:
        request_json["max_completion_tokens" if MAX_TOKENS in without else "max_tokens"] = options.max_tokens
    if options.temperature is not None and TEMPERATURE not in without:
        request_json["temperature"] = options.temperature
    return request_json


def _used_features(request_json: dict[str, Any]) -> frozenset[str]:
    """Return the features that a request uses."""
    messages = request_json["messages"]
    roles = [message["role"] for message in messages]
    parts = messages[-1]["content"] if isinstance(messages[-1]["content"], list) else []
    used = {
        **{name: name in request_json for name in (INCLUDE_USAGE, MAX_TOKENS, TEMPERATURE)},
        STREAM: request_json["stream"],
        SYSTEM: roles[0] == "system",
        HISTORY: "assistant" in roles,
        PARTS: len(parts) > 1,
        DETAIL: any("detail" in part.get("image_url", ()) for message in messages for part in _parts(message)),
    }
    return frozenset(name for name, is_used in used.items() if is_used)


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    return message["content"] if isinstance(message["content"], list) else []


def _messages(prompt: Prompt, options: RequestOptions, without: frozenset[str], mark: str) -> list[dict[str, Any]]:
    instructions = "\n\n".join(filter(None, (prompt.instructions, prompt.background)))
    as_system = instructions and SYSTEM not in without
    question = with_series_notes(prompt)
    if HISTORY in without:
        question = with_history(question, [exchange for exchange in prompt.history if exchange.answer])
    text = question if as_system else "\n\n".join(filter(None, (instructions, question)))
    return [
        *([{"role": "system", "content": instructions}] if as_system else []),
        *(() if HISTORY in without else [each for exchange in prompt.history for each in _exchange_messages(exchange)]),
        *_question_messages(_content(text, prompt, options=options, without=without, mark=mark), without),
    ]


def _question_messages(content: str | list[dict[str, Any]], without: frozenset[str]) -> list[dict[str, Any]]:
    """Return the question as one message, or its words and each picture as a message of its own, as V-API shows it."""
    if isinstance(content, str) or PARTS not in without:
        return [{"role": "user", "content": content}]
    words = "\n\n".join(part["text"] for part in content if part["type"] == "text")
    parts = [{"type": "text", "text": words}] if words else []
    others = [part for part in content if part["type"] != "text"]
    return [{"role": "user", "content": [part]} for part in (*parts, *others)]


def _exchange_messages(exchange: Exchange) -> list[dict[str, Any]]:
    """Return an exchange as messages. It names the author, because many may talk in one conversation."""
    if not exchange.answer:  # some models want each question answered
        return []
    question = f"{exchange.author}: {exchange.question}" if exchange.author else exchange.question
    return [{"role": "user", "content": question}, {"role": "assistant", "content": exchange.answer}]


def _content(
    text: str, prompt: Prompt, options: RequestOptions, without: frozenset[str], mark: str
) -> str | list[dict[str, Any]]:
    if not (prompt.photos or prompt.documents):  # some models take parts only where there is more than words
        return "\n\n".join(filter(None, (text, *prompt.excerpts)))
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for photo in prompt.photos:
        for picture, caption in zip(photo.pictures, picture_captions(photo, prompt.numbers), strict=True):
            if caption:
                parts.append({"type": "text", "text": caption})
            link = {"url": f"data:{picture.mime};base64,{mark}"}
            if options.detail is not None and DETAIL not in without:
                link["detail"] = options.detail
            parts.append({"type": "image_url", "image_url": link})
    for document in prompt.documents:
        number = prompt.numbers.get(document.sha256)
        name = say("file_named", n=number, name=document.name) if number else document.name
        parts.append({"type": "text", "text": f"{name}:"})
        file = {"filename": document.filename, "file_data": f"data:{document.mime};base64,{mark}"}
        parts.append({"type": "file", "file": file})
    return [*parts, *({"type": "text", "text": excerpt} for excerpt in prompt.excerpts)]
