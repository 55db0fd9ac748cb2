"""The server: a question comes in, is checked, may go wrong, and is answered."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self
from uuid import uuid4

from aiohttp import web

from tests.doubles.openai import answers, catalogue, checks, wire
from tests.doubles.openai.answers import Telling
from tests.doubles.openai.checks import Ask
from tests.doubles.openai.dialects import DIALECTS, Body, Name, Words, Wrong, now, reply
from tests.doubles.openai.faults import Aborted, Faults, Visit, wrong_key
from tests.doubles.openai.seen import SECRET, Seen

CREDITS_A_DOLLAR = 2_000_000  # at AI/ML API
Work = Callable[[Visit], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeOpenAI:
    """An endpoint. Entered, it answers at `url`; `faults` go wrong on request, `seen` tells what came."""

    def __init__(
        self,
        dialect: Name = "openai",
        *,
        key: str = "sk-the-key-of-the-operator",
        pace: float = 0,
        most: int = 50_000_000,
        rich: bool = False,
    ) -> None:
        """`pace` is the seconds between two pieces of a stream, `most` the bytes that a question may have.

        With `rich`, the generic dialect lists models as OpenRouter does.
        """
        self.dialect, self.key, self.pace, self.most, self.rich = DIALECTS[dialect], key, pace, most, rich
        self.host, self.url = "", ""
        self.balance = 123.45  # dollars
        self.faults = Faults()
        self.seen: list[Seen] = []
        self.script: list[str] = []  # what is answered next, in place of what was measured

    async def __aenter__(self) -> Self:
        # A handler is cancelled when its client leaves: that is how the server notices.
        self._runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self.host = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.url = f"{self.host}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    @property
    def asked(self) -> list[Seen]:
        """The questions among what was seen."""
        return [seen for seen in self.seen if seen.path.endswith("/chat/completions")]

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=self.most)
        app.router.add_routes([web.post(path, self._door("chat", self._chat)) for path in self.dialect.chat])
        app.router.add_routes([web.get(path, self._door("models", self._models)) for path in self.dialect.lists])
        if self.dialect.billing:
            app.router.add_get("/v2/billing", self._door("billing", self._billing))
            app.router.add_get("/v1/billing/balance", self._door("billing", self._old_billing))
            app.router.add_get("/model/{id:.+}", self._door("models", self._model))
        app.router.add_route("*", "/{any:.*}", self._door("nowhere", self._nowhere))
        return app

    # The door

    def _door(self, place: str, work: Work) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            visit = Visit(request, self.dialect, _note(request))
            self.seen.append(visit.seen)
            try:
                answered = await self._serve(place, work, visit)
            except Wrong as wrong:
                answered = self._refusal(visit, wrong.words)
            except Aborted:
                return web.Response()  # nobody is there to read it
            except (asyncio.CancelledError, ConnectionError):
                visit.seen.left = request.transport is None or request.transport.is_closing()
                raise
            visit.seen.status = answered.status
            return answered

        return handle

    async def _serve(self, place: str, work: Work, visit: Visit) -> web.StreamResponse:
        if place != "nowhere" and not (place == "models" and self.dialect.open_list):
            self._check_key(visit)
        # A fault comes after the question was read and found good, so that it hides no mistake of the client.
        if place == "chat":
            visit.body = await self._read(visit)
            visit.ask = await checks.question(visit.body, visit.seen, self.dialect.name)
        visit.fault = self.faults.take(place, visit)
        if visit.fault.say:
            return self._refusal(visit, visit.fault.say(visit))
        if visit.fault.instead:
            return self._signed(visit, visit.fault.instead(visit))
        if visit.fault.act:
            await visit.fault.act(visit)
        return await work(visit)

    def _check_key(self, visit: Visit) -> None:
        for name in self.dialect.key_headers:
            said = visit.request.headers.get(name, "")
            prefix = "Bearer " if name == "Authorization" else ""
            if said:
                visit.seen.auth, visit.key = name, said.removeprefix(prefix)
            if said == f"{prefix}{self.key}":
                return
        raise Wrong(wrong_key(visit))

    async def _read(self, visit: Visit) -> Body:
        request, seen = visit.request, visit.seen
        if request.content_length is None:
            raise Wrong(Words(411, "Length Required"))
        if request.content_type != "application/json":
            raise Wrong(Words(415, "Unsupported Media Type: send application/json"))
        if request.content_length > self.most:
            raise Wrong(Words(413, "Request Entity Too Large"))
        raw = await request.read()
        seen.bytes = len(raw)
        try:
            body = json.loads(raw)
        except ValueError:
            raise Wrong(Words(400, "We could not parse the JSON body of your request.")) from None
        if not isinstance(body, dict):
            raise Wrong(Words(400, "The body is not an object."))
        _note_question(seen, body)
        return body

    def _refusal(self, visit: Visit, words: Words) -> web.Response:
        return self._signed(visit, reply(self.dialect.error(words, visit.request.path), words.status))

    def _signed(self, visit: Visit, response: web.Response) -> web.Response:
        if "retry_after" in visit.options:
            response.headers["Retry-After"] = str(visit.options["retry_after"])
        response.headers.update(visit.options.get("headers", {}))
        response.headers.update(self._trace(visit))
        return response

    def _trace(self, visit: Visit) -> dict[str, str]:
        """AI/ML API's ids: its own, and the client's where that is a good one."""
        if self.dialect.name != "aimlapi":
            return {}
        theirs = visit.request.headers.get("X-Client-Request-Id", "")
        echoed = {"x-client-request-id": theirs} if re.fullmatch(r"[\w.:-]{1,128}", theirs, re.ASCII) else {}
        return {"x-inference-id": uuid4().hex, **echoed}

    # Lists and figures

    async def _nowhere(self, visit: Visit) -> web.StreamResponse:
        request = visit.request
        raise Wrong(Words(404, f"Invalid URL ({request.method} {request.path})"))

    async def _models(self, visit: Visit) -> web.StreamResponse:
        if self.rich:
            return reply(catalogue.plain(rich=True))
        return self._signed(visit, reply(self.dialect.models(visit.request.query)))

    async def _model(self, visit: Visit) -> web.StreamResponse:
        found = catalogue.aimlapi({**visit.request.query, "id": visit.request.match_info["id"]})["data"]
        if not found:
            raise Wrong(Words(404, "Model not found"))
        return reply({"object": "model", "data": found[0]})

    async def _billing(self, visit: Visit) -> web.StreamResponse:
        return reply({"current_balance": self.balance, "currency": "USD"})

    async def _old_billing(self, visit: Visit) -> web.StreamResponse:
        return reply(
            {
                "balance": round(self.balance * CREDITS_A_DOLLAR),
                "lowBalance": self.balance < 0.01,
                "lowBalanceThreshold": 10_000,
                "lastUpdated": now(),
                "autoDebitStatus": "disabled",
                "status": "current",
                "statusExplanation": "Balance is current and up to date",
            }
        )

    # A chat

    async def _chat(self, visit: Visit) -> web.StreamResponse:
        ask, fault = visit.ask, visit.fault
        assert ask is not None
        telling = Telling(self.script.pop(0)) if self.script else answers.answer(ask)
        telling = fault.tell(telling) if fault.tell else telling
        model = ask.model.dated or ask.model.id if self.dialect.dated else ask.model.id
        heading = wire.Heading(f"chatcmpl-{uuid4().hex}", model, int(time.time()))
        if not ask.stream or fault.whole:
            return self._whole(visit, heading.whole(telling, _usage(ask, telling)), _cost(ask, telling))
        frames = wire.frames(heading, telling)
        frames = fault.frames(frames, heading, visit) if fault.frames else frames
        frames = self._with_usage(ask, telling, heading, frames)
        return await self._stream(visit, list(fault.encode(frames)))

    def _whole(self, visit: Visit, body: Body, dollars: float) -> web.Response:
        response = reply(body, visit.fault.status or self.dialect.created)
        if self.dialect.name == "aimlapi":
            response = reply({**body, "meta": {"usage": _meta(dollars)}}, visit.fault.status or self.dialect.created)
            response.headers["x-aimlapi-credits-used"] = str(_meta(dollars)["credits_used"])
            response.headers["x-aimlapi-usd-spent"] = f"{dollars:.6f}"
        return self._signed(visit, response)

    def _with_usage(
        self, ask: Ask, telling: Telling, heading: wire.Heading, frames: list[wire.Frame]
    ) -> list[wire.Frame]:
        """Put the figures where the dialect has them: a chunk of their own before [DONE], and AI/ML API's own.

        A stream that ends badly ends without them.
        """
        last = next((n for n, frame in enumerate(frames) if wire.over(frame)), None)
        if last is None:
            return frames
        end = frames[last]
        if ask.usage:
            end = heading.chunk([], usage=_usage(ask, telling))
            frames = [*frames[: last + 1], end, *frames[last + 1 :]]
        if self.dialect.name == "aimlapi":
            assert isinstance(end, dict)
            end["meta"] = {"usage": _meta(_cost(ask, telling))}
        return frames

    async def _stream(self, visit: Visit, blocks: list[wire.Block]) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        headers.update(self._trace(visit))
        response = web.StreamResponse(status=visit.fault.status or 200, headers=headers)
        await response.prepare(visit.request)
        for block in blocks:
            if block is None:
                return _broken(visit.request, response)
            if isinstance(block, bytes):
                await response.write(block)
                await asyncio.sleep(self.pace)
            elif block.seconds is None:
                await asyncio.Event().wait()  # cancelled when the client leaves
            else:
                await asyncio.sleep(block.seconds)
        await response.write_eof()
        return response


def _note(request: web.Request) -> Seen:
    headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in SECRET}
    return Seen(request.method, request.path, dict(request.query), headers)


def _note_question(seen: Seen, body: Body) -> None:
    """Write down what a question holds, be it right or wrong. Its photos are written down where they are checked."""
    seen.model, seen.stream = str(body.get("model") or ""), body.get("stream") is True
    seen.settings = {name: value for name, value in body.items() if name not in ("model", "messages", "stream")}
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            seen.roles.append(str(message.get("role")))
            seen.texts += _texts(message.get("content"))


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else ()
    return [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _tokens(ask: Ask, telling: Telling) -> tuple[int, int]:
    said = sum(len(message.text) // 4 + 1 + 85 * len(message.shots) for message in ask.messages)
    return said, len(telling.text) // 4 + 1


def _usage(ask: Ask, telling: Telling) -> Body:
    asked, told = _tokens(ask, telling)
    details = {"reasoning_tokens": 0}
    return {
        "prompt_tokens": asked,
        "completion_tokens": told,
        "total_tokens": asked + told,
        "completion_tokens_details": details,
    }


def _cost(ask: Ask, telling: Telling) -> float:
    asked, told = _tokens(ask, telling)
    return round((asked * ask.model.input + told * ask.model.output) / catalogue.MILLION, 6)


def _meta(dollars: float) -> Body:
    return {"credits_used": round(dollars * CREDITS_A_DOLLAR), "usd_spent": dollars}


def _broken(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response
