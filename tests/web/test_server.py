"""The web server's door: who comes in, who is turned away, and how it opens and closes."""

import asyncio
import hashlib
import html
import re
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter

from bot.ports import Store
from bot.store import open_store
from bot.web.logins import COOKIE
from bot.web.server import WebAccess, WebServer
from bot.words import ENGLISH, LANGUAGES, catalogue
from tests.conftest import MODEL

TOKEN = "correct horse battery staple"
PAGE = {"Accept": "text/html"}


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


@asynccontextmanager
async def serving(
    token: str | None = None, streams: Mapping[str, Handler] | None = None, **options: Any
) -> AsyncIterator[tuple[WebServer, aiohttp.ClientSession]]:
    async with AsyncExitStack() as stack:
        if token is not None:
            folder = stack.enter_context(TemporaryDirectory())
            store = await stack.enter_async_context(open_store(f"sqlite:///{folder}/bot.db", MODEL))
            options["sessions"] = store.sessions
        server = WebServer("127.0.0.1", 0, token, **options)
        server.router.add_get("/page", hello)
        server.router.add_post("/page", hello)
        for path, handler in (streams or {}).items():
            server.router.add_get(path, handler)
        server.add_public("POST", "/hook", hello)
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of bare addresses too
        await stack.enter_async_context(server)
        yield server, await stack.enter_async_context(aiohttp.ClientSession(server.url, cookie_jar=jar))


