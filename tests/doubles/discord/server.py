"""The double itself: the server, what people do on it, and what they see."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web
from aiohttp.web_request import FileField

from tests.doubles.discord import budgets
from tests.doubles.discord.crowd import Crowd
from tests.doubles.discord.faults import EVERYTHING, Fault, Faults, Limits, Refused, Wire, too_many
from tests.doubles.discord.gateway import GONE
from tests.doubles.discord.posting import Form
from tests.doubles.discord.rest import Handler
from tests.doubles.discord.world import (
    GENERAL,
    GUILD,
)

TOKEN = "MTA0MjQy.sandbox." + "t" * 38
API = "/api/v10"
MOST_BYTES = 110 << 20  # of a request that is read at all


@dataclass(frozen=True, slots=True)
class Call:
    """A call that arrived, whatever became of it; `path` is the template, as in discord.py."""

    at: float  # monotonic
    method: str
    path: str
    channel: int  # 0: none
    status: int  # 0: the connection was cut
    body: Wire


class FakeDiscord(Crowd):
    """Serves while entered. People say things with `says` and its like; `posts` is what they see of the bot's.

    Kinds of calls, for `fails` and `limits`: gateway, me, user, dm, application, commands, guild, member, threads,
    channel, typing, history, send, message, edit, delete, thread, join, reaction; of interactions: callback,
    followup, response (reading, changing or deleting an answer); file is the fetching of one.

    Leaving fails where the bot let Discord fetch an address that it wrote (`world.previewed`).
    """

    def __init__(self, token: str = TOKEN, port: int = 0, *, message_content: bool = False) -> None:
        super().__init__(token, message_content)
        self.port = port
        self.calls: list[Call] = []
        self.rate_limits, self.faults = Limits(), Faults()
        self.delay = 0.0  # seconds that each call takes

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        self.cdn.base = self.origin
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.gateway.drop()
        await self._runner.cleanup()
        if exc[:1] in ((), (None,)):
            assert not self.world.previewed, f"Discord fetched what the bot linked to: {self.world.previewed}"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What DISCORD_API_URL is set to."""
        return self.origin + API

    def called(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if (call.method, call.path) == (method, path)]

    # what goes wrong

    def fails(self, kind: str, fault: Fault, times: int = 1) -> None:
        """The next calls of the kind go wrong."""
        self.faults.add(kind, fault, times)

    def limits(self, **rules: tuple[int, float]) -> None:
        """So many calls of a kind in so many seconds, in each channel; `everything` is the limit of the whole bot."""
        self.rate_limits.rules.update(rules)

    def drop(self, code: int = GONE) -> None:
        """The connections of the gateway end, without a word or with a code."""
        self.gateway.drop(code)

    async def goes_down(self) -> None:
        """Nothing listens any more; what there is stays, and people go on talking."""
        await self.__aexit__()

    async def comes_back(self) -> None:
        """It listens again, on the same port."""
        await self.__aenter__()

    def forget_sessions(self) -> None:
        """The next RESUME finds its session gone."""
        self.gateway.forget()

    def sends_garbage(self, guild: int | None = GUILD) -> None:
        """An event that discord.py cannot read: a message that says nothing of its author and its words."""
        self.gateway.tell("MESSAGE_CREATE", {"id": str(next(self.world.ids)), "channel_id": str(GENERAL)}, guild, 0)

    def revoke_token(self, token: str = "revoked") -> None:
        """The token is worth nothing any more, and its sessions end."""
        self.token = token
        self.drop(4004)

    def grant_message_content(self, granted: bool = True) -> None:
        """Give the bot the intent, or take it; who has asked for it and has it no more is thrown out."""
        self.world.message_content = granted
        if not granted:
            for session in self.gateway.live:
                if session.content and session.socket is not None:
                    session.socket.close(4014)

    def expire_links(self) -> None:
        """No link to a file that was given out before leads anywhere any more."""
        self.cdn.expire()

    @property
    def identifies(self) -> list[tuple[int, int]]:
        """(shard, number of shards) of each IDENTIFY that was accepted."""
        return self.gateway.identifies

    async def connected(self, shards: int | None = None, seconds: float = 20) -> None:
        """Wait until the bot has a session on each shard."""
        async with asyncio.timeout(seconds):
            await self.gateway.connected(shards)

    async def disconnected(self, seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            await self.gateway.disconnected()

    # the server

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        for folder in ("attachments", "ephemeral-attachments"):
            app.router.add_get(f"/{folder}/{{place}}/{{id}}/{{name}}", self._file)
        app.router.add_get("/{folder:external|stickers}/{path:.+}", self._plain_file)
        for method, path, kind, handler in (*self.rest.routes(), *self.interactions.routes()):
            app.router.add_route(method, API + path, self._served(path, kind, handler))
        return app

    def _served(self, path: str, kind: str, handler: Handler) -> Any:
        """A handler of aiohttp's: checks the token, the limits and the faults, then calls the real one."""

        async def serve(request: web.Request) -> web.StreamResponse:
            form = await _form(request)
            reply = await self._answer_call(request, path, kind, handler, form)
            channel = int(request.match_info.get("channel_id", 0)) if "channel_id" in request.match_info else 0
            status = reply.status if reply is not None else 0
            self.calls.append(Call(time.monotonic(), request.method, path, channel, status, form.json))
            if reply is not None:
                return reply
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)

        return serve

    async def _answer_call(
        self, request: web.Request, path: str, kind: str, handler: Handler, form: Form
    ) -> web.Response | None:
        """The answer; None when nobody is told."""
        if not _by_token(path) and request.headers.get("Authorization") != f"Bot {self.token}":
            return Refused(0).reply()
        fault = self.faults.next(kind)
        if fault is not None and not fault.lost and not fault.done:
            return None if fault.cut else fault.reply()
        await asyncio.sleep(self.delay)
        passes, headers, left = self.rate_limits.take(kind, _place(request))
        if not passes:
            return _with(too_many(left), headers)
        if not _by_token(path):
            passes, _, left = self.rate_limits.take(EVERYTHING, "")
            if not passes:
                return too_many(left, everywhere=True)
        try:
            if form.size > budgets.REQUEST_BYTES:
                raise Refused(40005)
            reply = await handler(request, form)
        except Refused as refused:
            reply = refused.reply()
        if fault is not None and fault.done:
            return fault.reply()
        return None if fault is not None else _with(reply, headers)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.next("file")
        if fault is not None:
            return self._file_fault(request, fault)
        file = self.cdn.open(request.path.lstrip("/"), request.query.get("ex", "0"), request.query.get("hm", ""))
        if file is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, content_type=file.content_type or "application/octet-stream")

    async def _plain_file(self, request: web.Request) -> web.StreamResponse:
        data = self.cdn.open_plain(request.path.lstrip("/"))
        return web.Response(status=404) if data is None else web.Response(body=data, content_type="image/png")

    def _file_fault(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if (fault.cut or fault.lost) and request.transport is not None:
            request.transport.abort()
        return fault.reply()


async def _form(request: web.Request) -> Form:
    """The body of a call: JSON, or JSON among files."""
    if not request.can_read_body:
        return Form({})
    if request.content_type == "application/json":
        body = await request.json()
        return Form({"commands": body} if isinstance(body, list) else body)
    parts = await request.post()
    return Form(json.loads(str(parts.get("payload_json", "{}"))), dict(_upload(*part) for part in _files(parts)))


def _files(parts: Mapping[str, Any]) -> list[tuple[str, FileField]]:
    return [(name, part) for name, part in parts.items() if isinstance(part, FileField)]


def _upload(name: str, part: FileField) -> tuple[int, tuple[str, bytes]]:
    """`files[3]` is the third file."""
    return int(name.removeprefix("files[").removesuffix("]")), (part.filename, part.file.read())


def _by_token(path: str) -> bool:
    """Calls about an interaction show its token in place of the bot's."""
    return path.startswith(("/interactions", "/webhooks"))


def _place(request: web.Request) -> str:
    names = ("channel_id", "guild_id", "webhook_id", "webhook_token")
    return "/".join(request.match_info[name] for name in names if name in request.match_info)


def _with(reply: web.Response, headers: dict[str, str]) -> web.Response:
    reply.headers.update(headers)
    return reply
