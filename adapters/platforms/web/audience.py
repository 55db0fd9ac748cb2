"""The open tabs of each channel, and the events that wait for them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event for a tab. A newer one with the same `about` replaces one that was not sent yet."""

    name: str
    about: str
    data: Mapping[str, Any]


class Tab:
    """One open event stream. However slow the tab is, at most one event about each thing waits."""

    def __init__(self) -> None:
        self.closed = False
        self._pending: dict[str, Event] = {}
        self._has_events = asyncio.Event()

    def put(self, event: Event) -> None:
        """Queue an event."""
        self._pending[event.about] = event  # an edit keeps the place of the event that it replaces
        self._has_events.set()

    def close(self) -> None:
        """End the stream."""
        self.closed = True
        self._has_events.set()

    async def wait_for_events(self, patience: float) -> list[Event]:
        """Return all queued events, as soon as there are any; an empty list after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._has_events.wait()
        except TimeoutError:
            return []
        self._has_events.clear()
        events, self._pending = list(self._pending.values()), {}
        return events


class Audience:
    """The open tabs, by channel."""

    def __init__(self) -> None:
        self._tabs: defaultdict[str, set[Tab]] = defaultdict(set)

    @contextmanager
    def tab(self, channel: str) -> Iterator[Tab]:
        """Open a tab on the channel while entered."""
        tab = Tab()
        self._tabs[channel].add(tab)
        try:
            yield tab
        finally:
            self._tabs[channel].discard(tab)
            if not self._tabs[channel]:
                del self._tabs[channel]

    def publish(self, channel: str, event: Event) -> None:
        """Queue an event for every tab of the channel."""
        for tab in self._tabs.get(channel, ()):
            tab.put(event)

    def publish_elsewhere(self, channel: str, event: Event) -> None:
        """Queue an event for every tab of all channels but this one."""
        for other in self._tabs.keys() - {channel}:
            self.publish(other, event)

    def close(self) -> None:
        """End all streams."""
        for tabs in self._tabs.values():
            for tab in tabs:
                tab.close()
