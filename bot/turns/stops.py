"""Work that can be stopped, by conversation."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stops:
    """Knows how to stop every question that this process is asking."""

    def __init__(self) -> None:
        self._stops: dict[int, set[Callable[[], object]]] = defaultdict(set)

    @contextmanager
    def stoppable(self, conversation: int, stop: Callable[[], object]) -> Iterator[None]:
        """While entered, `stop` is called when somebody wants the conversation's answer to end."""
        self._stops[conversation].add(stop)
        try:
            yield
        finally:
            self._stops[conversation].discard(stop)
            if not self._stops[conversation]:
                del self._stops[conversation]

    def stop(self, conversation: int) -> bool:
        """End what is being answered there; False if nothing is."""
        stops = list(self._stops.get(conversation, ()))
        for stop in stops:
            stop()
        return bool(stops)
