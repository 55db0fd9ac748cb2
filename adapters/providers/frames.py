"""Frames: the parts of a reply, in the same form for every service."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from adapters.providers.error_rules import ServiceFailure
from bot.messages import File, Unfinished, Usage, WebSource


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtFrame:
    """A piece of what the model thinks, where the service keeps it apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class PictureFrame:
    """A picture in the answer."""

    file: File


@dataclass(frozen=True, slots=True)
class ResultFrame:
    """The record of a complete answer: its usage, and its whole text and its sources where the service tells them."""

    text: str
    usage: Usage
    unfinished: Unfinished | None = None  # the model stopped before the end
    sources: tuple[WebSource, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """The record of an answer that is still being worked on; `uuid` is where the service has it later."""

    uuid: str


@dataclass(frozen=True, slots=True)
class EndFrame:
    """The service's word that the answer is complete."""


Frame = TextFrame | ThoughtFrame | PictureFrame | ResultFrame | ServiceFailure | EndFrame | PendingFrame
Frames = AsyncGenerator[Frame, None]


async def rejoin(head: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield a whole body: the head that was read ahead, then the rest."""
    yield head
    async for chunk in rest:
        yield chunk
