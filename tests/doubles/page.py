"""What a browser does with the page's API, for tests that need no browser."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import aiohttp

from bot.reply import CURSOR

Entry = dict[str, Any]


class Page:
    """One channel of the page. Sending goes on until the bot has taken the message, as in the browser."""

    def __init__(self, url: str, channel: str) -> None:
        self.api = f"{url}/api/channels/{channel}"

    async def say(self, http: aiohttp.ClientSession, text: str, key: str, **photos: bytes) -> None:
        """Send photos, by name, with a text; the same key again is the same message."""
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, KeyError):
                uploads = [await self._upload(http, name, data) for name, data in photos.items()]
                message = {"text": text, "uploads": uploads, "key": key}
                async with http.post(f"{self.api}/messages", json=message) as reply:
                    if reply.status == 202:
                        return
            await asyncio.sleep(0.05)

    async def entries(self, http: aiohttp.ClientSession) -> list[Entry]:
        """What the channel shows now, messages and posts."""
        async with http.get(f"{self.api}/events") as reply:
            async for line in reply.content:
                if line.startswith(b"data: "):
                    found: list[Entry] = json.loads(line[6:])["entries"]
                    return found
        raise AssertionError("the events ended without a snapshot")

    async def answers(self, http: aiohttp.ClientSession) -> list[tuple[str, str]]:
        """The whole answers in their order: what was asked, and the answer."""
        entries = await self.entries(http)
        asked = {entry["id"]: entry["text"] for entry in entries if entry["kind"] == "message"}
        whole = [entry for entry in entries if entry["kind"] == "post" and not entry["text"].endswith(CURSOR)]
        return [(asked[entry["reply_to"]], entry["text"]) for entry in whole]

    async def _upload(self, http: aiohttp.ClientSession, name: str, data: bytes) -> str:
        async with http.post(f"{self.api}/uploads", params={"name": name.replace("_", ".")}, data=data) as reply:
            return str((await reply.json())["id"])
