"""The server: the endpoints of 1min.ai, and the steps that every request goes through."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import web

from emulator import bucket, models
from emulator.bucket import Bucket
from emulator.chat import ChatEndpoint
from emulator.control_panel import ControlPanel
from emulator.conversations import ConversationsEndpoint
from emulator.fault import ConnectionCut, Options
from emulator.faults import Faults
from emulator.media import MediaEndpoint
from emulator.payloads import UNAUTHORIZED, ApiError, reply
from emulator.recording import RecordedRequest, note
from emulator.request_context import (
    RequestContext,
    read_feature,
    read_json,
    read_key,
    read_nothing,
    read_upload,
)
from emulator.state import BUCKET, AccountState
from emulator.uploads import UploadsEndpoint

OPEN = ("models", "results")  # no key is needed there

Read = Callable[[RequestContext], Awaitable[None]]
Work = Callable[[RequestContext], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Emulator:
    """Our own small 1min.ai. Entered, it answers at `url`; `faults` go wrong on request, `seen` tells what came."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        key: str | None = None,
        pace: float = 0.02,
        eyes: bool = True,
        link_lives: int = bucket.LIVES,
        work_seconds: float = 0.05,
    ) -> None:
        """Any API key is good when `key` is None. `pace` is the time between two pieces of a stream, in seconds.

        Without `eyes` nothing is measured and every answer is the same: for benchmarks. A link to a result lives for
        `link_lives` seconds. What is ordered in the background takes `work_seconds`.
        """
        self.host, self.port, self.key = host, port, key
        self.url = ""
        self.faults = Faults()
        self.seen: list[RecordedRequest] = []
        self._memory = AccountState()
        self._vault = Bucket(self._memory.assets, link_lives)
        self._chat = ChatEndpoint(self._memory, pace=pace, eyes=eyes)
        self._studio = MediaEndpoint(self._memory, self._vault, work_seconds)
        self._uploads = UploadsEndpoint(self._memory.assets, eyes=eyes)

    @property
    def pace(self) -> float:
        """The time between two pieces of a stream, in seconds."""
        return self._chat.pace

    @pace.setter
    def pace(self, seconds: float) -> None:
        self._chat.pace = seconds

    def on_end(self, tell: Callable[[str], object]) -> None:
        """Call `tell` with each question as soon as all of its answer has been streamed."""
        self._chat.on_end = tell

    async def __aenter__(self) -> Self:
        # A handler is cancelled when its client leaves: that is how the emulator notices.
        self._runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, backlog=2048).start()
        port = self._runner.addresses[0][1]
        self.url = f"http://[{self.host}]:{port}" if ":" in self.host else f"http://{self.host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()
        await self._studio.close()

    def _app(self) -> web.Application:
        room, threads, stored = (
            self._room,
            ConversationsEndpoint(self._memory),
            self._room("results", read_key, self._vault.serve),
        )
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/api/assets", room("assets", read_upload, self._uploads.serve)),
                web.post("/api/conversations", room("conversations", read_json, threads.begin, "begin")),
                web.get("/api/conversations", room("conversations", read_nothing, threads.latest)),
                web.get("/api/conversations/{uuid}", room("conversations", read_nothing, threads.show)),
                web.delete("/api/conversations/{uuid}", room("conversations", read_nothing, threads.drop)),
                web.post("/api/chat-with-ai", room("chat", read_json, self._chat.unified, "unified")),
                web.post("/api/features", room("chat", read_feature, self._feature, "features")),
                web.get("/api/results/{uuid}", room("records", read_nothing, self._record)),
                web.get("/models", room("models", read_nothing, self._models)),
                web.get(f"/{BUCKET}/{{key:.+}}", stored, allow_head=False),
                web.get("/{key:(?:images|documents|audios|videos)/.+}", stored, allow_head=False),
                *ControlPanel(self.faults, self.seen).routes,
            ]
        )
        return app

    # The steps of every request

    def _room(self, place: str, read: Read, work: Work, *traits: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            keyed, stream = "API-KEY" in request.headers, request.query.get("isStreaming") == "true"
            seen = RecordedRequest(request.method, request.path, stream, keyed=keyed)
            note(self.seen, seen)
            visit = RequestContext(request, seen, place, frozenset({*traits, "stream"} if stream else traits))
            try:
                answered = await self._serve(read, work, visit)
            except ApiError as wrong:
                answered = reply(wrong.body, wrong.status)
            except web.HTTPException as wrong:
                seen.status = wrong.status
                raise
            except ConnectionCut:
                return web.Response()  # nobody is there to read it
            except (asyncio.CancelledError, ConnectionError):
                seen.left = request.transport is None or request.transport.is_closing()
                raise
            seen.status = answered.status
            return answered

        return handle

    async def _serve(self, read: Read, work: Work, visit: RequestContext) -> web.StreamResponse:
        if visit.place not in OPEN:
            self._check_key(visit.request)
        # A fault comes after the body was read, so that `seen` tells what was sent into it.
        await read(visit)
        waiting = self.faults.take(visit.place, visit.traits)
        if waiting:
            visit.fault, visit.seen.fault = waiting.fault, waiting.name
            if waiting.fault.instead:
                return _later(waiting.fault.instead(visit.seen), waiting.options)
            if waiting.fault.act:
                await waiting.fault.act(visit.request, self._memory, waiting.options)
        return await work(visit)

    def _check_key(self, request: web.Request) -> None:
        key = request.headers.get("API-KEY")
        if not key or self.key not in (None, key):
            raise ApiError(401, UNAUTHORIZED)

    # The endpoints that have no module

    async def _feature(self, visit: RequestContext) -> web.StreamResponse:
        return await (self._chat.feature(visit) if visit.place == "chat" else self._studio.serve(visit))

    async def _record(self, visit: RequestContext) -> web.StreamResponse:
        """Answer with the record of an order, or with null, as two clients report it."""
        return reply({"aiRecord": self._memory.records.get(visit.request.match_info["uuid"])})

    async def _models(self, visit: RequestContext) -> web.StreamResponse:
        return reply(models.listing(visit.request.query.get("feature", "")))


def _later(response: web.Response, options: Options) -> web.Response:
    if "retry_after" in options:
        response.headers["Retry-After"] = str(options["retry_after"])
    return response
