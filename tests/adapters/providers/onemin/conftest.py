"""An emulator, a cloakroom that remembers uploads, and clients that differ in what a test is about."""

import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.onemin.provider import OneMin
from bot.messages import Conversation, Photo, Piece, Preferences, Prompt, RateLimit, Text, Usage
from bot.store.coordination import pass_through
from bot.util.retry import RetryPolicy
from emulator import Emulator

PHOTOS = Path(__file__).parents[3] / "files" / "photos"
SOON = RetryPolicy(timeout=20, first=0.02, longest=0.1)
KEY = "the-key-of-the-operator"


@dataclass
class Cloakroom:
    """The store's methods about assets and limits, in memory."""

    kept: dict[tuple[str, str, str], str] = field(default_factory=dict)
    passed: dict[str, list[float]] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    async def acquire(self, gate: RateLimit, patience: float) -> float:
        pause, self.passed[gate.name] = pass_through(gate, self.passed.get(gate.name, ()), self.clock(), patience)
        return pause

    async def get_asset(self, provider: str, account: str, sha256: str) -> str | None:
        return self.kept.get((provider, account, sha256))

    async def save_asset(self, provider: str, account: str, sha256: str, key: str) -> None:
        self.kept[provider, account, sha256] = key

    async def forget_asset(self, provider: str, account: str, sha256: str) -> None:
        self.kept.pop((provider, account, sha256), None)


Client = Callable[..., OneMin]


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(key=KEY, pace=0) as emulator:
        yield emulator


@pytest.fixture
def cloakroom() -> Cloakroom:
    return Cloakroom()


@pytest.fixture
def client(emulator: Emulator, cloakroom: Cloakroom) -> Client:
    """Makes a client of the emulator, to be entered; the key is right unless a test says otherwise."""

    def make(api: Any = "auto", key: str = KEY, **options: Any) -> OneMin:
        onemin = OneMin(key, emulator.url, api, cloakroom, acquire=cloakroom.acquire, **options)
        onemin._orders.policy = SOON  # operators cannot choose it
        return onemin

    return make


@pytest.fixture
async def onemin(client: Client) -> AsyncIterator[OneMin]:
    async with client() as onemin:
        yield onemin


def photo(name: str = "cat.jpg") -> Photo:
    file = PHOTOS / name
    data = file.read_bytes()
    mime = "image/jpeg" if name.endswith(".jpg") else "image/png"
    return Photo(
        name=name, mime=mime, file=file, size=len(data), sha256=hashlib.sha256(data).hexdigest(), width=451, height=300
    )


def prompt(
    text: str = "What is it?",
    *photos: Photo,
    thread: str | None = None,
    model: str = "onemin/gpt-4o",
    wishes: Preferences | None = None,
) -> Prompt:
    return Prompt(conversation=Conversation(1, model, thread, wishes or Preferences()), text=text, photos=photos)


async def begun(onemin: OneMin, text: str = "What is it?", *photos: Photo, **options: Any) -> Prompt:
    """A prompt in a conversation that the other side knows."""
    return prompt(text, *photos, thread=await onemin.begin(prompt(**options).conversation, "cats"), **options)


@dataclass
class Told:
    """What came of a question, as far as it came."""

    text: str = ""
    usage: Usage | None = None
    pieces: int = 0

    def take(self, piece: Piece) -> None:
        if isinstance(piece, Text):
            assert piece.text, "an empty piece is of no use to anybody"
            assert self.usage is None, "the usage comes last"
            self.text += piece.text
            self.pieces += 1
        elif isinstance(piece, Usage):
            self.usage = piece


async def told(onemin: OneMin, asked: Prompt, so_far: Told | None = None) -> Told:
    answer = so_far or Told()
    async with aclosing(onemin.ask(asked)) as pieces:
        async for piece in pieces:
            answer.take(piece)
    return answer
