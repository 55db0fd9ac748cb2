"""Telegram's limits on what bots post, enforced as its FAQ describes them.

"About" one message a second in a chat with short bursts, 20 a minute in a group, and about 30 a second in all. Sends
and edits share them. Signs such as typing are no messages.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field

BURST = 3  # calls in a private chat that may come together; Telegram tells no number
OVERALL = 30  # calls a second
SLACK = 3  # of those, more: "about"
GROUP_MINUTE = 20
SECOND, MINUTE = 1.0, 60.0


@dataclass(slots=True)
class _Bucket:
    size: float
    rate: float  # calls a second
    level: float
    at: float

    def take(self, now: float) -> float:
        """Take a call, and return 0; else the seconds until there is one."""
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return (1 - self.level) / self.rate
        self.level -= 1
        return 0.0


@dataclass(slots=True)
class FloodLimits:
    """Counts calls per chat and in all."""

    refused: int = 0
    calls: int = 0
    _overall: _Bucket | None = None
    _chats: dict[int, _Bucket] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def take(self, method: str, chat: int, now: float) -> float:
        """Return 0 if Telegram takes the call now, else the seconds to wait for."""
        if not method.startswith(("send", "edit")) or method == "sendChatAction":
            return 0.0
        self.calls += 1
        self._overall = self._overall or _Bucket(OVERALL + SLACK, OVERALL, OVERALL + SLACK, now)
        wait = (
            self._group(chat, now)
            if chat < 0
            else self._chats.setdefault(chat, _Bucket(BURST, 1, BURST, now)).take(now)
        )
        wait = wait or self._overall.take(now)
        self.refused += wait > 0
        return wait

    def _group(self, chat: int, now: float) -> float:
        calls = self._groups[chat]
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= GROUP_MINUTE:
            return calls[0] + MINUTE - now
        calls.append(now)
        return 0.0
