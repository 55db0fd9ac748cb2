"""An OpenAI-compatible endpoint that looks at nothing and takes its time: it costs little, so it holds up nobody."""

import asyncio
import json
import random
import re
from collections.abc import Callable
from typing import Self

from aiohttp import web

from tests.doubles.openai import catalogue, wire
from tests.doubles.openai.answers import Telling

MOST_BYTES = 64 * 1024 * 1024
TEXT = re.compile(
    rb'"(?:text|content)":\s*"((?:[^"\\]|\\.)*)"'
)  # a question may have a photo of megabytes, which nobody parses

Answer = Callable[[str], str]
"""Takes the words of a question, without what was said before it."""


class Endpoint:
    """Entered, it answers at `url`, each question after some of these `seconds`; `asked` are the words of all."""

    def __init__(self, answer: Answer, seconds: tuple[float, float]) -> None:
        self.answer, self.seconds = answer, seconds
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        # A handler is cancelled when its client leaves, as when that was killed.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=4096).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(catalogue.plain(rich=False))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        _, _, last = (await request.read()).rpartition(b'"role": "user"')
        question = " ".join(json.loads(b'"' + text + b'"') for text in TEXT.findall(last))
        self.asked.append(question)
        pause = random.uniform(*self.seconds)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        blocks = list(wire.sse(wire.frames(wire.Heading("bench", "gpt-4o", 0), Telling(self.answer(question)))))
        for block in blocks:
            assert isinstance(block, bytes)
            await asyncio.sleep(pause / len(blocks))
            await response.write(block)
        return response
