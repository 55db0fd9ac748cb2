"""Hundreds of questions in flight with heavy photos, at an endpoint that keeps nothing: memory, and how long the loop
is held up.

People, photos and the endpoint have a process of their own. Each photo is another one, fetched over HTTP. The endpoint
takes the questions in, and answers none of them before all are there, so that they really are in flight at the same
time. It looks at no photo, because it would be busier than the bot: `bench.memory` does that. Once more it is jammed at
first: it takes connections, and reads nothing from them for a while.
"""

import asyncio
import json
import multiprocessing
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from aiohttp import web

from adapters.providers.openai.provider import OpenAI
from adapters.providers.openai.services import OPENAI
from adapters.providers.openai.silence import SilenceLimits
from bench import photo
from bench.measure import cpu_seconds, log_errors_only, own_peak_mb, percentile, scratch, table, watched
from bench.result import Result
from bench.snapthread import Screen, asking
from bot.messages import Attachment, Author, Channel, Message
from bot.util.http import Http
from bot.util.http import photo as body_of
from tests.doubles.openai import catalogue, wire
from tests.doubles.openai.answers import Telling

ANSWER = Telling("It is a cat that sits on a red sofa and looks out of the window. " * 8)
DRAWN_ANEW, AS_IT_IS = (4000, 3000, 90, 0.8), (2048, 1536, 99, 0.4)  # JPEGs of 4 MB: width, height, quality and blur
PLANS = {
    "12 megapixels, drawn anew": (DRAWN_ANEW, 0.0),
    "3 megapixels, as they are": (AS_IT_IS, 0.0),
    "the same, endpoint jammed": (AS_IT_IS, 45.0),
}
"""Photos, and seconds for which the endpoint reads nothing."""
NETWORK = 32 * 1024  # bytes under way to the endpoint: on loopback the kernel would swallow a whole question
APART = 0.004  # seconds between two people who ask, and between two answers that begin
PACE = 0.05  # seconds between two pieces of an answer
PATIENCE = 600.0  # seconds for all answers
MEGABYTE = 1024 * 1024


def report(*, quick: bool) -> Result:
    """A row for each plan."""
    turns = 40 if quick else 500
    rows = [run(plan, turns) for plan in PLANS]
    return Result(
        table(f"{turns} questions in flight, photos of 4 MB", rows),
        {
            "peak MB": max(float(str(row["peak MB"])) for row in rows),
            "longest stall ms": max(float(str(row["without waiting for a core"])) for row in rows),
        },
    )


def run(plan: str, turns: int) -> dict[str, object]:
    """Let the bot, in a process of its own, answer so many people at the same time; return what was measured."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    outside = multiprocessing.get_context("spawn").Process(target=_be_outside, args=(theirs, plan, turns))
    outside.start()
    theirs.close()
    try:
        command = [sys.executable, "-m", "bench.flight", *map(str, (*ours.recv(), turns))]
        with scratch() as env:
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
        figures = json.loads(ran.stdout)
        ours.send("stop")
        most, received = ours.recv()
    finally:
        outside.join(5)
        outside.terminate()
    assert most == turns, f"only {most} were in flight"
    return {"photos": plan, "in flight": most, **figures, "MB sent": received / MEGABYTE}


# the people's photos, and the endpoint


class Outside:
    """Serves variants of a photo at /photos/N, and answers no question before there are `turns` of them.

    Nothing is read from any connection for `jammed` seconds after the first question.
    """

    def __init__(self, base: bytes, turns: int, jammed: float) -> None:
        self.base, self.turns, self.jammed, self.free = base, turns, jammed, 0.0
        self.waiting = self.most = self.received = 0
        self.all_there = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/photos/{n}", self._photo)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NETWORK)
        listening.bind(("127.0.0.1", 0))
        await web.SockSite(self._runner, listening, backlog=4096).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _photo(self, request: web.Request) -> web.Response:
        return web.Response(body=photo.variant(self.base, int(request.match_info["n"])), content_type="image/jpeg")

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(catalogue.plain(rich=False))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.free = self.free or time.monotonic() + self.jammed
        await asyncio.sleep(max(0.0, self.free - time.monotonic()))
        async for piece in request.content.iter_any():
            self.received += len(piece)
        place = self.waiting
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self.turns:
            self.all_there.set()
        await self.all_there.wait()
        await asyncio.sleep(APART * place)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for block in wire.sse(wire.frames(wire.Heading("bench", "gpt-4o", 0), ANSWER)):
            assert isinstance(block, bytes)
            await response.write(block)
            await asyncio.sleep(PACE)
        self.waiting -= 1
        return response


def _be_outside(pipe: Connection, plan: str, turns: int) -> None:
    look, jammed = PLANS[plan]
    asyncio.run(_serve(pipe, photo.base(*look), turns, jammed))


async def _serve(pipe: Connection, base: bytes, turns: int, jammed: float) -> None:
    async with Outside(base, turns, jammed) as outside:
        pipe.send((outside.url, len(base)))
        await asyncio.to_thread(pipe.recv)
        pipe.send((outside.most, outside.received))


# the bot


class Crowd(Screen):
    """Many channels, each with one person; their photos lie elsewhere."""

    def __init__(self, url: str) -> None:
        super().__init__([])
        self._http = Http(url)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.__aexit__(*exc)

    async def download(self, attachment: Attachment, limit: int) -> bytes:
        """Fetch a photo as platforms do."""
        async with self._http.stream("GET", f"photos/{attachment.ref}") as reply:
            return await body_of(reply, limit)


async def measure(url: str, size: int, turns: int) -> dict[str, float]:
    """Answer so many people, each with a photo of `size` bytes; return what it took."""
    crowd = Crowd(url)
    async with AsyncExitStack() as stack:
        inbox = await stack.enter_async_context(
            asking(
                lambda store: OpenAI(OPENAI, "bench", f"{url}/v1", silence=SilenceLimits(PATIENCE, PATIENCE)),
                "openai/gpt-4o",
                lambda store, folder: crowd,
                turns,
            )
        )
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before, cpu, begun = own_peak_mb(), cpu_seconds(), time.perf_counter()
        lags = await stack.enter_async_context(watched())
        for n in range(turns):
            crowd.begun[str(n)] = time.perf_counter()
            await inbox.receive(_asked(n, size))
            await asyncio.sleep(APART)
        await asyncio.wait_for(asyncio.gather(*(crowd.whole[str(n)].wait() for n in range(turns))), PATIENCE)
        return {
            "MB before": before,
            "peak MB": own_peak_mb(),
            "stall p99 ms": percentile([lag.late for lag in lags], 0.99) * 1000,
            "longest stall ms": max(lag.late for lag in lags) * 1000,
            "without waiting for a core": max(lag.own for lag in lags) * 1000,
            "seconds": time.perf_counter() - begun,
            "CPU ms a turn": (cpu_seconds() - cpu) / turns * 1000,
        }


def _asked(n: int, size: int) -> Message:
    photos: Sequence[Attachment] = (Attachment(ref=str(n), name="photo.jpg", mime="image/jpeg", size=size),)
    return Message(
        channel=Channel("web", str(n)),
        id=str(n),
        author=Author("1", "Ann"),
        text="what is this?",
        sent=time.time(),
        attachments=tuple(photos),
    )


if __name__ == "__main__":
    address, weight, many = sys.argv[1:]
    log_errors_only()
    print(json.dumps(asyncio.run(measure(address, int(weight), int(many)))))
