"""What the sandbox remembers: uploads, conversations and the turns in them, all in memory and all bounded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from adapters.providers.sandbox.eyes import Look
from adapters.providers.sandbox.records import Body, now

MOST_BYTES = 512 * 1024 * 1024
MOST_CONVERSATIONS = 100_000


@dataclass(slots=True)
class Asset:
    """An uploaded photo, and what was seen in it once somebody asked."""

    key: str
    data: bytes = field(repr=False)
    look: Look | None = None


class Assets:
    """Uploads by key, oldest first."""

    def __init__(self) -> None:
        self.kept: dict[str, Asset] = {}
        self.size = 0  # bytes of them all

    def keep(self, name: str, data: bytes) -> Asset:
        """Store an upload; the oldest ones go when there is no room."""
        asset = Asset(self._key(name), data)
        self.kept[asset.key] = asset
        self.size += len(data)
        while self.size > MOST_BYTES and len(self.kept) > 1:
            self.size -= len(self.kept.pop(next(iter(self.kept))).data)
        return asset

    def forget(self) -> None:
        """Drop them all."""
        self.kept.clear()
        self.size = 0

    def _key(self, name: str) -> str:
        at, safe = datetime.now(UTC), re.sub(r"[^A-Za-z0-9._-]", "_", name)
        while (key := f"images/{at:%Y_%m_%d_%H_%M_%S}_{at.microsecond // 1000:03d}_{safe}") in self.kept:
            at += timedelta(milliseconds=1)
        return key


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo of a conversation under its number."""

    number: int
    key: str
    look: Look


@dataclass(frozen=True, slots=True)
class Past:
    """A turn that was answered."""

    question: str
    model: str
    answer: str
    shots: tuple[Shot, ...] = ()


@dataclass(slots=True)
class Conversation:
    """A thread with its turns."""

    type: str
    title: str
    model: str
    uuid: str = field(default_factory=lambda: str(uuid4()))
    created: str = field(default_factory=now)
    past: list[Past] = field(default_factory=list)

    @property
    def body(self) -> Body:
        """The conversation as the API shows it."""
        about = {"uuid": self.uuid, "title": self.title, "type": self.type, "model": self.model}
        return {**about, "status": "ACTIVE", "createdAt": self.created}

    @property
    def messages(self) -> list[Body]:
        """Everything that was said in it."""
        return [
            {"role": role, "content": text}
            for past in self.past
            for role, text in (("USER", past.question), (past.model, past.answer))
        ]

    def visible(self, model: str, *, mixed: bool, limit: int) -> list[Past]:
        """Return the turns that a model may look back on: its own, or everybody's when `mixed`.

        Whether 1min.ai counts a question with its answer once or twice is not written down; here they are one.
        """
        own = [past for past in self.past if mixed or past.model == model]
        return own[-limit:] if limit > 0 else []


def numbered(keys: Sequence[str], past: Sequence[Past]) -> dict[str, int]:
    """Give every photo its number across the conversation; one that came before keeps its own."""
    numbers = {shot.key: shot.number for turn in past for shot in turn.shots}
    for key in keys:
        numbers.setdefault(key, len(numbers) + 1)
    return numbers


class Conversations(dict[str, Conversation]):
    """Conversations by UUID, oldest first."""

    def start(self, type: str, title: str, model: str) -> Conversation:
        """Begin one; the oldest goes when there are too many."""
        conversation = Conversation(type, title, model)
        self[conversation.uuid] = conversation
        if len(self) > MOST_CONVERSATIONS:
            del self[next(iter(self))]
        return conversation


@dataclass(slots=True)
class Memory:
    """Everything together, as one account of 1min.ai holds it."""

    assets: Assets = field(default_factory=Assets)
    conversations: Conversations = field(default_factory=Conversations)
