"""The line: how an answer becomes chunks, and chunks become bytes."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.doubles.openai.answers import Telling

Chunk = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing comes for so many seconds; None: nothing comes any more."""

    seconds: float | None


Frame = Chunk | bytes | Pause | None
"""A chunk, bytes as they are, a silence, or None: the connection breaks here."""

Block = bytes | Pause | None
"""What is written in one go."""

Encode = Callable[[Sequence[Frame]], Iterable[Block]]

DONE = b"data: [DONE]\n\n"
COMMENT = b": PROCESSING\n\n"
CUT: Frame = None


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands on every chunk."""

    id: str
    model: str
    created: int

    def chunk(self, choices: list[Chunk], **more: Any) -> Chunk:
        """Return one chunk."""
        return {**self._head("chat.completion.chunk"), "choices": choices, **more}

    def delta(self, delta: Any, finish: str | None = None) -> Chunk:
        """Return the chunk with this delta."""
        return self.chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}])

    def whole(self, telling: Telling, usage: Chunk) -> Chunk:
        """Return the answer in one body."""
        content: Any = [{"type": "text", "text": telling.text}] if telling.listed else telling.text or None
        message = {"role": "assistant", "content": content, "refusal": telling.refusal or None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": telling.finish}
        return {
            **self._head("chat.completion"),
            "choices": [choice] if telling.choices else [],
            "usage": usage,
            "system_fingerprint": "fp_992d1ea92d",
        }

    def _head(self, object: str) -> Chunk:
        return {"id": self.id, "object": object, "created": self.created, "model": self.model}


def pieces(text: str) -> list[str]:
    """Cut a text into about forty pieces."""
    return re.findall(rf"(?s).{{1,{max(8, len(text) // 40)}}}", text)


def frames(heading: Heading, telling: Telling) -> list[Frame]:
    """Return the answer as it is streamed, without usage: a role, words, why it ended, [DONE]."""
    if not telling.choices:
        return [heading.chunk([]), heading.chunk([]), DONE]
    said: list[Frame] = [heading.delta({"role": "assistant", "content": "", "refusal": None})]
    said += [heading.delta({"reasoning_content": piece, "content": None}) for piece in pieces(telling.thinking)]
    for piece in pieces(telling.text):
        said.append(heading.delta({"content": [{"type": "text", "text": piece}] if telling.listed else piece}))
    said += [heading.delta({"refusal": piece}) for piece in pieces(telling.refusal)]
    return [*said, heading.delta({}, telling.finish), DONE]


def words(frame: Frame) -> bool:
    """Whether it holds words of the answer."""
    choices = frame.get("choices") if isinstance(frame, dict) else None
    return bool(choices and (choices[0].get("delta") or {}).get("content"))


def over(frame: Frame) -> bool:
    """Whether it tells why the answer ended."""
    choices = frame.get("choices") if isinstance(frame, dict) else None
    return bool(choices and choices[0].get("finish_reason"))


def sse(frames: Sequence[Frame]) -> Iterable[Block]:
    """Encode as server-sent events."""
    for frame in frames:
        yield f"data: {json.dumps(frame, ensure_ascii=False)}\n\n".encode() if isinstance(frame, dict) else frame


def crlf(frames: Sequence[Frame]) -> Iterable[Block]:
    """Encode with lines that end in CR LF."""
    for block in sse(frames):
        yield block.replace(b"\n", b"\r\n") if isinstance(block, bytes) else block


def tight(frames: Sequence[Frame]) -> Iterable[Block]:
    """Encode without the blank behind the colon."""
    for block in sse(frames):
        yield block.replace(b"data: ", b"data:", 1) if isinstance(block, bytes) else block


def bytewise(frames: Sequence[Frame]) -> Iterable[Block]:
    """Encode so that characters and lines are split anywhere: seven bytes at a time."""
    for block in sse(frames):
        if isinstance(block, bytes):
            yield from (block[at : at + 7] for at in range(0, len(block), 7))
        else:
            yield block


def at_once(frames: Sequence[Frame]) -> Iterable[Block]:
    """Encode all of it in one piece."""
    yield b"".join(block for block in sse(frames) if isinstance(block, bytes))
