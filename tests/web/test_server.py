"""The web server's door: who comes in, who is turned away, and how it opens and closes."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from bot.web.server import WebServer

TOKEN = "correct horse battery staple"
PAGE = {"Accept": "text/html"}


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


@asynccontextmanager
async def serving(token: str | None = None, **options: Any) -> AsyncIterator[tuple[WebServer, aiohttp.ClientSession]]:
    server = WebServer("127.0.0.1", 0, token, **options)
    server.router.add_get("/page", hello)
    server.router.add_post("/page", hello)
    server.add_public("POST", "/hook", hello)
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of bare addresses too
    async with server, aiohttp.ClientSession(server.url, cookie_jar=jar) as http:
        yield server, http


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.guard.WRONG_TOKEN_DELAY", 0.05)


async def status(http: aiohttp.ClientSession, method: str, path: str, **options: Any) -> int:
    async with http.request(method, path, allow_redirects=False, **options) as response:
        return response.status


async def test_it_is_alive_as_soon_as_it_serves() -> None:
    async with serving(TOKEN) as (_, http), http.get("/healthz") as response:
        assert (response.status, await response.text()) == (200, "ok")


async def test_readiness_says_by_name_what_is_wrong() -> None:
    troubles = {"store": "gone"}

    async def ready() -> Mapping[str, str]:
        return troubles

    async with serving(TOKEN) as (server, http):
        assert await status(http, "GET", "/readyz") == 200
        server.ready = ready
        async with http.get("/readyz") as response:
            assert (response.status, await response.json()) == (503, {"store": "gone"})


async def test_figures_are_for_operators() -> None:
    registry = CollectorRegistry()
    Counter("turns", "Turns", registry=registry).inc()
    async with serving(TOKEN, metrics=registry) as (_, http):
        assert await status(http, "GET", "/metrics") == 401
        async with http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}) as response:
            assert "turns_total 1.0" in await response.text()
            assert response.content_type == "text/plain"


async def test_pages_are_wrapped_in_caution() -> None:
    async with serving() as (_, http), http.get("/page") as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"


# with a token


@pytest.mark.parametrize("path", ["/page", "/metrics", "/nowhere"])
async def test_without_the_token_nothing_is_shown(path: str) -> None:
    async with serving(TOKEN) as (_, http):
        assert await status(http, "GET", path) == 401
        assert await status(http, "GET", path, headers=PAGE) == 303


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer ", "Basic abc", TOKEN, "Bearer \udcff"])
async def test_a_wrong_bearer_is_turned_away_with_a_sentence(authorization: str) -> None:
    async with serving(TOKEN) as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ")
        writer.write(authorization.encode("utf-8", "surrogateescape") + b"\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"The token is missing or wrong." in answer


async def test_a_bearer_comes_in_from_any_host() -> None:
    async with serving(TOKEN) as (_, http):
        headers = {"Authorization": f"bearer {TOKEN}", "Host": "bot.example.org"}
        assert await status(http, "GET", "/page", headers=headers) == 200


async def test_the_form_gives_a_cookie_that_does_not_hold_the_token() -> None:
    async with serving(TOKEN) as (_, http):
        async with http.get("/page", headers=PAGE) as form:
            assert form.url.path == "/login"
            assert 'value="/page"' in await form.text()
        fields = {"token": TOKEN, "next": "/page"}
        async with http.post("/login", data=fields, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/page")
            cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        assert await status(http, "GET", "/page") == 200


async def test_the_cookie_stays_on_encrypted_ways() -> None:
    async with serving(TOKEN) as (_, http):
        behind_tls = {"X-Forwarded-Proto": "https"}
        async with http.post("/login", data={"token": TOKEN}, headers=behind_tls, allow_redirects=False) as response:
            assert "Secure" in response.headers["Set-Cookie"]


async def test_a_wrong_token_costs_time_and_says_so() -> None:
    async with serving(TOKEN) as (_, http):
        began = time.monotonic()
        async with http.post("/login", data={"token": "guess", "next": '"><script>'}) as response:
            page = await response.text()
        assert time.monotonic() - began >= 0.05
        assert response.status == 401
        assert "This is not the token." in page
        assert "<script>" not in page
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", ""])
async def test_the_form_leads_nowhere_else(next: str) -> None:
    fields = {"token": TOKEN, "next": next}
    async with serving(TOKEN) as (_, http), http.post("/login", data=fields, allow_redirects=False) as response:
        assert response.headers["Location"] == "/"


async def test_the_form_has_its_style() -> None:
    async with serving(TOKEN) as (_, http):
        assert await status(http, "GET", "/login.css") == 200


async def test_public_routes_need_no_token() -> None:
    async with serving(TOKEN) as (_, http):
        assert await status(http, "POST", "/hook", headers={"Origin": "https://telegram.example"}) == 200


# without a token


def test_without_a_token_it_does_not_open_to_others() -> None:
    with pytest.raises(ValueError, match="this machine"):
        WebServer("0.0.0.0", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("[", 403),
        ("10.0.0.1", 403),
    ],
)
async def test_only_names_of_this_machine_are_answered(host: str, expected: int) -> None:
    async with serving() as (_, http):
        assert await status(http, "GET", "/page", headers={"Host": host}) == expected


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null", "https://127.0.0.1"])
async def test_other_sites_cannot_post(origin: str) -> None:
    async with serving() as (_, http):
        assert await status(http, "POST", "/page", headers={"Origin": origin}) == 403
        assert await status(http, "POST", "/page", headers={"Sec-Fetch-Site": "cross-site"}) == 403


async def test_the_page_itself_and_programs_can_post() -> None:
    async with serving() as (server, http):
        assert await status(http, "POST", "/page") == 200
        own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
        assert await status(http, "POST", "/page", headers=own) == 200


async def test_webhooks_come_through_a_proxy() -> None:
    async with serving() as (_, http):
        assert await status(http, "POST", "/hook", headers={"Host": "bot.example.org"}) == 200


# opening and closing


async def test_a_port_in_use_is_an_error_that_leaves_nothing_open() -> None:
    async with serving() as (server, _):
        with pytest.raises(OSError, match="address already in use"):
            async with WebServer("127.0.0.1", server.port):
                pass


async def test_it_stops_within_a_second_with_a_stream_open() -> None:
    cancelled = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"begun")
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()
        return response

    server = WebServer("127.0.0.1", 0)
    server.router.add_get("/stream", stream)
    async with aiohttp.ClientSession() as http:
        async with server:
            response = await http.get(f"{server.url}/stream")
            assert await response.content.readany() == b"begun"
            began = time.monotonic()
        assert time.monotonic() - began < 1
        assert cancelled.is_set()
        with suppress(aiohttp.ClientError):
            await response.read()


async def test_a_handler_ends_when_its_client_has_gone() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return web.Response()

    server = WebServer("127.0.0.1", 0)
    server.router.add_get("/slow", slow)
    async with server, aiohttp.ClientSession() as http:
        asking = asyncio.create_task(http.get(f"{server.url}/slow"))
        await begun.wait()
        asking.cancel()
        await asyncio.wait_for(ended.wait(), 5)


def test_an_address_with_colons_gets_its_brackets() -> None:
    assert WebServer("::1", 8080).url == "http://[::1]:8080"
