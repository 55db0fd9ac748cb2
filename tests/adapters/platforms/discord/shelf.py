"""Messages and files of a Discord whose every word a test can choose: also what people cannot make it say."""

import asyncio
import json
import time
from collections import Counter
from typing import Any, Self

import discord
from aiohttp import web

from tests.conftest import PHOTOS

PHOTO = (PHOTOS / "cat.jpg").read_bytes()
LIMIT = 20 << 20
TOKEN = "a token"
CHANNEL, MESSAGE = "77", "100"
USER = {"id": "1", "username": "ann", "discriminator": "0", "avatar": None}

Json = dict[str, Any]


class Shelf:
    """Serves while entered. A link is good while its signature is the current one."""

    def __init__(self) -> None:
        self.url, self.signature = "", "aa"
        self.lasts = 24 * 60 * 60.0  # seconds
        self.messages: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}  # by path
        self.faults: list[web.Response] = []  # in place of the next files
        self.asked: Counter[str] = Counter()  # messages read, files fetched

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/api/v10/users/@me", self.me)
        app.router.add_get("/api/v10/channels/{channel}/messages/{id}", self.message)
        app.router.add_get("/{path:.*}", self.file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    def photo(self, id: str, name: str = "cat.jpg", data: bytes = PHOTO, **more: Any) -> Json:
        """An attachment. Its links are made when its message is read."""
        self.files[f"/files/{id}/{name}"] = data
        usual = {"id": id, "filename": name, "content_type": "image/jpeg", "size": len(data)}
        return usual | {"url": f"/files/{id}/{name}", "proxy_url": f"/files/{id}/{name}"} | more

    def says(self, *attachments: Json, **more: Any) -> Json:
        """Somebody sends a message."""
        message: Json = {
            "id": MESSAGE,
            "channel_id": CHANNEL,
            "author": USER,
            "content": "what is this?",
            "timestamp": "2026-08-01T10:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": list(attachments),
            "embeds": [],
            "pinned": False,
            "type": 0,
        }
        message |= more
        self.messages[message["id"]] = message
        return message

    def link(self, path: str) -> str:
        return f"{self.url}{path}?ex={int(time.time() + self.lasts):x}&is=1&hm={self.signature}"

    def signed(self, value: Any) -> Any:
        """The same with links in place of the paths of files."""
        if isinstance(value, dict):
            return {key: self.signed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.signed(each) for each in value]
        return self.link(value) if isinstance(value, str) and value.startswith("/files/") else value

    async def me(self, request: web.Request) -> web.Response:
        return reply(USER)

    async def message(self, request: web.Request) -> web.Response:
        self.asked["message"] += 1
        await asyncio.sleep(0.01)
        if request.match_info["channel"] != CHANNEL:
            return reply({"code": 10003, "message": "Unknown Channel"}, 404)
        message = self.messages.get(request.match_info["id"])
        return reply(self.signed(message)) if message else reply({"code": 10008, "message": "Unknown Message"}, 404)

    async def file(self, request: web.Request) -> web.Response:
        self.asked["file"] += 1
        if self.faults:
            return self.faults.pop(0)
        data = self.files.get(request.path)
        if data is None or request.query.get("hm", self.signature) != self.signature:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=data)


def reply(body: Json, status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json")


class Reader:
    """Reads messages as the adapter does."""

    def __init__(self, client: discord.Client) -> None:
        self.client = client

    async def __call__(self, channel: int, message: int) -> discord.Message:
        return await self.client.get_partial_messageable(channel).fetch_message(message)

    async def last(self) -> discord.Message:
        return await self(int(CHANNEL), int(MESSAGE))
