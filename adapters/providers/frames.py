"""What the readers of replies make of them, whoever the reply is from."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from adapters.providers.refusals import Failure
from bot.messages import Usage


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """The answer is complete: what it took, and all of its text where that is told once more."""

    text: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class End:
    """The other side has said that the answer is complete."""


Frame = Words | Record | Failure | End
Frames = AsyncGenerator[Frame, None]


async def rejoined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """A body again, of the beginning that was looked at and of what comes after it."""
    yield head
    async for chunk in rest:
        yield chunk
