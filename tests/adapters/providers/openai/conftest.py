"""An endpoint on loopback that answers by script and keeps what it was asked, and clients of it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import OPENAI, ServiceProfile
from bot.messages import Conversation, Exchange, Photo, Prompt, Text, Usage

PHOTOS = Path(__file__).parents[3] / "files" / "photos"


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Script:
    """A reply. With `hang` it never ends."""

    body: bytes
    status: int = 200
    type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False


def event(**data: Any) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def delta(text: str | None, finish: str | None = None, **more: Any) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}])


def said(text: str = "A cat.", **usage: Any) -> Script:
    """A whole answer, with the usage that is given."""
    figures = event(choices=[], usage=usage) if usage else b""
    return Script(delta("", role="assistant") + delta(text) + delta(None, "stop") + figures + b"data: [DONE]\n\n")


def no(status: int, message: str, **error: Any) -> Script:
    return Script(json.dumps({"error": {"message": message, **error}}).encode(), status, "application/json")


def json_of(body: object, status: int = 200) -> Script:
    return Script(json.dumps(body).encode(), status, "application/json")


class Endpoint:
    """Answers each question with the next of its scripts; the last one is used again and again."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.answers: list[Script] = [said()]
        self.pages: dict[str, Script] = {}  # by path
        self.keys: dict[str, str] = {}  # the Authorization that a page wants, by path
        self.left = asyncio.Event()  # somebody went before the end

    @property
    def asked(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == "/v1/chat/completions"]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(request.method, request.path, request.headers, await request.read(), dict(request.query)))
        script = self.pages.get(request.path) or Script(b"404 page not found", 404, "text/plain")
        if self.keys.get(request.path, "") not in ("", request.headers.get("Authorization")):
            script = no(401, "No.")
        if request.path == "/v1/chat/completions":
            script = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        reply = web.StreamResponse(status=script.status, headers={"content-type": script.type, **script.headers})
        await reply.prepare(request)
        await reply.write(script.body)
        try:
            if script.hang:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        return reply


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", endpoint.serve)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield endpoint
    await runner.cleanup()


Client = Callable[..., OpenAI]


@pytest.fixture
def client(endpoint: Endpoint) -> Client:
    """Makes a client of the endpoint, to be entered."""

    def make(row: ServiceProfile = OPENAI, key: str = "sk-the-key", **options: Any) -> OpenAI:
        return OpenAI(row, key, endpoint.url, **options)

    return make


@pytest.fixture
async def openai(client: Client) -> AsyncIterator[OpenAI]:
    async with client() as openai:
        yield openai


def photo(name: str = "cat.jpg") -> Photo:
    return photo_of(PHOTOS / name, "image/png" if name.endswith(".png") else "image/jpeg")


def photo_of(file: Path, mime: str = "image/jpeg") -> Photo:
    data = file.read_bytes()
    return Photo(
        name=file.name,
        mime=mime,
        file=file,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        width=451,
        height=300,
    )


def prompt(text: str = "What is it?", *photos: Photo, model: str = "openai/gpt-4o", **more: Any) -> Prompt:
    return Prompt(conversation=Conversation(1, model), text=text, photos=photos, **more)


HISTORY = (
    Exchange(author="Ann", question="What is it?", answer="A cat."),
    Exchange(author="Bob", question="Sure?", answer=""),
    Exchange(author="", question="Why?", answer="It purrs."),
)


@dataclass
class Told:
    """What came of a question."""

    text: str = ""
    usage: Usage | None = None


async def told(openai: OpenAI, asked: Prompt, so_far: Told | None = None) -> Told:
    answer = so_far or Told()
    async with aclosing(openai.ask(asked)) as pieces:
        async for piece in pieces:
            assert answer.usage is None, "the usage comes last"
            if isinstance(piece, Text):
                answer.text += piece.text
            elif isinstance(piece, Usage):
                answer.usage = piece
    return answer
