"""The house of the sandbox: its rooms are the endpoints of 1min.ai, and a request passes the same doors in each."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, Self

from aiohttp import BodyPartReader, web

from adapters.providers.sandbox import answers, catalogue, checks, eyes, wire
from adapters.providers.sandbox.faults import FAULTS, NONE, Cut, Fault, Faults, Options, Waiting
from adapters.providers.sandbox.memory import Asset, Conversation, Memory, Past, Shot, numbered
from adapters.providers.sandbox.records import (
    UNAUTHORIZED,
    Body,
    Wrong,
    ai_record,
    asset_body,
    bad_request,
    flat,
    nested,
    reply,
)
from adapters.providers.sandbox.seen import Seen, note

MOST_UPLOADED = 64 * 1024 * 1024  # the real limit is not known; clients assume 50 MB
MIMES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
LISTED = 100  # conversations


@dataclass(slots=True)
class Visit:
    """A request on its way through the house."""

    request: web.Request
    seen: Seen
    traits: frozenset[str] = frozenset()
    body: Body = field(default_factory=dict)
    upload: bytes = b""
    fault: Fault = NONE


Read = Callable[[Visit], Awaitable[None]]
Work = Callable[[Visit], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Sandbox:
    """Our own small 1min.ai. Entered, it answers at `url`; `faults` go wrong on request, `seen` tells what came."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        key: str | None = None,
        pace: float = 0.02,
        eyes: bool = True,
    ) -> None:
        """Any API key is good when `key` is None. `pace` is the time between two pieces of a stream, in seconds.

        Without `eyes` nothing is measured and every answer is the same: for benchmarks.
        """
        self.host, self.port, self.key, self.pace, self.eyes = host, port, key, pace, eyes
        self.url = ""
        self.faults = Faults()
        self.seen: list[Seen] = []
        self._memory = Memory()
        self._used = 449_667  # credits, counted up as the real one does

    async def __aenter__(self) -> Self:
        # A handler is cancelled when its client leaves: that is how the sandbox notices.
        self._runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, backlog=2048).start()
        port = self._runner.addresses[0][1]
        self.url = f"http://[{self.host}]:{port}" if ":" in self.host else f"http://{self.host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/api/assets", self._room("assets", _read_upload, self._upload)),
                web.post("/api/conversations", self._room("conversations", _read_json, self._begin, "begin")),
                web.get("/api/conversations", self._room("conversations", _read_nothing, self._list)),
                web.get("/api/conversations/{uuid}", self._room("conversations", _read_nothing, self._show)),
                web.delete("/api/conversations/{uuid}", self._room("conversations", _read_nothing, self._drop)),
                web.post("/api/chat-with-ai", self._room("chat", _read_json, self._unified, "unified")),
                web.post("/api/features", self._room("chat", _read_json, self._feature, "features")),
                web.get("/models", self._room("models", _read_nothing, self._models)),
                web.get("/sandbox", self._about),
                web.get("/sandbox/seen", self._show_seen),
                web.delete("/sandbox/seen", self._clear_seen),
                web.get("/sandbox/faults", self._show_faults),
                web.post("/sandbox/faults", self._add_fault),
                web.delete("/sandbox/faults", self._clear_faults),
            ]
        )
        return app

    # The doors

    def _room(self, place: str, read: Read, work: Work, *traits: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            seen = Seen(request.method, request.path, request.query.get("isStreaming") == "true")
            note(self.seen, seen)
            visit = Visit(request, seen, frozenset({*traits, "stream"} if seen.stream else traits))
            try:
                answered = await self._serve(place, read, work, visit)
            except Wrong as wrong:
                answered = reply(wrong.body, wrong.status)
            except web.HTTPException as wrong:
                seen.status = wrong.status
                raise
            except Cut:
                return web.Response()  # nobody is there to read it
            except (asyncio.CancelledError, ConnectionError):
                seen.left = request.transport is None or request.transport.is_closing()
                raise
            seen.status = answered.status
            return answered

        return handle

    async def _serve(self, place: str, read: Read, work: Work, visit: Visit) -> web.StreamResponse:
        if place != "models":
            self._check_key(visit.request)
        # A fault comes after the body was read, so that `seen` tells what was sent into it.
        await read(visit)
        waiting = self.faults.take(place, visit.traits)
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
            raise Wrong(401, UNAUTHORIZED)

    # The rooms

    async def _upload(self, visit: Visit) -> web.StreamResponse:
        name = visit.seen.name
        extension = name.rpartition(".")[2].lower() if "." in name else ""
        if extension not in MIMES or not eyes.is_image(visit.upload):
            # Only the words of this message are known, not the body around them.
            raise Wrong(400, flat("HTTP_EXCEPTION", "file type isn't supported"))
        asset = self._memory.assets.keep(name, visit.upload)
        size, etag = len(asset.data), visit.seen.sha256
        return reply(asset_body(name=name, key=asset.key, mime=MIMES[extension], size=size, etag=etag))

    async def _begin(self, visit: Visit) -> web.StreamResponse:
        conversation = self._memory.conversations.start(*checks.begin(visit.body))
        body: Body = {"conversation": conversation.body}
        return reply(visit.fault.shape(body) if visit.fault.shape else body)

    async def _list(self, visit: Visit) -> web.StreamResponse:
        latest = list(self._memory.conversations.values())[-LISTED:]
        return reply({"conversations": [conversation.body for conversation in reversed(latest)]})

    async def _show(self, visit: Visit) -> web.StreamResponse:
        conversation = self._conversation(visit.request.match_info["uuid"])
        return reply({"conversation": {**conversation.body, "messages": conversation.messages}})

    async def _drop(self, visit: Visit) -> web.StreamResponse:
        conversation = self._conversation(visit.request.match_info["uuid"])
        del self._memory.conversations[conversation.uuid]
        return reply({"success": True})

    async def _models(self, visit: Visit) -> web.StreamResponse:
        return reply(catalogue.listing(visit.request.query.get("feature", "")))

    async def _unified(self, visit: Visit) -> web.StreamResponse:
        return await self._chat(visit, checks.unified(visit.body), wire.sse, "text/event-stream")

    async def _feature(self, visit: Visit) -> web.StreamResponse:
        # Which type the real one gives its raw text is not written down.
        return await self._chat(visit, checks.feature(visit.body), wire.raw, "text/plain")

    # A chat

    async def _chat(self, visit: Visit, ask: checks.Ask, encode: wire.Encode, kind: str) -> web.StreamResponse:
        fault, thread = visit.fault, self._thread(ask)
        past = await self._answer(ask, thread)
        text = fault.text(past.answer) if fault.text else past.answer
        body: Body = {"aiRecord": self._record(ask, text)}
        body = fault.shape(body) if fault.shape else body
        if visit.seen.stream and not fault.whole:
            frames = wire.frames(text, body)
            blocks = (fault.encode(encode) if fault.encode else encode)(
                fault.frames(frames) if fault.frames else frames
            )
            answered = await self._stream(visit, list(blocks), kind)
        else:
            answered = reply(body)
        if thread and not fault.spoils:
            thread.past.append(past)
        return answered

    def _thread(self, ask: checks.Ask) -> Conversation | None:
        return self._conversation(ask.conversation) if ask.conversation else None

    def _conversation(self, uuid: str) -> Conversation:
        conversation = self._memory.conversations.get(uuid)
        if conversation is None:
            # A guess: nobody has seen the real answer to an unknown conversation.
            raise Wrong(404, nested("CONVERSATION_NOT_FOUND", "Conversation not found"))
        return conversation

    def _asset(self, key: str) -> Asset:
        asset = self._memory.assets.kept.get(key)
        if asset is None:
            # A guess likewise. Addresses of pictures end here too: the sandbox fetches nothing.
            raise Wrong(400, flat("ASSET_NOT_FOUND", f"Asset not found: {key}"))
        return asset

    async def _answer(self, ask: checks.Ask, thread: Conversation | None) -> Past:
        assets = [self._asset(key) for key in dict.fromkeys(ask.images)]
        if not self.eyes:
            return Past(ask.prompt, ask.model.id, answers.CANNED)
        numbers = numbered([asset.key for asset in assets], thread.past if thread else ())
        new = tuple([Shot(numbers[asset.key], asset.key, await _look(asset)) for asset in assets])
        return Past(ask.prompt, ask.model.id, answers.answer(_scene(ask, thread, new)), new)

    def _record(self, ask: checks.Ask, text: str) -> Body:
        asked, said = len(ask.prompt) // 4 + 1, len(text) // 4 + 1
        model = ask.model
        credit = round(asked * (model.input or 1) + said * (model.output or 1)) + model.picture * len(ask.images)
        self._used += credit
        figures = {"inputToken": asked, "outputToken": said, "totalToken": asked + said, "credit": credit}
        record = ai_record(
            type=ask.type,
            model=model.id,
            provider=model.provider,
            conversation=ask.conversation,
            prompt=ask.sent,
            metadata={**figures, "finishReason": "stop"},
        )
        record["teamUser"]["usedCredit"] = self._used
        record["aiRecordDetail"]["resultObject"] = [text]
        return record

    async def _stream(self, visit: Visit, blocks: list[wire.Block], kind: str) -> web.StreamResponse:
        pace = self.pace if visit.fault.pace is None else visit.fault.pace
        response = web.StreamResponse(headers={"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"})
        await response.prepare(visit.request)
        due = asyncio.get_running_loop().time()
        for block in blocks:
            if block is None:
                return _cut(visit.request, response)
            if block:
                await response.write(block)
                due += pace  # a fixed time for each, so that an answer takes as long as it says
                await asyncio.sleep(due - asyncio.get_running_loop().time())
        await response.write_eof()
        return response

    # The back door: what only a sandbox has

    async def _about(self, request: web.Request) -> web.Response:
        rows = "".join(f"<tr><td><code>{name}</code><td>{escape(fault.meaning)}" for name, fault in FAULTS.items())
        return web.Response(text=_PAGE.replace("ROWS", rows), content_type="text/html")

    async def _show_seen(self, request: web.Request) -> web.Response:
        return reply({"seen": [asdict(seen) for seen in self.seen]})

    async def _clear_seen(self, request: web.Request) -> web.Response:
        self.seen.clear()
        return reply({"seen": []})

    async def _show_faults(self, request: web.Request) -> web.Response:
        return reply({"waiting": [_waiting(waiting) for waiting in self.faults.waiting]})

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            wish = json.loads(await request.read())
            self.faults.add(wish.pop("fault"), wish.pop("times", 1), wish.pop("at", None), **wish)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return reply({"message": f"Send {{'fault': NAME, 'times': 1, 'at': null}}. {error}"}, 400)
        return await self._show_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return await self._show_faults(request)


async def _read_nothing(visit: Visit) -> None:
    pass


async def _read_json(visit: Visit) -> None:
    try:
        body = json.loads(await visit.request.read())
    except ValueError:
        raise bad_request("The body is not JSON") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not an object")
    visit.body = body
    _note_question(visit.seen, body)


def _note_question(seen: Seen, body: Body) -> None:
    """Write down what a question holds, be it right or wrong."""
    prompt = _dict(body.get("promptObject"))
    settings, attachments = _dict(prompt.get("settings")), _dict(prompt.get("attachments"))
    images = attachments.get("images") or prompt.get("imageList") or ()
    seen.type, seen.model = str(body.get("type") or ""), str(body.get("model") or "")
    seen.conversation = str(prompt.get("conversationId") or body.get("conversationId") or "")
    seen.prompt = str(prompt.get("prompt") or "")[:10_000]
    seen.photos = len(images) if isinstance(images, list) else 0
    seen.settings = {
        name: value
        for part in (prompt, settings, _dict(settings.get("webSearchSettings")), _dict(settings.get("historySettings")))
        for name, value in part.items()
        if isinstance(value, bool | int)
    }


def _dict(value: Any) -> Body:
    return value if isinstance(value, dict) else {}


async def _read_upload(visit: Visit) -> None:
    part = await _asset_part(visit.request)
    data = bytearray()
    while chunk := await part.read_chunk(1 << 18):
        data += chunk
        if len(data) > MOST_UPLOADED:
            raise web.HTTPRequestEntityTooLarge(MOST_UPLOADED, len(data), text="")
    visit.upload = bytes(data)
    visit.seen.name, visit.seen.bytes = part.filename or "", len(data)
    visit.seen.sha256 = hashlib.sha256(visit.upload).hexdigest()


async def _asset_part(request: web.Request) -> BodyPartReader:
    if not request.content_type.startswith("multipart/"):
        raise bad_request("Send multipart/form-data")
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "asset":
            return part
    raise bad_request("asset should not be empty")


async def _look(asset: Asset) -> eyes.Look:
    if asset.look is None:
        asset.look = await asyncio.to_thread(eyes.look, asset.data)
    return asset.look


def _scene(ask: checks.Ask, thread: Conversation | None, new: tuple[Shot, ...]) -> answers.Scene:
    visible = thread.visible(ask.model.id, mixed=ask.mixed, limit=ask.limit) if thread else []
    return answers.Scene(
        question=ask.prompt,
        model=ask.model.id,
        turn=len(thread.past) + 1 if thread else 1,
        remembered=len(visible),
        new=new,
        earlier=tuple({shot.number: shot for past in visible for shot in past.shots}.values()),
        lone=thread is None,
        web=bool(ask.settings.get("webSearch")),
    )


def _later(response: web.Response, options: Options) -> web.Response:
    if "retry_after" in options:
        response.headers["Retry-After"] = str(options["retry_after"])
    return response


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response


def _waiting(waiting: Waiting) -> Body:
    return {"fault": waiting.name, "times": waiting.times, "at": waiting.at, **waiting.options}


_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>The sandbox</title>
<style>body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}
td{padding:.1rem 1rem .1rem 0;vertical-align:top}</style>
<h1>The sandbox</h1>
<p>This is a small 1min.ai for trying out: same paths, same bodies, no cost. It measures pixels, it is no AI model.
Point a client's base address here; any API-KEY will do unless one was set.</p>
<p><a href="/sandbox/seen">/sandbox/seen</a> lists the requests that came, DELETE clears the list.
<a href="/sandbox/faults">/sandbox/faults</a> lists what will go wrong: POST
<code>{"fault": "rate_limited", "times": 1, "at": null}</code> to add, DELETE to clear.</p>
<table>ROWS</table></html>
"""
