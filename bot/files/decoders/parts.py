"""A bound on the number of parts in a file: each costs some time and memory, however small it is."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from bot.errors import FailureCode, Unreadable

Part = TypeVar("Part")


def bounded(parts: Iterable[Part], most: int) -> Iterator[Part]:
    """Yield the parts, at most `most`. Unreadable: there are more."""
    for count, part in enumerate(parts, 1):
        if count > most:
            raise Unreadable(FailureCode.PHOTO_TOO_MANY_PARTS)
        yield part
