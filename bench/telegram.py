"""Telegram end to end: many chats send a photo at the same moment, until each shows the whole answer.

The emulators of Telegram and of 1min.ai share one core, the program under test has the other. Time is taken where the
people are: from a message in Telegram's queue to the text without a cursor. Telegram's own limits are switched off.
What is imported late is not in the memory of the program that has no use for it.
"""

import asyncio
import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp

from bench.floor import _begin, _upload
from bench.measure import cpu_seconds, percentile, stay_on, table

TOKEN = "4242:" + "sandbox_" * 4
CURSOR = "▌"
QUESTION = "what is this?"
PACE = 0.05  # seconds between two pieces of an answer: about one for the whole
SETTLE = 0.3  # seconds after the last answer, in which what is left of a turn is done
PATIENCE = 30.0  # seconds for all answers to a burst
WARM_UP = 20  # turns that do not count

Burst = tuple[list[float], float, float]  # seconds of each turn, of all together, and of the emulators' CPU


def report(*, quick: bool) -> str:
    """Both programs, one photo at a time and many at the same moment."""
    plans = [(1, 4), (50, 1)] if quick else [(1, 10), (200, 3), (500, 2)]
    parts = []
    for at_once, bursts in plans:
        rows = [run(program, at_once, bursts) for program in PROGRAMS]
        rows.append({"program": "ratio", **{key: rows[1][key] / rows[0][key] for key in rows[0] if key != "program"}})
        parts.append(table(f"Telegram: {at_once} at once, {at_once * bursts} turns", rows))
    return "\n".join(parts)


def run(program: str, at_once: int, bursts: int) -> dict[str, Any]:
    """Let a program in a process of its own answer bursts from fresh emulators; return what was measured."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    emulators = multiprocessing.get_context("spawn").Process(target=_emulate, args=(theirs,))
    emulators.start()
    theirs.close()
    try:
        command = [sys.executable, "-m", "bench.telegram", program, *ours.recv(), str(at_once)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                _burst(ours, min(at_once, WARM_UP))
                before = _figures(process)
                measured = [_burst(ours, at_once) for _ in range(bursts)]
                after = _figures(process)
            finally:
                process.terminate()
    finally:
        ours.close()
        emulators.join()
    took = [seconds for burst in measured for seconds in burst[0]]
    elapsed = sum(burst[1] for burst in measured)
    return {
        "program": program,
        "added p50 ms": (percentile(took, 0.5) - _own_seconds()) * 1000,
        "added p99 ms": (percentile(took, 0.99) - _own_seconds()) * 1000,
        "CPU ms a turn": (after["cpu"] - before["cpu"]) / len(took) * 1000,
        "turns/s": len(took) / elapsed,
        "peak MB": after["peak"],
        "emulators' core busy %": sum(burst[2] for burst in measured) / elapsed * 100,
    }


def _burst(pipe: Connection, photos: int) -> Burst:
    pipe.send(photos)
    burst: Burst = pipe.recv()
    return burst


def _figures(process: "subprocess.Popen[str]") -> dict[str, float]:
    assert process.stdin and process.stdout
    process.stdin.write("figures\n")
    process.stdin.flush()
    figures: dict[str, float] = json.loads(process.stdout.readline())
    return figures


def _own_seconds() -> float:
    """The provider's own time: empty frames, result and end are paced too."""
    from adapters.providers.sandbox.answers import CANNED
    from adapters.providers.sandbox.wire import pieces

    return PACE * (len(pieces(CANNED)) + 4)


# the people, their Telegram and the provider


def _emulate(pipe: Connection) -> None:
    stay_on(1)
    asyncio.run(_be_people(pipe))


async def _be_people(pipe: Connection) -> None:
    from adapters.providers.sandbox import Sandbox
    from bench import photo

    base, chat = photo.base(), 1000
    async with Sandbox(pace=PACE, eyes=False) as sandbox, _new_bed() as bed:
        _take_any_number(bed)
        pipe.send((bed.url, sandbox.url))
        while count := await asyncio.to_thread(_next, pipe):
            photos = {n: photo.variant(base, n) for n in range(chat, chat + count)}
            chat += count
            pipe.send(await bed.hears(photos))


def _take_any_number(bed: Any) -> None:
    """Lengthen the queue for new connections: beyond 128 the kernel turns them away, which costs them seconds."""
    for site in bed._runner.sites:
        for listening in site._server.sockets:
            with socket.socket(fileno=os.dup(listening.fileno())) as same:
                same.listen(4096)


