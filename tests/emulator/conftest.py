"""An emulator, and somebody who talks to it over real HTTP."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from docx import Document
from PIL import Image

from emulator import Emulator

Body = dict[str, Any]
ROOT = Path(__file__).parents[2]


def photo(colour: str = "red", size: tuple[int, int] = (120, 80), format: str = "JPEG", **options: Any) -> bytes:
    """Take a photo of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format, **options)
    return file.getvalue()


def pdf(*pages: str) -> bytes:
    """Write a PDF with a line of text on each page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
        font = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {font} /Contents {5 + 2 * n} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    file, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(file))
    return file + head + table + tail


def docx(*paragraphs: str) -> bytes:
    """Write a DOCX with these paragraphs."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


@dataclass
class Heard:
    """A reply, read to its end."""

    status: int
    type: str
    body: bytes
    headers: Any

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[tuple[str, Body]]:
        frames = [
            dict(line.split(": ", 1) for line in frame.splitlines()) for frame in self.text.split("\n\n") if frame
        ]
        return [(frame.get("event", ""), json.loads(frame["data"])) for frame in frames]

    @property
    def names(self) -> list[str]:
        """The names of the events, runs of the same as one."""
        names = [name for name, _ in self.events]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    @property
    def said(self) -> str:
        """The content of the stream put together."""
        return "".join(data["content"] for name, data in self.events if name == "content")

    @property
    def record(self) -> Body:
        """The record, from a stream or from a JSON body."""
        body = self.json if "json" in self.type else next(data for name, data in self.events if name == "result")
        record: Body = body["aiRecord"]
        return record

    @property
    def results(self) -> Any:
        return self.record["aiRecordDetail"]["resultObject"]

    @property
    def answer(self) -> str:
        return str(self.results[0])

    @property
    def picture(self) -> Image.Image:
        """The body, decoded."""
        image = Image.open(io.BytesIO(self.body))
        image.load()
        return image


class Client:
    """Somebody with an API key."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator, self.session = emulator, session

    async def call(self, method: str, path: str, **more: Any) -> Heard:
        async with self.session.request(method, path, **more) as reply:
            return Heard(reply.status, reply.content_type, await reply.read(), reply.headers)

    async def post(self, path: str, body: Any) -> Heard:
        return await self.call("POST", path, json=body)

    async def send(self, data: bytes, name: str | None = "cat.jpg") -> Heard:
        form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
        form.add_field("asset", io.BytesIO(data) if name else data.hex(), filename=name)
        return await self.call("POST", "/api/assets", data=form)

    async def upload(self, data: bytes, name: str = "cat.jpg") -> str:
        return str((await self.send(data, name)).json["fileContent"]["path"])

    async def file(self, data: bytes, name: str) -> str:
        """Upload a document and return its id."""
        return str((await self.send(data, name)).json["fileContent"]["uuid"])

    async def order(self, type: str, model: str, **prompt: Any) -> Heard:
        """Ask for a picture or a sound."""
        return await self.post("/api/features", {"type": type, "model": model, "promptObject": prompt})

    async def get(self, link: str) -> Heard:
        """Follow a link to a file, without a key."""
        async with aiohttp.ClientSession() as nobody, nobody.get(link) as reply:
            return Heard(reply.status, reply.content_type, await reply.read(), reply.headers)

    async def begin(self, **changes: Any) -> Heard:
        body = {"type": "UNIFY_CHAT_WITH_AI", "title": "Cats", "model": "gpt-4o"} | changes
        return await self.post("/api/conversations", body)

    async def thread(self) -> str:
        return str((await self.begin()).json["conversation"]["uuid"])

    async def ask(
        self,
        prompt: Any = "What is this?",
        *images: str,
        thread: str | None = None,
        model: str = "gpt-4o",
        stream: bool = False,
        files: Any = (),
        **settings: Any,
    ) -> Heard:
        question = {
            "prompt": prompt,
            "conversationId": thread,
            "settings": settings,
            "attachments": {"images": list(images), "files": list(files)},
        }
        body = {"type": "UNIFY_CHAT_WITH_AI", "model": model, "promptObject": question}
        return await self.post("/api/chat-with-ai" + "?isStreaming=true" * stream, body)

    async def ask_feature(
        self,
        *images: str,
        thread: str | None = None,
        stream: bool = False,
        prompt: str = "What is this?",
        **changes: Any,
    ) -> Heard:
        question = {"prompt": prompt, "imageList": list(images)}
        body = {
            "type": "CHAT_WITH_IMAGE",
            "model": "gpt-4o",
            "conversationId": thread,
            "promptObject": question,
        } | changes
        return await self.post("/api/features" + "?isStreaming=true" * stream, body)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(pace=0) as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(emulator.url, headers={"API-KEY": "a key"}) as session:
        yield Client(emulator, session)
