"""What a browser does with the page's API, for tests that need no browser."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import aiohttp

from bot.replies.reply import CURSOR

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
                if await self._post(http, {"text": text, "uploads": uploads, "key": key}):
                    return
            await asyncio.sleep(0.05)

    async def press(self, http: aiohttp.ClientSession, label: str, key: str) -> None:
        """Press the last button with this label, once there is one; the same key again is the same press."""
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                shown = [(entry["id"], button) for entry in await self.entries(http) for button in entry["buttons"]]
                found = [(post, button["command"]) for post, button in shown if button["label"] == label]
                if found:
                    about, command = found[-1]
                    if await self._post(http, {"text": command, "uploads": [], "key": key, "about": about}):
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

    async def _post(self, http: aiohttp.ClientSession, message: Entry) -> bool:
        async with http.post(f"{self.api}/messages", json=message) as reply:
            return reply.status == 202

    async def _upload(self, http: aiohttp.ClientSession, name: str, data: bytes) -> str:
        async with http.post(f"{self.api}/uploads", params={"name": name.replace("_", ".")}, data=data) as reply:
            return str((await reply.json())["id"])
