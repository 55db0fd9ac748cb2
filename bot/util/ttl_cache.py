"""A cache with a time to live, for values that are read from the database all the time."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class TtlCache(Generic[Key, Value]):
    """Keeps the `most` values that were asked for last, each for so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()  # until when, and what
        self._forgets = 0

    async def get(self, key: Key, load: Callable[[], Awaitable[Value]]) -> Value:
        """The value of the key, loaded if it is not at hand. Raises what `load` raises, and then keeps nothing."""
        kept = self._kept.get(key)
        if kept and time.monotonic() < kept[0]:
            self._kept.move_to_end(key)
            return kept[1]
        forgets = self._forgets
        value = await load()
        if forgets == self._forgets:  # else it may have been read before it was changed
            self._keep(key, value)
        return value

    def forget(self, *keys: Key) -> None:
        """These values have changed."""
        self._forgets += 1
        for key in keys:
            self._kept.pop(key, None)

    def _keep(self, key: Key, value: Value) -> None:
        self._kept[key] = time.monotonic() + self.seconds, value
        self._kept.move_to_end(key)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
