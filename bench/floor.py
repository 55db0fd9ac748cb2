"""The floor: a bare aiohttp script that makes the same calls (upload, conversation, chat) and keeps nothing."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator

import aiohttp

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


async def all_turns(url: str, photos: list[bytes], at_once: int, pause: float) -> list[float]:
    """Answer every photo, `at_once` at a time, `pause` seconds after the one before; return the seconds each took."""
    gate = asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as http:

        async def one(n: int) -> float:
            async with gate:
                await asyncio.sleep(pause)
                return await turn(http, url, photos[n], n)

        return list(await asyncio.gather(*map(one, range(len(photos)))))