@pytest.fixture
def unforgiving(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, no wrong attempt is forgotten meanwhile."""
    monkeypatch.setattr("bot.web.login_throttle.RECOVERY", 1e-9)


async def log_in(http: aiohttp.ClientSession, agent: str = "") -> str:
    """Log in; return the cookie."""
    async with aiohttp.ClientSession(http._base_url) as fresh:
        headers = {"User-Agent": agent}
        async with fresh.post("/login", data={"token": TOKEN}, headers=headers, allow_redirects=False) as response:
            assert response.status == 303
            return response.cookies[COOKIE].value


def cookie(value: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={value}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def raw(server: WebServer, request: bytes) -> bytes:
    """What the server answers to these bytes, until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


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


async def test_a_wrong_token_is_named_so_and_gives_no_cookie() -> None:
    async with serving(TOKEN) as (_, http):
        async with http.post("/login", data={"token": "guess", "next": '"><script>'}) as response:
            page = await response.text()
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


async def test_two_logins_give_two_cookies_and_neither_is_made_of_the_token() -> None:
    async with serving(TOKEN) as (_, http):
        cookies = [await log_in(http) for _ in range(2)]
    assert len(set(cookies)) == 2
    hashes = {kind(TOKEN.encode()).hexdigest() for kind in (hashlib.sha256, hashlib.sha1, hashlib.md5)}
    assert not hashes & set(cookies)
    assert all(len(cookie) >= 32 for cookie in cookies)


async def test_a_session_ends_with_its_log_out_and_no_other_one_does() -> None:
    async with serving(TOKEN) as (_, http):
        stays, ends = await log_in(http), await log_in(http)
        assert await status(http, "POST", "/logout", headers=cookie(ends)) == 303
        assert await status(http, "GET", "/page", headers=cookie(ends)) == 401
        assert await status(http, "GET", "/page", headers=cookie(stays)) == 200


async def test_a_new_token_ends_all_sessions_and_the_old_token_brings_none_back(sqlite: Store) -> None:
    async with (
        WebServer("127.0.0.1", 0, TOKEN, sessions=sqlite.sessions) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        server_cookie = await log_in(http)
    for token in ("another token of 16", TOKEN):
        server = WebServer("127.0.0.1", 0, token, sessions=sqlite.sessions)
        server.router.add_get("/page", hello)
        async with server, aiohttp.ClientSession(server.url) as http:
            assert await status(http, "GET", "/page", headers=cookie(server_cookie)) == 401


async def test_sessions_are_listed_and_each_can_be_ended() -> None:
    async with serving(TOKEN) as (_, http):
        own = await log_in(http, agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        lost = await log_in(http, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1.15")
        async with http.get("/sessions", headers=cookie(own)) as response:
            page = await response.text()
        assert "Firefox on Linux <b>this browser</b>" in page
        assert "Safari on iPhone<br>" in page
        [path] = re.findall(r'action="(/sessions/\w+/end)"', page)
        assert await status(http, "POST", path, headers=cookie(own)) == 303
        assert await status(http, "GET", "/page", headers=cookie(lost)) == 401
        assert await status(http, "GET", "/page", headers=cookie(own)) == 200


@pytest.mark.usefixtures("unforgiving")
async def test_the_log_in_speaks_every_language_of_the_bot() -> None:
    english = {text for key, text in catalogue(ENGLISH).items() if key.startswith(("login_", "sessions_"))}
    async with serving(TOKEN) as (_, http):
        session = cookie(await log_in(http, agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"))
        for language in LANGUAGES:
            words = catalogue(language)
            fits = {**PAGE, "Accept-Language": language}
            async with http.get("/login", headers=fits) as response:
                form = await response.text()
            async with http.post("/login", data={"token": "guess"}, headers=fits) as response:
                refused = await response.text()
            async with http.get("/sessions", headers={**fits, **session}) as response:
                listed = await response.text()
            assert f'<html lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}">' in form
            for text, page in (
                (words["login_who"], form),
                (words["login_wrong"], refused),
                (words["sessions_title"], listed),
                (words["sessions_this"], listed),
            ):
                assert html.escape(text) in page
            shown = {text for page in (form, refused, listed) for text in re.findall(r">\s*([^<>]+?)\s*<", page)}
            assert language == ENGLISH or not shown & english


@pytest.mark.usefixtures("unforgiving")
async def test_too_many_wrong_tokens_are_answered_with_the_form_and_how_long_to_wait() -> None:
    async with serving(TOKEN) as (_, http):
        for _ in range(40):
            last = await status(http, "POST", "/login", data={"token": "guess"})
        assert last == 429
        async with http.post("/login", data={"token": TOKEN}, headers={"Cookie": "language=de"}) as response:
            assert "Zu viele falsche Tokens. Warte einen Moment." in await response.text()
            assert response.content_type == "text/html"
            assert int(response.headers["Retry-After"]) >= 1


async def test_what_a_session_has_open_ends_with_it() -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        await asyncio.Event().wait()
        return response

    async with serving(TOKEN, streams={"/stream": stream}) as (_, http):
        session = await log_in(http)
        async with http.get("/stream", headers=cookie(session)) as response:
            assert await response.content.readany() == b"begun"
            assert await status(http, "POST", "/logout", headers=cookie(session)) == 303
            async with asyncio.timeout(20):
                with suppress(aiohttp.ClientError):
                    await response.read()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_cannot_use_a_cookie(headers: dict[str, str]) -> None:
    async with serving(TOKEN) as (server, http):
        session = cookie(await log_in(http))
        assert await status(http, "POST", "/page", headers={**session, **headers}) == 403
        assert await status(http, "POST", "/login", data={"token": TOKEN}, headers=headers) == 403
        assert await status(http, "POST", "/page", headers={**session, "Origin": server.url}) == 200
        same = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}  # a form on a page without a referrer
        assert await status(http, "POST", "/page", headers={**session, **same}) == 200


async def test_behind_a_trusted_proxy_the_origin_is_the_public_one() -> None:
    headers = {"Origin": "https://bot.example", "X-Forwarded-Host": "bot.example"}
    for proxies, expected in ((("127.0.0.0/8",), 200), ((), 403)):
        async with serving(TOKEN, access=WebAccess(trusted_proxies=proxies)) as (_, http):
            session = cookie(await log_in(http))
            assert await status(http, "POST", "/page", headers={**session, **headers}) == expected


@pytest.mark.usefixtures("unforgiving")
async def test_many_wrong_bearers_are_not_even_judged_and_a_session_is_not_held_up() -> None:
    async with serving(TOKEN) as (_, http):
        session = await log_in(http)
        found = Tally([await status(http, "GET", "/page", headers=bearer(f"guess {n}")) for n in range(200)])
        assert set(found) == {401, 429}
        assert found[401] <= 60
        assert await status(http, "POST", "/login", data={"token": "guess"}) == 429
        assert await status(http, "GET", "/page", headers=cookie(session)) == 200


@pytest.mark.usefixtures("unforgiving")
async def test_somebody_else_behind_the_same_proxy_is_not_held_up() -> None:
    async with serving(TOKEN, access=WebAccess(trusted_proxies=("127.0.0.1",))) as (_, http):
        guesser, operator = {"X-Forwarded-For": "1.2.3.4, 203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
        for n in range(100):  # what the client itself claims in front of the last address is not believed
            claimed = {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.1"}
            last = await status(http, "GET", "/page", headers={**bearer("guess"), **claimed})
        assert last == 429
        assert await status(http, "GET", "/page", headers={**bearer(TOKEN), **guesser}) == 429
        assert await status(http, "GET", "/page", headers={**bearer(TOKEN), **operator}) == 200


@pytest.mark.usefixtures("unforgiving")
async def test_addresses_that_no_trusted_proxy_names_change_nothing() -> None:
    async with serving(TOKEN) as (_, http):
        for n in range(100):
            claimed = {"X-Forwarded-For": f"198.51.100.{n}"}
            last = await status(http, "GET", "/page", headers={**bearer("guess"), **claimed})
        assert last == 429


async def test_the_metrics_token_opens_the_metrics_and_nothing_else() -> None:
    other = "figures for prometheus"
    async with serving(TOKEN, access=WebAccess(metrics_token=other)) as (_, http):
        assert await status(http, "GET", "/metrics", headers=bearer(other)) == 200
        for method, path in (("GET", "/page"), ("POST", "/page"), ("GET", "/sessions"), ("GET", "/dashboard")):
            assert await status(http, method, path, headers=bearer(other)) == 403
        assert await status(http, "POST", "/login", data={"token": other}) == 401
        async with http.get("/readyz", headers=bearer(other) | {"Host": "bot.example"}) as response:
            assert await response.json() == {"ready": True}


async def test_readiness_tells_its_parts_only_to_those_who_run_the_bot() -> None:
    async with serving(TOKEN) as (server, http):
        server.status = lambda: {"telegram": "heard 2 s ago"}
        stranger = {"X-Forwarded-For": "203.0.113.2"}
        for headers in ({}, stranger | bearer(TOKEN), stranger | cookie(await log_in(http))):
            async with http.get("/readyz", headers=headers) as response:
                assert await response.json() == {"telegram": "heard 2 s ago"}
        for headers in (stranger, {"Host": "bot.example"}, stranger | bearer("guess")):
            async with http.get("/readyz", headers=headers) as response:
                assert (response.status, await response.json()) == (200, {"ready": True})


async def test_no_answer_tells_a_version() -> None:
    async with serving(TOKEN) as (server, http):
        for path in ("/healthz", "/page", "/login", "/nowhere"):
            async with http.get(path) as response:
                assert response.headers["Server"] == "Snapthread"
        answer = await raw(server, b"this is no HTTP\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400")
    assert b"Server: Snapthread\r\n" in answer


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, b"token=" + b"x" * 10_000, 413),
        ({}, b"&".join(b"a=%d" % n for n in range(50)), 400),
        ({}, b"token=\xff\xfe", 401),
        ({}, b"token=%ED%A0%80", 401),
        ({"Content-Type": "text/plain"}, b"token=x", 415),
        ({"Content-Type": "multipart/form-data"}, b"token=x", 415),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}, b"token=x", 401),
    ],
)
async def test_an_odd_form_is_refused_without_a_traceback(
    headers: dict[str, str], body: bytes, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    async with serving(TOKEN) as (_, http):
        assert await status(http, "POST", "/login", data=body, headers=headers) == expected
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "request_line",
    [b"GET /\xff HTTP/1.1", b"GET /page HTTP/1.1\r\nContent-Type: \xff", b"POST /page HTTP/1.1\r\nContent-Length: x"],
)
async def test_stray_bytes_are_refused_without_a_traceback(
    request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as (server, _):
        answer = await raw(server, request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ")[1] == b"400"
    assert not [record for record in caplog.records if record.exc_info]


async def test_while_the_store_is_away_nobody_comes_in_by_a_cookie(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(sessions: object, **hashes: str) -> None:
        raise ConnectionError

    server = WebServer("127.0.0.1", 0, TOKEN, sessions=sqlite.sessions)
    async with server, aiohttp.ClientSession(server.url) as http:
        session = cookie(await log_in(http))
        monkeypatch.setattr(type(sqlite.sessions), "find_session", away)
        assert await status(http, "GET", "/metrics", headers=session) == 503
        assert await status(http, "GET", "/metrics", headers=bearer(TOKEN)) == 200


# without a token


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-For": "203.0.113.1"},
        {"X-Forwarded-Host": "bot.example"},
        {"X-Forwarded-Proto": "https"},
        {"X-Real-IP": "203.0.113.1"},
        {"Forwarded": "for=203.0.113.1"},
        {"Via": "1.1 proxy"},
    ],
)
async def test_what_comes_through_a_proxy_is_turned_away_but_for_the_webhook(header: dict[str, str]) -> None:
    async with serving() as (_, http):
        for method, path in (("GET", "/page"), ("POST", "/page"), ("GET", "/metrics"), ("GET", "/nowhere")):
            assert await status(http, method, path, headers=header) == 403
        assert await status(http, "POST", "/hook", headers=header) == 200
        assert await status(http, "GET", "/healthz", headers=header) == 200


async def test_a_proxy_that_adds_no_header_speaks_an_older_http_and_is_turned_away() -> None:
    async with serving() as (server, _):
        answer = await raw(server, b"GET /page HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 403")


async def test_a_port_for_a_webhook_serves_nothing_else() -> None:
    async with serving(access=WebAccess(webhook_only=True)) as (_, http):
        for path in ("/page", "/metrics", "/readyz", "/dashboard", "/login", "/nowhere"):
            assert await status(http, "GET", path) in (403, 404), path
        assert await status(http, "GET", "/healthz") == 200
        assert await status(http, "POST", "/hook") == 200


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
        with pytest.raises(OSError, match=r"port \d+ is in use by another program"):
            async with WebServer("127.0.0.1", server.port):
                pass


async def test_it_stops_soon_with_a_stream_open() -> None:
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
        assert time.monotonic() - began < 10
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
        await asyncio.wait_for(ended.wait(), 30)


def test_an_address_with_colons_gets_its_brackets() -> None:
    assert WebServer("::1", 8080).url == "http://[::1]:8080"
