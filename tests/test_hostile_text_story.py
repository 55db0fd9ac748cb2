"""Words that once stopped the bot for good, said to it and said by a model, while others want an answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.doubles.hostile import EXAMPLES, FREEZING
from tests.doubles.process import BotProcess
from tests.doubles.telegram import ANN, GRETA, TOKEN, TelegramBed
from tests.doubles.waiting import until

MODEL = "openai/parrot"


class Parrot:
    """An OpenAI-compatible service that answers what it is asked, in one piece."""

    def __init__(self) -> None:
        self.url = ""

    async def __aenter__(self) -> "Parrot":
        app = web.Application(client_max_size=10_000_000)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "parrot", "object": "model"}]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        content = (await request.json())["messages"][-1]["content"]
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta, reason in (({"content": text}, None), ({}, "stop")):
            chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def chats(folder: Path) -> AsyncIterator[TelegramBed]:
    async with TelegramBed() as bed, Parrot() as parrot:
        bot = BotProcess(
            folder, TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_URL=bed.url, OPENAI_API_URL=parrot.url, BOT_MODEL=MODEL
        )
        async with bot:
            await bot.ready()
            yield bed


def whole(bed: TelegramBed, chat: int) -> list[str]:
    return [text for text in bed.reads(chat) if not text.endswith("▌")]


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
async def test_others_are_answered_while_a_hostile_text_is_in_work(tmp_path: Path, text: str) -> None:
    said = text[:4_000]  # Telegram takes no longer ones
    async with chats(tmp_path) as bed:
        await asyncio.gather(bed.says(said), bed.says(f"Say this: {said}"), bed.says("hello there", GRETA))
        await until(lambda: any("hello there" in answer for answer in whole(bed, GRETA)))
        await until(lambda: whole(bed, ANN))  # what is sent together may be one question


async def test_a_command_that_stopped_the_bot_is_answered_with_a_sentence(tmp_path: Path) -> None:
    async with chats(tmp_path) as bed:
        await bed.says(FREEZING)
        await until(lambda: whole(bed, ANN))
        assert "zzqq" in whole(bed, ANN)[0]
