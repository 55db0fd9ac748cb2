"""Cut an answer into frames, and encode frames as bytes."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

Frame = tuple[str, dict[str, Any]]
Block = bytes | None
"""Bytes that are written in one go; None: the connection is aborted here."""

Encode = Callable[[Sequence[Frame]], Iterable[Block]]

EMPTY: Frame = ("content", {"content": ""})
DONE: Frame = ("done", {"message": "Stream completed"})
CUT: Frame = ("cut", {})


def content(text: str) -> Frame:
    """Return the frame that carries a piece of the text."""
    return "content", {"content": text}


@lru_cache(64)
def pieces(text: str) -> tuple[str, ...]:
    """Cut a text into about forty pieces; whatever is beyond ASCII ends one, so that raw streams split it."""
    size = max(16, len(text) // 40)
    return tuple(re.findall(rf"[\x00-\x7f]{{0,{size}}}[^\x00-\x7f]{{1,{size}}}|[\x00-\x7f]{{1,{size}}}", text))


def frames(text: str, body: dict[str, Any]) -> list[Frame]:
    """Return the whole answer as 1min.ai streams it: empty frames around the content, then the JSON body."""
    return [EMPTY, *map(content, pieces(text)), EMPTY, ("result", body), DONE]


def _data(frame: Frame) -> str:
    return json.dumps(frame[1], ensure_ascii=False)


def _sse(frame: Frame) -> Block:
    return None if frame is CUT else f"event: {frame[0]}\ndata: {_data(frame)}\n\n".encode()


def sse(frames: Sequence[Frame]) -> list[Block]:
    """Encode for `/api/chat-with-ai`: server-sent events."""
    return [_sse(frame) for frame in frames]


def nameless(frames: Sequence[Frame]) -> list[Block]:
    """Encode as data lines without events, closed like OpenAI closes."""
    return [*(f"data: {_data(frame)}\n\n".encode() for frame in frames if frame is not DONE), b"data: [DONE]\n\n"]


def _texts(frames: Sequence[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame is CUT or frame[1].get("content")]


def raw(frames: Sequence[Frame]) -> list[Block]:
    """Encode for `/api/features`: text without any framing, cut one byte late so that characters are split."""
    blocks: list[Block] = []
    held = b""
    for frame in _texts(frames):
        if frame is CUT:
            return [*blocks, None]
        whole = held + frame[1]["content"].encode()
        blocks.append(whole[:-1])
        held = whole[-1:]
    return [*blocks, held]


def framed_raw(frames: Sequence[Frame]) -> list[Block]:
    """Encode for `/api/features` as some gateways saw it: data lines with a text."""
    return [
        f"data: {json.dumps({'text': frame[1]['content']}, ensure_ascii=False)}\n\n".encode()
        for frame in _texts(frames)
    ]


def bytewise(encode: Encode) -> Encode:
    """Write every byte of the content apart, and the rest as it is."""

    def split(frames: Sequence[Frame]) -> Iterable[Block]:
        for block in encode(frames):
            if block is None or b"event: result" in block:
                yield block
            else:
                yield from (block[at : at + 1] for at in range(len(block)))

    return split
