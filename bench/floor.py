"""The floor: a bare aiohttp script that makes the same calls (upload, conversation, chat) and keeps nothing."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp

Turn = Callable[[int], Awaitable[float]]
HEADERS = {"API-KEY": "bench"}


async def turn(http: aiohttp.ClientSession, url: str, photo: bytes, n: int) -> float:
    """Answer one photo; return the seconds it took."""
    begun = time.perf_counter()
    text = ""
    async for piece in ask(http, url, photo, "what is this?", n):
        text += piece
    assert text
    return time.perf_counter() - begun


async def ask(http: aiohttp.ClientSession, url: str, photo: bytes, question: str, n: int) -> AsyncGenerator[str, None]:
    """Upload the photo, begin the n-th conversation meanwhile, and hand out the answer piece by piece."""
    key, conversation = await asyncio.gather(_upload(http, url, photo), _begin(http, url, n))
    body = {
        "type": "UNIFY_CHAT_WITH_AI",
        "model": "gpt-4o",
        "promptObject": {"prompt": question, "conversationId": conversation, "attachments": {"images": [key]}},
    }
    async with http.post(f"{url}/api/chat-with-ai?isStreaming=true", json=body) as reply:
        async for line in reply.content:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:]).get("content", "")


async def _upload(http: aiohttp.ClientSession, url: str, photo: bytes) -> str:
    form = aiohttp.FormData()
    form.add_field("asset", photo, filename="photo.jpg", content_type="image/jpeg")
    async with http.post(f"{url}/api/assets", data=form) as reply:
        return str((await reply.json())["fileContent"]["path"])


async def _begin(http: aiohttp.ClientSession, url: str, n: int) -> str:
    body = {"type": "UNIFY_CHAT_WITH_AI", "title": f"bench {n}", "model": "gpt-4o"}
    async with http.post(f"{url}/api/conversations", json=body) as reply:
        return str((await reply.json())["conversation"]["uuid"])


@asynccontextmanager
async def answering(url: str, photos: list[bytes]) -> AsyncGenerator[Turn, None]:
    """While entered, answers the photo of a number; the seconds that it took come back."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as http:
        yield lambda n: turn(http, url, photos[n], n)
