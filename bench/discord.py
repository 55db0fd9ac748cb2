"""Discord end to end: many channels get a photo at the same moment, until each shows the whole answer."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp

from bench import floor, together
from bench.result import Result
from bench.together import CURSOR, Crowd, Screens

TOKEN = "MTA0MjQy.sandbox." + "t" * 38
DISCORD_PER_SECOND = 50  # calls of a bot, as its reference says
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12  # intents: those that Snapthread asks for
DISPATCH, HEARTBEAT, IDENTIFY = 0, 1, 2


def report(*, quick: bool) -> Result:
    """Both programs, one photo at a time and many at the same moment."""
    return together.report("Discord", open_crowd, DISCORD_PER_SECOND, quick=quick, crowds=(100,))


# the people and their Discord


def open_crowd(screens: Screens, channels: int, *, limited: bool) -> AbstractAsyncContextManager[Crowd]:
    """Text channels of servers in which the bot is a member."""
    from bench.guilds import Guilds

    return Guilds(TOKEN, screens, channels, limited=limited)


# the programs under test


class _Script:
    """Speaks with the gateway, answers every photo, and keeps nothing."""

    def __init__(self, api: str, provider: str, chat: aiohttp.ClientSession, http: aiohttp.ClientSession) -> None:
        self.api, self.provider, self.chat, self.http = api, provider, chat, http
        self.ready = asyncio.Event()
        self.heard: int | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        async with self.chat.get(f"{self.api}/gateway/bot") as reply:
            gateway = (await reply.json())["url"]
        async with self.chat.ws_connect(f"{gateway}/?v=10&encoding=json", max_msg_size=0) as socket:
            hello = await socket.receive_json()
            self.soon(self._beat(socket, hello["d"]["heartbeat_interval"] / 1000))
            intents = GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES
            about_us = {"token": TOKEN, "intents": intents, "properties": {"os": "linux"}}
            await socket.send_json({"op": IDENTIFY, "d": about_us})
            async for packet in socket:
                self._hear(json.loads(packet.data))

    def soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            await socket.send_json({"op": HEARTBEAT, "d": self.heard})

    def _hear(self, packet: dict[str, Any]) -> None:
        if packet["op"] != DISPATCH:
            return
        self.heard = packet["s"]
        if packet["t"] == "READY":
            self.ready.set()
        elif packet["t"] == "MESSAGE_CREATE" and not packet["d"]["author"].get("bot"):
            self.soon(self._answer(packet["d"]))

    async def _answer(self, message: dict[str, Any]) -> None:
        posts = f"{self.api}/channels/{message['channel_id']}/messages"
        async with self.chat.get(message["attachments"][0]["url"]) as reply:
            photo = await reply.read()
        question = message["content"].partition("> ")[2]
        text, sent = "", None
        async for piece in floor.ask(self.http, self.provider, photo, question, int(message["id"])):
            text += piece
            if text and sent is None:
                sent = asyncio.create_task(self._say("POST", posts, text + CURSOR))
        assert sent
        await self._say("PATCH", f"{posts}/{(await sent)['id']}", text)

    async def _say(self, method: str, address: str, text: str) -> Any:
        async with self.chat.request(method, address, json={"content": text}) as reply:
            assert reply.ok, await reply.text()
            return await reply.json()


@asynccontextmanager
async def _floor(api: str, provider: str, at_once: int, *, limited: bool) -> AsyncGenerator[None, None]:
    """A bare script that makes the same calls."""
    authorization = {"Authorization": f"Bot {TOKEN}"}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=authorization) as chat,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=floor.HEADERS) as http,
    ):
        script = _Script(api, provider, chat, http)
        script.soon(script.listen())
        await script.ready.wait()
        yield


@asynccontextmanager
async def _snapthread(api: str, provider: str, at_once: int, *, limited: bool) -> AsyncGenerator[None, None]:
    """Snapthread with Discord alone."""
    from adapters.platforms.discord.adapter import Discord
    from bench import snapthread

    async def suggest(command: str, option: str, typed: str) -> tuple[()]:
        return ()

    async with snapthread.running(
        lambda store, folder: Discord(
            TOKEN,
            api,
            folder,
            intake=store.intake,
            channels=store.channels,
            blobs=store.blobs,
            coordination=store.coordination,
            suggest=suggest,
        ),
        provider,
        at_once,
    ):
        yield


if __name__ == "__main__":
    together.serve({"floor": _floor, "snapthread": _snapthread})
