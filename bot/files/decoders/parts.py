"""A bound on the parts that a file is made of: each of them takes a moment and some memory, however small it is."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from bot.errors import Unreadable

Part = TypeVar("Part")


def bounded(parts: Iterable[Part], most: int) -> Iterator[Part]:
    """Yield the parts, `most` at most. Unreadable: there are more."""
    for count, part in enumerate(parts, 1):
        if count > most:
            raise Unreadable("photo_too_many_parts")
        yield part