def _new_bed() -> Any:
    from adapters.providers.sandbox.answers import CANNED
    from tests.doubles.telegram import TelegramBed

    class Bed(TelegramBed):
        """Notes when a chat shows the whole answer."""

        def __init__(self) -> None:
            super().__init__(TOKEN)
            self.begun: dict[int, float] = {}
            self.whole: dict[int, float] = {}

        def _do_sendMessage(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
            return self._see(fields["text"], chat, super()._do_sendMessage(fields, uploads, chat, thread))

        def _do_editMessageText(self, fields: dict[str, Any], uploads: Any, chat: int, thread: int | None) -> Any:
            return self._see(fields["text"], chat, super()._do_editMessageText(fields, uploads, chat, thread))

        def _see(self, text: str, chat: int, shown: Any) -> Any:
            if not text.endswith(CURSOR):
                assert text == CANNED, text
                self.whole[chat] = time.perf_counter()
            return shown

        async def hears(self, photos: dict[int, bytes]) -> Burst:
            """Let every chat send its photo at the same moment, and wait for all the answers."""
            self.begun, self.whole, cpu = {}, {}, cpu_seconds()

            async def one(chat: int) -> None:
                self.begun[chat] = time.perf_counter()
                await self.sends_photo(photos[chat], QUESTION, chat, by=chat)

            await asyncio.gather(*map(one, photos))
            async with asyncio.timeout(PATIENCE):
                while len(self.whole) < len(photos):
                    await asyncio.sleep(0.02)
            cpu = cpu_seconds() - cpu
            await asyncio.sleep(SETTLE)
            self.assets.clear()
            took = [self.whole[chat] - self.begun[chat] for chat in photos]
            return took, max(self.whole.values()) - min(self.begun.values()), cpu

    return Bed()


def _next(pipe: Connection) -> int:
    try:
        return int(pipe.recv())
    except EOFError:
        return 0


# the programs under test


@asynccontextmanager
async def _floor(telegram: str, provider: str, at_once: int) -> AsyncGenerator[None, None]:
    """A bare script that makes the same calls and keeps nothing."""
    tasks: set[asyncio.Task[None]] = set()
    bot = f"{telegram}/bot{TOKEN}"

    async def call(method: str, **fields: str | int) -> Any:
        async with chat.post(f"{bot}/{method}", data=fields) as reply:
            said = await reply.json()
        assert said["ok"], said
        return said["result"]

    async def listen() -> None:
        offset = 0
        while True:
            for update in await call("getUpdates", offset=offset, timeout=30):
                offset = update["update_id"] + 1
                task = asyncio.create_task(answer(update["message"]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    async def answer(message: dict[str, Any]) -> None:
        here = message["chat"]["id"]
        file = await call("getFile", file_id=message["photo"][-1]["file_id"])
        async with chat.get(f"{telegram}/file/bot{TOKEN}/{file['file_path']}") as reply:
            photo = await reply.read()
        key, conversation = await asyncio.gather(_upload(http, provider, photo), _begin(http, provider, here))
        body = {
            "type": "UNIFY_CHAT_WITH_AI",
            "model": "gpt-4o",
            "promptObject": {
                "prompt": message["caption"],
                "conversationId": conversation,
                "attachments": {"images": [key]},
            },
        }
        text, sent = "", None
        async with http.post(f"{provider}/api/chat-with-ai?isStreaming=true", json=body) as reply:
            async for line in reply.content:
                if line.startswith(b"data: {"):
                    text += json.loads(line[6:]).get("content", "")
                    if text and sent is None:
                        sent = asyncio.create_task(call("sendMessage", chat_id=here, text=text + CURSOR))
        assert sent
        await call("editMessageText", chat_id=here, message_id=(await sent)["message_id"], text=text)

    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as chat,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers={"API-KEY": "bench"}) as http,
    ):
        tasks.add(asyncio.create_task(listen()))
        yield


@asynccontextmanager
async def _snapthread(telegram: str, provider: str, at_once: int) -> AsyncGenerator[None, None]:
    """Snapthread as `bot.app` puts it together."""
    from adapters.platforms.telegram import Telegram
    from adapters.platforms.telegram.pace import Limits, Pace
    from adapters.providers.onemin import OneMin
    from bot import logs
    from bot.dispatcher import Dispatcher
    from bot.inbox import Inbox
    from bot.metrics import Metrics
    from bot.photos import Photos
    from bot.store import open_store
    from bot.worker import Worker

    logs.set_up("text", "error", [])
    pace = Pace(Limits(private=0, group=0, group_minute=10_000_000, overall=10_000_000))
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        metrics = Metrics()
        store = await stack.enter_async_context(open_store(f"sqlite:///{Path(folder)}/bot.db", "onemin/gpt-4o"))
        cleaner = await stack.enter_async_context(Photos())
        onemin = await stack.enter_async_context(
            OneMin("bench", provider, "unified", store, requests_per_minute=10_000_000)
        )
        platform = await stack.enter_async_context(Telegram(TOKEN, telegram, pace=pace))
        worker = Worker(store, {platform.name: platform}, {"onemin": onemin}, cleaner, metrics)
        dispatcher = Dispatcher(store, worker.take, at_once, metrics)
        tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(platform.listen(Inbox(store).receive))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await dispatcher.stop(5)


PROGRAMS = {"floor": _floor, "snapthread": _snapthread}


async def _serve(program: AbstractAsyncContextManager[None]) -> None:
    """Answer photos until there is no more input; each line of it asks for the figures so far."""
    stay_on(0)
    async with program:
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"cpu": cpu_seconds(), "peak": _own_peak_mb()}), flush=True)


def _own_peak_mb() -> float:
    """The most memory this program has held; what getrusage says is at least that of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    name, telegram_url, provider_url, many = sys.argv[1:]
    asyncio.run(_serve(PROGRAMS[name](telegram_url, provider_url, int(many))))
