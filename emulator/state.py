"""The state of one account: files, conversations and their turns, all in memory and bounded."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from emulator.documents import DocumentText
from emulator.file_types import FileType
from emulator.payloads import ApiError, Body, gone, nested, now
from emulator.vision import PhotoMeasures

BUCKET = "asset.1min.ai"
MOST_BYTES = 512 * 1024 * 1024
MOST_CONVERSATIONS = 100_000
MOST_RECORDS = 10_000


@dataclass(slots=True)
class Asset:
    """A file that was uploaded or made here, and what was seen or read in it once somebody asked."""

    key: str
    data: bytes = field(repr=False)
    name: str = ""  # as it was uploaded
    kind: FileType | None = None
    mime: str = "application/octet-stream"  # as the bucket serves it, whatever an upload really is
    public: bool = False  # the bucket serves it to everybody
    uuid: str = field(default_factory=lambda: str(uuid4()))
    look: PhotoMeasures | None = None
    reading: DocumentText | None = None


class Assets:
    """Files by key, oldest first."""

    def __init__(self) -> None:
        self.kept: dict[str, Asset] = {}
        self.size = 0  # bytes of them all
        self._keys: dict[str, str] = {}  # by UUID

    def keep(self, name: str, data: bytes, folder: str = "images", kind: FileType | None = None) -> Asset:
        """Store a file; the oldest ones go when there is no room."""
        asset = Asset(self._key(folder, name), data, name, kind)
        self.kept[asset.key], self._keys[asset.uuid] = asset, asset.key
        self.size += len(data)
        while self.size > MOST_BYTES and len(self.kept) > 1:
            self._drop(next(iter(self.kept)))
        return asset

    def at(self, place: str) -> Asset:
        """Find a file by its key, or by a link to our own bucket, which holds the key. Raise ApiError."""
        asset = self.kept.get(place) or self.kept.get(_in_link(place))
        if asset is None:
            raise gone(place)  # addresses of others end here too: the emulator fetches nothing
        return asset

    def file(self, uuid: str) -> Asset:
        """Find a file by its UUID. Raise ApiError."""
        asset = self.kept.get(self._keys.get(uuid, ""))
        if asset is None:
            raise gone(uuid)
        return asset

    def forget(self) -> None:
        """Drop them all."""
        self.kept.clear()
        self._keys.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        asset = self.kept.pop(key)
        del self._keys[asset.uuid]
        self.size -= len(asset.data)

    def _key(self, folder: str, name: str) -> str:
        at, safe = datetime.now(UTC), re.sub(r"[^A-Za-z0-9._-]", "_", name)
        while (key := f"{folder}/{at:%Y_%m_%d_%H_%M_%S}_{at.microsecond // 1000:03d}_{safe}") in self.kept:
            at += timedelta(milliseconds=1)
        return key


def _in_link(place: str) -> str:
    if not place.startswith(("http://", "https://")):
        return ""
    return urlsplit(place).path.removeprefix("/").removeprefix(BUCKET + "/")


@dataclass(frozen=True, slots=True)
class NumberedPhoto:
    """A photo of a conversation under its number."""

    number: int
    key: str
    look: PhotoMeasures


@dataclass(frozen=True, slots=True)
class NumberedDocument:
    """A document of a conversation under its number."""

    number: int
    key: str
    uuid: str
    name: str
    reading: DocumentText


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn that was answered."""

    question: str
    model: str
    answer: str
    shots: tuple[NumberedPhoto, ...] = ()
    papers: tuple[NumberedDocument, ...] = ()
    videos: tuple[str, ...] = ()


@dataclass(slots=True)
class Conversation:
    """A thread with its turns."""

    type: str
    title: str
    model: str
    files: tuple[str, ...] = ()  # UUIDs of the documents it is about
    video: str = ""  # the link to the one it is about
    uuid: str = field(default_factory=lambda: str(uuid4()))
    created: str = field(default_factory=now)
    past: list[PastTurn] = field(default_factory=list)

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

    def visible(self, model: str, *, mixed: bool, limit: int) -> list[PastTurn]:
        """Return the turns that a model may look back on: its own, or everybody's when `mixed`.

        Whether 1min.ai counts a question with its answer once or twice is not written down; here they are one.
        """
        own = [past for past in self.past if mixed or past.model == model]
        return own[-limit:] if limit > 0 else []


def numbered(keys: Sequence[str], before: Iterable[NumberedPhoto | NumberedDocument]) -> dict[str, int]:
    """Give every photo, or every document, its number across the conversation; one that came before keeps its own."""
    numbers = {one.key: one.number for one in before}
    for key in keys:
        numbers.setdefault(key, len(numbers) + 1)
    return numbers


class Conversations(dict[str, Conversation]):
    """Conversations by UUID, oldest first."""

    def find(self, uuid: str) -> Conversation:
        """Return one. Raise ApiError."""
        if uuid not in self:
            # A guess: nobody has seen the real answer to an unknown conversation.
            raise ApiError(404, nested("CONVERSATION_NOT_FOUND", "Conversation not found"))
        return self[uuid]

    def start(self, type: str, title: str, model: str, files: tuple[str, ...] = (), video: str = "") -> Conversation:
        """Begin one; the oldest goes when there are too many."""
        conversation = Conversation(type, title, model, files, video)
        self[conversation.uuid] = conversation
        if len(self) > MOST_CONVERSATIONS:
            del self[next(iter(self))]
        return conversation


class Records(dict[str, Body]):
    """Records of orders by UUID, oldest first."""

    def keep(self, record: Body) -> None:
        """Store a record; the oldest one goes when there are too many."""
        self[record["uuid"]] = record
        if len(self) > MOST_RECORDS:
            del self[next(iter(self))]


@dataclass(slots=True)
class AccountState:
    """Everything together, as one account of 1min.ai holds it."""

    assets: Assets = field(default_factory=Assets)
    conversations: Conversations = field(default_factory=Conversations)
    records: Records = field(default_factory=Records)
    used: int = 449_667  # credits

    def book(self, credit: int) -> None:
        """Count what a request cost."""
        self.used += credit
