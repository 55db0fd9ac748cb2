"""Limits of silence: before the first words, when a model may have to be loaded, and between words."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Self

from bot.errors import Busy, FailureCode
from bot.util.http import is_private

FIRST_WORDS, FIRST_WORDS_NEARBY = 120.0, 600.0  # seconds
BETWEEN_WORDS = 120.0


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """The longest times in seconds without a byte."""

    first_words: float = FIRST_WORDS
    between_words: float = BETWEEN_WORDS

    @classmethod
    def at(cls, url: str, first_words: float | None = None, between_words: float = BETWEEN_WORDS) -> Self:
        """Return the limits of an address: models on this machine and its network may have to be loaded first.

        Closing early would be no help: Ollama stops loading when nobody waits any more.
        """
        return cls(first_words or (FIRST_WORDS_NEARBY if is_private(url) else FIRST_WORDS), between_words)

    @property
    def longest(self) -> float:
        """The longest of them."""
        return max(self.first_words, self.between_words)


class SilenceWatch:
    """Watches the bytes of one answer."""

    def __init__(self, limits: SilenceLimits) -> None:
        self._limits = limits
        self.has_begun = False  # words have come

    async def watch(self, body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes. Raises Busy (provider_slow) when nothing comes for too long."""
        while True:
            limit = self._limits.between_words if self.has_begun else self._limits.first_words
            try:
                async with asyncio.timeout(limit):
                    chunk = await anext(body, None)
            except TimeoutError as error:
                raise Busy(FailureCode.PROVIDER_SLOW) from error
            if chunk is None:
                return
            yield chunk
