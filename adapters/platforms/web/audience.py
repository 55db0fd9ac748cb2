"""Who is looking: the open tabs of each channel, and what they are still to be told."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something a tab should know. A newer one with the same `about` makes an untold one void."""

    name: str
    about: str
    data: Mapping[str, Any]


class Tab:
    """One open event stream. What waits is never more than one event about each thing, however slow the tab is."""

    def __init__(self) -> None:
        self.closed = False
        self._untold: dict[str, Event] = {}
        self._awake = asyncio.Event()

    def tell(self, event: Event) -> None:
        """Keep the event for the next look."""
        self._untold[event.about] = event  # an edit keeps the place of what it replaces
        self._awake.set()

    def close(self) -> None:
        """End the stream."""
        self.closed = True
        self._awake.set()

    async def news(self, patience: float) -> list[Event]:
        """Everything untold, as soon as there is something; empty after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._awake.wait()
        except TimeoutError:
            return []
        self._awake.clear()
        untold, self._untold = list(self._untold.values()), {}
        return untold


class Audience:
    """All tabs, by channel."""

    def __init__(self) -> None:
        self._tabs: defaultdict[str, set[Tab]] = defaultdict(set)

    @contextmanager
    def tab(self, channel: str) -> Iterator[Tab]:
        """A tab that looks at the channel while entered."""
        tab = Tab()
        self._tabs[channel].add(tab)
        try:
            yield tab
        finally:
            self._tabs[channel].discard(tab)
            if not self._tabs[channel]:
                del self._tabs[channel]

    def tell(self, channel: str, event: Event) -> None:
        """Let every tab of the channel know."""
        for tab in self._tabs.get(channel, ()):
            tab.tell(event)

    def close(self) -> None:
        """End all streams."""
        for tabs in self._tabs.values():
            for tab in tabs:
                tab.close()
