"""The one room that speaks HTTP: caps, checks, and connections that close when nobody listens any more."""

import asyncio
import gc
import gzip
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.errors import Busy, Refused
from bot.util.http import Http, chunks, events, read_capped, texts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, silence: float = 5) -> AsyncIterator[Http]:
    """A client of a server on loopback that answers everything with `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Http(f"http://127.0.0.1:{runner.addresses[0][1]}/base", {"api-key": "k"}, silence=silence) as http:
        yield http
    await runner.cleanup()


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece


async def test_a_reply_comes_with_its_status_and_body() -> None:
    async def hello(request: web.Request) -> web.Response:
        said = {"path": request.path, "key": request.headers["api-key"], "accepts": request.headers["accept-encoding"]}
        return web.json_response(said, status=201)

    async with served(hello) as http:
        status, headers, body = await http.call("GET", "api/x")
    assert status == 201
    assert headers["content-type"].startswith("application/json")
    assert body == b'{"path": "/base/api/x", "key": "k", "accepts": "identity"}'


async def test_a_body_over_the_cap_is_refused_before_it_is_read() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 100_000_000:
            await response.write(b"x" * 65536)
            sent += 65536
        return response

    async with served(endless) as http:
        with pytest.raises(Refused):
            await http.call("GET", "x", cap=100_000)
    assert sent < 50_000_000


async def test_a_packed_body_is_refused_although_it_was_not_asked_for() -> None:
    async def bomb(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 10_000_000), headers={"content-encoding": "gzip"})

    async with served(bomb) as http, http.stream("GET", "x") as reply:
        with pytest.raises(Refused):
            await read_capped(reply)


@pytest.mark.parametrize("whole", [True, False])
async def test_a_reply_is_gone_when_nobody_holds_it_without_the_garbage_collector(whole: bool) -> None:
    async def long(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 500_000)

    async with served(long) as http:
        gc.disable()
        try:
            async with http.stream("GET", "x") as reply:
                if whole:
                    assert len(await read_capped(reply)) == 500_000
            gone = weakref.ref(reply)
            del reply
            await asyncio.sleep(0)
            assert gone() is None
        finally:
            gc.enable()


async def test_nobody_there_is_busy() -> None:
    async with Http("http://127.0.0.1:9") as http:
        with pytest.raises(Busy) as caught:
            await http.call("GET", "x")
    assert caught.value.code == "provider_unreachable"


async def test_silence_is_busy() -> None:
    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with served(silent, silence=0.2) as http:
        with pytest.raises(Busy) as caught:
            await http.call("GET", "x")
    assert caught.value.code == "provider_slow"


async def test_a_cut_connection_is_busy() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with served(cut) as http:
        with pytest.raises(Busy):
            await http.call("GET", "x")


async def test_who_stops_listening_closes_the_connection_at_once() -> None:
    heard, left = asyncio.Event(), asyncio.Event()

    async def talkative(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"word ")
                await asyncio.sleep(0.01)
        except (ConnectionResetError, asyncio.CancelledError):
            left.set()
            raise

    async with served(talkative) as http:

        async def listen() -> None:
            async with http.stream("GET", "x") as reply:
                async for _ in chunks(reply):
                    heard.set()

        listening = asyncio.create_task(listen())
        await asyncio.wait_for(heard.wait(), 30)
        listening.cancel()
        await asyncio.wait_for(left.wait(), 30)


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:9/")

    async with served(elsewhere) as http:
        status, _, _ = await http.call("GET", "x")
    assert status == 302


async def test_without_a_service_every_request_names_its_own() -> None:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=request.path_qs)

    async with served(hello) as one, served(hello) as other, Http("") as http:
        for service in (one, other):
            _, _, body = await http.call("GET", f"{service.url}x?ex=1&hm=%20a")
            assert body == b"/base/x?ex=1&hm=%20a"


async def test_the_operator_s_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(request: web.Request) -> web.Response:
        return web.Response(text=f"through the proxy to {request.url.host}")

    async with served(proxy) as inner:
        monkeypatch.setenv("http_proxy", inner.url.removesuffix("base/"))
        monkeypatch.setenv("no_proxy", "")
        async with Http("http://provider.invalid") as http:
            _, _, body = await http.call("GET", "x")
    assert body == b"through the proxy to provider.invalid"


async def test_without_a_service_each_address_decides_about_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(request: web.Request) -> web.Response:
        return web.Response(text=f"asked for {request.url.host}")

    async with served(proxy) as inner:
        monkeypatch.setenv("http_proxy", inner.url.removesuffix("base/"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with Http("") as http:
            _, _, through = await http.call("GET", "http://files.invalid/x")
            _, _, straight = await http.call("GET", f"{inner.url}x")
    assert (through, straight) == (b"asked for files.invalid", b"asked for 127.0.0.1")


async def test_encrypted_files_go_through_the_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        async with Http("") as http:
            with pytest.raises(Busy):
                await http.call("GET", "https://files.invalid/x")
    assert asked == [b"CONNECT files.invalid:443 HTTP/1.1\r\n"]


async def test_events_are_read_however_they_are_cut() -> None:
    stream = (
        'event: content\ndata: {"a": "é\u2028"}\n\n: comment\n\ndata: one\r\ndata: two\r\n\r\ndata: no blank'.encode()
    )
    for step in (1, 2, 3, 7, len(stream)):
        body = pieces(*(stream[at : at + step] for at in range(0, len(stream), step)))
        found = [(event.event, event.data) async for event in events(body)]
        assert found == [("content", '{"a": "é\u2028"}'), ("message", "one\ntwo")]


async def test_characters_survive_being_cut_and_damage_is_marked() -> None:
    assert "".join([text async for text in texts(pieces(b"caf\xc3", b"\xa9 \xff", b"!"))]) == "café \ufffd!"
