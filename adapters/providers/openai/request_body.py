"""The body of a question, of which no photo or document is ever in memory as a whole.

It is JSON with holes. While it is sent, each hole is filled with a file in base64, piece by piece, read and encoded in
a thread. Files always travel as data URLs: nobody else can open the links that platforms give us, and we publish none.
"""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.providers.openai.model_quirks import FIGURES, FILES, MAX_TOKENS, SYSTEM, TEMPERATURE
from bot.errors import Busy
from bot.messages import Exchange, Prompt, StoredFile
from bot.words import say

# Bytes of a file at a time: a multiple of three, so that pieces of base64 can be joined. A connection on which nothing
# moves holds about two of them in its buffers: with hundreds of those, a megabyte each would be a gigabyte.
CHUNK = 96 * 1024


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What is sent besides the question; None is not sent."""

    max_tokens: int | None = None
    temperature: float | None = None
    detail: str | None = None  # how closely to look at photos: auto, low or high
    figures: bool = False  # ask what the answer took


class RequestBody:
    """A question, ready to be sent as often as need be."""

    def __init__(self, prompt: Prompt, wishes: RequestOptions, without: frozenset[str] = frozenset()) -> None:
        """`without` are the features that the model does not take."""
        mark = secrets.token_hex(16)  # stands where files go; nobody's words hold it
        said = _question(prompt, wishes, without, mark)
        self.features = _used(said) | ({FILES} if prompt.documents else frozenset())
        self.files: tuple[StoredFile, ...] = (*prompt.photos, *prompt.documents)
        text = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")  # half a surrogate pair cannot be sent
        self._texts = text.split(mark.encode())
        self.length = sum(map(len, self._texts)) + sum(-(-file.size // 3) * 4 for file in self.files)

    @property
    def headers(self) -> dict[str, str]:
        """What goes before it; with its length known, it need not be sent in chunks, which some proxies refuse."""
        return {"content-type": "application/json", "content-length": str(self.length)}

    async def check(self) -> None:
        """Busy when a file is not what it was: by the next try it has been fetched again."""
        if self.files and not await asyncio.to_thread(_whole, self.files):
            raise Busy("photo_gone")

    async def sent(self, reader: Executor | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes, in pieces of 128 kB at most where there are files, which the `reader` reads."""
        read = asyncio.get_running_loop().run_in_executor
        yield self._texts[0]
        for kept, text in zip(self.files, self._texts[1:], strict=True):
            for at in range(0, kept.size, CHUNK):
                yield await read(reader, _encoded, kept.file, at, min(CHUNK, kept.size - at))
            yield text


def _whole(files: Sequence[StoredFile]) -> bool:
    try:
        return all(kept.file.stat().st_size == kept.size for kept in files)
    except FileNotFoundError:
        return False


def _encoded(file: Path, at: int, size: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(at)
        raw = opened.read(size)
    if len(raw) != size:  # or the other side would wait for the rest
        raise OSError("a file has changed while it was sent")
    return base64.b64encode(raw)


# Words


def _question(prompt: Prompt, wishes: RequestOptions, without: frozenset[str], mark: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "model": prompt.conversation.model_id,
        "messages": _messages(prompt, wishes, without, mark),
        "stream": True,
    }
    if wishes.figures and FIGURES not in without:
        said["stream_options"] = {"include_usage": True}
    if wishes.max_tokens is not None:
        said["max_completion_tokens" if MAX_TOKENS in without else "max_tokens"] = wishes.max_tokens
    if wishes.temperature is not None and TEMPERATURE not in without:
        said["temperature"] = wishes.temperature
    return said


def _used(said: dict[str, Any]) -> frozenset[str]:
    """The features that the question is asked with."""
    fields = {name for name in (FIGURES, MAX_TOKENS, TEMPERATURE) if name in said}
    return frozenset(fields | {SYSTEM} if said["messages"][0]["role"] == "system" else fields)


def _messages(prompt: Prompt, wishes: RequestOptions, without: frozenset[str], mark: str) -> list[dict[str, Any]]:
    told = "\n\n".join(filter(None, (prompt.instructions, prompt.background)))
    as_system = told and SYSTEM not in without
    text = prompt.text if as_system else "\n\n".join(filter(None, (told, prompt.text)))
    return [
        *([{"role": "system", "content": told}] if as_system else []),
        *(message for exchange in prompt.history for message in _said(exchange)),
        {"role": "user", "content": _content(text, prompt, wishes, mark)},
    ]


def _said(exchange: Exchange) -> list[dict[str, Any]]:
    """Who asked is told, because many may talk in one conversation. Some models want each question answered."""
    if not exchange.answer:
        return []
    question = f"{exchange.author}: {exchange.question}" if exchange.author else exchange.question
    return [{"role": "user", "content": question}, {"role": "assistant", "content": exchange.answer}]


def _content(text: str, prompt: Prompt, wishes: RequestOptions, mark: str) -> str | list[dict[str, Any]]:
    if not (prompt.photos or prompt.documents or prompt.excerpts):
        return text
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for photo in prompt.photos:
        if number := prompt.numbers.get(photo.sha256):
            parts.append({"type": "text", "text": f"Photo {number} ({photo.name}):"})
        link = {"url": f"data:{photo.mime};base64,{mark}"}
        if wishes.detail is not None:
            link["detail"] = wishes.detail
        parts.append({"type": "image_url", "image_url": link})
    for document in prompt.documents:
        number = prompt.numbers.get(document.sha256)
        name = say("file_named", n=number, name=document.name) if number else document.name
        parts.append({"type": "text", "text": f"{name}:"})
        file = {"filename": document.filename, "file_data": f"data:{document.mime};base64,{mark}"}
        parts.append({"type": "file", "file": file})
    return [*parts, *({"type": "text", "text": excerpt} for excerpt in prompt.excerpts)]
