"""What the readers of replies make of them, whoever the reply is from."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from adapters.providers.error_rules import ServiceFailure
from bot.messages import Usage


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ResultFrame:
    """The answer is complete: what it took, and all of its text where that is told once more."""

    text: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class EndFrame:
    """The other side has said that the answer is complete."""


Frame = TextFrame | ResultFrame | ServiceFailure | EndFrame
Frames = AsyncGenerator[Frame, None]


async def rejoin(head: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """A body again, of the beginning that was looked at and of what comes after it."""
    yield head
    async for chunk in rest:
        yield chunk
