"""Proxies: found by address, spoken to in their own language, and left alone where NO_PROXY says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.errors import Busy
from bot.util.http import ConnectionOptions, Http
from bot.util.proxies import find_proxy
from tests.doubles.socks import SocksProxy

SOCKS = "socks5://127.0.0.1:1080"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "own", "url", "found"),
    [
        ({}, None, "https://api.telegram.org", None),
        ({"HTTPS_PROXY": "http://a:1"}, None, "https://api.telegram.org", "http://a:1"),
        ({"HTTPS_PROXY": "http://a:1"}, None, "http://localhost:8081", None),
        ({"HTTPS_PROXY": "a:1"}, None, "https://api.telegram.org", "http://a:1"),
        ({"ALL_PROXY": SOCKS}, None, "https://api.telegram.org", SOCKS),
        ({"ALL_PROXY": SOCKS}, None, "http://localhost:8081", SOCKS),
        ({"ALL_PROXY": SOCKS, "HTTPS_PROXY": "http://a:1"}, None, "https://discord.com", "http://a:1"),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "discord.com"}, None, "https://discord.com/api/v10", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "localhost,127.0.0.1"}, None, "http://127.0.0.1:8081", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "*"}, None, "https://api.telegram.org", None),
        ({"ALL_PROXY": SOCKS}, "http://own:2", "https://api.telegram.org", "http://own:2"),
        ({}, SOCKS, "https://api.telegram.org", SOCKS),
        ({"ALL_PROXY": SOCKS}, None, "wss://gateway.discord.gg", SOCKS),
        ({"HTTPS_PROXY": "http://a:1"}, None, "wss://gateway.discord.gg", "http://a:1"),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "::1"}, None, "http://[::1]:8081", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "localhost, [::1]"}, None, "http://[::1]:8081", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "0:0:0:0:0:0:0:1"}, None, "http://[::1]:8081", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "FD00::/8"}, None, "http://[fd12::5]:8081", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "10.0.0.0/8"}, None, "http://10.1.2.3:11434", None),
        ({"ALL_PROXY": SOCKS, "NO_PROXY": "10.0.0.0/8,::1"}, None, "http://[fd12::5]:8081", SOCKS),
        ({"HTTP_PROXY": "http://[fd00::3]:3128"}, None, "http://[2001:db8::1]/", "http://[fd00::3]:3128"),
    ],
)
def test_the_way_to_an_address(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], own: str | None, url: str, found: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(url, own) == found


@asynccontextmanager
async def service() -> AsyncIterator[int]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.host} here")

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def ask(url: str, path: str = "x", proxy: str | None = None) -> str:
    async with Http(url, options=ConnectionOptions(proxy=proxy or "")) as http:
        _, _, body = await http.call("GET", path)
    return body.decode()


async def test_a_socks_proxy_is_spoken_to_as_one_and_looks_up_the_names() -> None:
    async with service() as port, SocksProxy(port) as proxy:
        assert await ask("http://blocked.invalid/base", proxy=proxy.address) == "blocked.invalid here"
        assert proxy.asked == ["blocked.invalid"]


async def test_a_socks_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with service() as port, SocksProxy(port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.address.replace("socks5:", "socks5h:"))
        assert await ask("http://blocked.invalid/base") == "blocked.invalid here"


async def test_without_a_service_each_address_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    async with service() as port, SocksProxy(port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert await ask("", f"http://127.0.0.1:{port}/x") == f"127.0.0.1:{port} here"
        assert proxy.asked == []
        assert await ask("", "http://blocked.invalid/x") == "blocked.invalid here"
        assert proxy.asked == ["blocked.invalid"]


async def test_a_proxy_may_want_a_password() -> None:
    async with service() as port, SocksProxy(port, "ann", "s3cret") as proxy:
        assert await ask("http://blocked.invalid", proxy=proxy.address) == "blocked.invalid here"
        with pytest.raises(Busy) as caught:
            await ask("http://blocked.invalid", proxy=proxy.address.replace("s3cret", "wrong"))
        assert "wrong" not in str(caught.value)


async def test_a_proxy_that_is_away_is_a_hiccup(unused_tcp_port: int) -> None:
    with pytest.raises(Busy):
        await ask("http://blocked.invalid", proxy=f"socks5://127.0.0.1:{unused_tcp_port}")
