"""The page on a real server, with a bot in small behind it."""

import asyncio
import io
import itertools
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from adapters.platforms.web.adapter import WebPage
from bot.messages import Button, Channel, Message, OutgoingPost
from bot.store import open_store
from bot.web.server import WebServer
from tests.conftest import MODEL
from tests.doubles.browser import chromium

MOST_BYTES = 2 * 1024 * 1024
STORES = itertools.count()  # a store is held by one process; a page that is opened again has another one
MODELS = [
    {"id": "onemin/gpt-4o", "name": "GPT-4o", "sees": True, "price": ""},
    {"id": "onemin/mistral-large", "name": "Mistral Large", "sees": False, "price": ""},
    {"id": "vapi/claude-sonnet-4", "name": "Claude Sonnet 4", "sees": True, "price": ""},
]


STOP = (Button("Stop", "/stop"),)
ACTIONS = (Button("Describe", "/describe"), Button("Read text", "/read"), Button("Translate", "/translate"))


def recording(seconds: float = 0.5) -> bytes:
    """Silence that can be played."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(int(16_000 * seconds)))
    return buffer.getvalue()


async def models() -> list[dict[str, Any]]:
    return MODELS


@dataclass
class Storyteller:
    """A bot in small: keeps what it hears and answers in words that grow, one question after the other.

    An answer that grows can be stopped; below a photo without words it offers what can be done with it. A model that
    is said with /model answers in that channel from then on.
    """

    web: WebPage
    answers: dict[str, str] = field(default_factory=dict)
    heard: list[Message] = field(default_factory=list)
    photos: list[bytes] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)  # models, by channel
    obeys: bool = True
    halfway: asyncio.Event = field(default_factory=asyncio.Event)  # answers stop in the middle until it is set

    def __post_init__(self) -> None:
        self.halfway.set()
        self.questions: asyncio.Queue[Message] = asyncio.Queue()

    async def receive(self, message: Message) -> None:
        self.heard.append(message)
        self.questions.put_nowait(message)

    async def answer_all(self) -> None:
        while True:
            await self.answer(await self.questions.get())

    async def answer(self, message: Message) -> None:
        command, _, model = message.text.partition(" ")
        if command == "/model" and self.obeys:
            self.chosen[message.channel.id] = model
        async with self.web.typing(message.channel):
            self.photos += [await self.web.download(photo, MOST_BYTES) for photo in message.attachments]
            names = ", ".join(photo.name for photo in message.attachments)
            whole = self.answers.get(message.text, f"You said {message.text!r} and showed {names or 'nothing'}.")
            half = whole[: len(whole) // 2]
            channel, nonce = message.channel, f"{message.id}-0"
            post = await self.web.send(
                channel, OutgoingPost(text=f"{half} ▌", reply_to=message.id, key=nonce, buttons=STOP)
            )
            await self.halfway.wait()
            await self.web.edit(channel, post, OutgoingPost(text=f"{whole} ▌", buttons=STOP))
            await self.web.edit(channel, post, OutgoingPost(text=whole, buttons=() if message.text else ACTIONS))

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.heard]


@dataclass
class Visitor:
    """A program that speaks to the page's API."""

    http: aiohttp.ClientSession
    channel: str = "lobby"

    def path(self, name: str) -> str:
        return f"/api/channels/{self.channel}/{name}"

    async def upload(self, data: bytes, name: str = "cat.jpg", mime: str = "image/jpeg") -> dict[str, Any]:
        async with self.http.post(
            self.path("uploads"), params={"name": name}, data=io.BytesIO(data), headers={"Content-Type": mime}
        ) as response:
            return {"status": response.status, **await response.json()}

    async def say(self, text: str, uploads: list[str] | None = None, key: str = "k1", **more: object) -> dict[str, Any]:
        body = {"text": text, "uploads": uploads or [], "key": key, **more}
        async with self.http.post(self.path("messages"), json=body) as response:
            return {"status": response.status, **await response.json()}

    @asynccontextmanager
    async def looking(self) -> AsyncIterator["Look"]:
        async with self.http.get(self.path("events")) as response:
            assert response.content_type == "text/event-stream"
            yield Look(response.content)

    async def snapshot(self) -> dict[str, Any]:
        async with self.looking() as look:
            return await look.next("snapshot")


@dataclass
class Look:
    """An open event stream."""

    stream: aiohttp.StreamReader

    async def next(self, wanted: str) -> dict[str, Any]:
        """The data of the next event of this name."""
        while True:
            block = (await self.stream.readuntil(b"\n\n")).decode()
            name, _, data = block.partition("\n")
            if name == f"event: {wanted}":
                found: dict[str, Any] = json.loads(data.removeprefix("data: "))
                return found

    async def final(self) -> dict[str, Any]:
        """The next post that has stopped growing."""
        while (post := await self.next("post"))["text"].endswith("▌"):
            pass
        return post


@dataclass
class House:
    """The page, its server and the bot behind it, while they run."""

    folder: Path
    server: WebServer
    web: WebPage
    bot: Storyteller
    visitor: Visitor
    tasks: list[asyncio.Task[None]]

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, *, listens: bool = True, port: int = 0, token: str | None = None, **options: Any
    ) -> AsyncIterator[Self]:
        store = open_store(f"sqlite:///{folder}/sessions-{next(STORES)}.db", MODEL)
        server = WebServer("127.0.0.1", port, token, sessions=store.sessions)
        chosen: dict[str, str] = {}

        async def model_of(channel: str) -> str:
            return chosen.get(channel, "onemin/gpt-4o")

        web = WebPage(server, folder, max_bytes=MOST_BYTES, **{"model_of": model_of, "models": models, **options})
        bot = Storyteller(web, chosen=chosen)
        async with store, web, server, aiohttp.ClientSession(server.url) as http:
            jobs = [web.listen(bot.receive), bot.answer_all()] if listens else []
            tasks = [asyncio.create_task(job) for job in jobs]
            try:
                yield cls(folder, server, web, bot, Visitor(http), tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House.open(tmp_path / "web", banner="Sandbox: answers come from this machine.") as house:
        yield house


@pytest.fixture
def lobby() -> Channel:
    return Channel("web", "lobby")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser
