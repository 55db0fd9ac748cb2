"""An OpenAI-compatible endpoint on loopback with one quirk, and a bot that asks it."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from adapters.providers.openai.provider import open_openai
from bot.adapter_context import AdapterContext
from bot.configuration import read_settings
from bot.files.photos import PhotoIntake
from bot.messages import Attachment, Message
from bot.ports import Store
from tests.conftest import PHOTOS, said
from tests.doubles.platform import FakePlatform
from tests.doubles.work import Worker, hear, make_worker

MODEL = "openai/gpt-4o"


@dataclass(frozen=True)
class Answer:
    """A reply as it goes over the wire; `cut`: the connection breaks behind it, `hold`: it comes so much later."""

    body: bytes
    status: int = 200
    type: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hold: float = 0.0
    hang: bool = False  # nothing more comes


@dataclass(frozen=True)
class Asked:
    """A question as it arrived."""

    body: Mapping[str, Any]

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def parts(self) -> list[Mapping[str, Any]]:
        """The parts of all messages."""
        contents = [message["content"] for message in self.body["messages"]]
        return [part for content in contents if isinstance(content, list) for part in content]

    @property
    def images(self) -> list[bytes]:
        """The pictures that came along."""
        urls = [part["image_url"]["url"] for part in self.parts if part["type"] == "image_url"]
        return [base64.b64decode(url.partition(",")[2]) for url in urls]

    @property
    def hashes(self) -> list[str]:
        return [hashlib.sha256(image).hexdigest() for image in self.images]

    @property
    def text(self) -> str:
        return json.dumps(self.body["messages"], ensure_ascii=False)


Quirk = Callable[[Asked], Answer | None]
"""Answers a question in its own way; None: as any endpoint does."""


def chunk(text: str | None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def words(*pieces: str, finish: str = "stop") -> Answer:
    """An answer in these pieces."""
    return Answer(b"".join(map(chunk, pieces)) + chunk(None, finish) + b"data: [DONE]\n\n")


def whole(text: str, finish: str = "stop", **message: Any) -> Answer:
    """An answer in one JSON object."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    return Answer(json.dumps({"object": "chat.completion", "choices": [choice]}).encode(), type="application/json")


def refusal(status: int, message: str, **error: Any) -> Answer:
    """An error in OpenAI's shape."""
    return raw(status, {"error": {"message": message, "type": "invalid_request_error", **error}})


def raw(status: int, body: object) -> Answer:
    """An error in any shape."""
    return Answer(json.dumps(body, ensure_ascii=False).encode(), status, "application/json")


class QuirkyEndpoint:
    """Answers each question with the quirk, or else with how many photos it sees."""

    def __init__(self, quirk: Quirk | None = None) -> None:
        self.quirk = quirk
        self.url = ""
        self.asked: list[Asked] = []
        self.pages: dict[str, Callable[[web.Request, bytes], Answer]] = {}  # by the end of their path
        self.requests: list[tuple[str, bytes]] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        data = await request.read()
        self.requests.append((request.path, data))
        if request.path.endswith("/chat/completions"):
            asked = Asked(json.loads(data))
            self.asked.append(asked)
            reply = (self.quirk and self.quirk(asked)) or _plain(asked)
        else:
            pages = [page for path, page in self.pages.items() if request.path.endswith(path)]
            reply = pages[0](request, data) if pages else Answer(b"404 page not found", 404, "text/plain")
        await asyncio.sleep(reply.hold)
        response = web.StreamResponse(status=reply.status, headers={"content-type": reply.type, **reply.headers})
        await response.prepare(request)
        await response.write(reply.body)
        if reply.hang:
            await asyncio.Event().wait()
        if reply.cut and request.transport is not None:
            await asyncio.sleep(0.05)
            request.transport.abort()
        return response


def _plain(asked: Asked) -> Answer:
    text = f"I see {len(asked.images)} photos."
    return words(text) if asked.body.get("stream") else whole(text)


@asynccontextmanager
async def served(quirk: Quirk | None = None) -> AsyncIterator[QuirkyEndpoint]:
    """Serve an endpoint."""
    endpoint = QuirkyEndpoint(quirk)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", endpoint.serve)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield endpoint
    finally:
        await runner.cleanup()


@dataclass
class Talk:
    """A chat with a bot whose only provider is the endpoint."""

    endpoint: QuirkyEndpoint
    worker: Worker
    platform: FakePlatform

    async def say(self, text: str, *photos: str) -> str:
        """Say something along with photos; return what is read under it."""
        before = len(self.platform.reads())
        attachments = tuple(Attachment(ref=name, name=name) for name in photos)
        await hear(self.worker, _with(said(text), attachments))
        return "\n".join(self.platform.reads()[before:])

    @property
    def asked(self) -> Sequence[Asked]:
        """All that the endpoint was asked."""
        return self.endpoint.asked


def _with(message: Message, attachments: tuple[Attachment, ...]) -> Message:
    return replace(message, attachments=attachments)


@asynccontextmanager
async def talking(
    store: Store, photos: PhotoIntake, quirk: Quirk | None = None, **settings: Any
) -> AsyncIterator[Talk]:
    """Open a chat with a bot that asks an endpoint with this quirk."""
    async with served(quirk) as endpoint:
        chosen = {
            "bot_model": MODEL,
            "openai_api_url": endpoint.url,
            "openai_api_key": "sk-the-key",
            "bot_access": "open",
            **settings,
        }
        context = AdapterContext(
            settings=read_settings(_env_file=None, **chosen), store=cast(Any, None), web=cast(Any, None)
        )
        platform = FakePlatform()
        for file in filter(Path.is_file, PHOTOS.iterdir()):
            platform.files[file.name] = file.read_bytes()
        async with open_openai(context) as provider:
            worker = make_worker(store, platform, cast(Any, provider), photos, **chosen)
            await hear(worker, said(f"/model {chosen['bot_model']}"))
            yield Talk(endpoint, worker, platform)
