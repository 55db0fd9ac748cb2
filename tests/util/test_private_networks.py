"""What is near and what is outside, by the address that is connected to, whatever its name or way."""

import socket
from typing import Any

import pytest
from aiohttp import web

from bot.errors import FailureCode, Refused
from bot.util.http import ConnectionOptions, Http
from bot.util.private_networks import is_near

NEAR_ONLY = ConnectionOptions(is_near_only=True, connect=5)
PUBLIC = "203.0.113.7"  # for documentation: nobody is there


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.5", "100.64.0.9", "::1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_addresses_of_this_machine_and_of_private_networks_are_near(address: str) -> None:
    assert is_near(address)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "0.0.0.0"])
def test_all_others_are_outside(address: str) -> None:
    assert not is_near(address)


async def refused(url: str, path: str = "x") -> Refused:
    """How a request ends that may go to near addresses only."""
    async with Http(url, options=NEAR_ONLY) as http:
        with pytest.raises(Refused) as caught:
            await http.call("GET", path)
    return caught.value


def answer_names_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: found)


@pytest.mark.parametrize("url", [f"http://{PUBLIC}", "http://[2001:db8::1]:8080/v1"])
async def test_an_address_outside_is_not_connected_to(url: str) -> None:
    assert (await refused(url)).code is FailureCode.PROVIDER_OUTSIDE


async def test_without_a_service_each_request_is_looked_at() -> None:
    assert (await refused("", f"http://{PUBLIC}/file")).code is FailureCode.PROVIDER_OUTSIDE


async def test_a_name_that_looks_local_and_leads_outside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_names_with(monkeypatch, PUBLIC)
    assert (await refused("http://ollama.lan:11434")).code is FailureCode.PROVIDER_OUTSIDE


async def test_a_proxy_does_not_carry_it_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    answer_names_with(monkeypatch, PUBLIC)
    assert (await refused("http://api.example.com")).code is FailureCode.PROVIDER_OUTSIDE


async def test_near_services_are_reached_by_address_and_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/x", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: Any = runner.addresses[0][1]
    for host in ("127.0.0.1", "localhost"):
        async with Http(f"http://{host}:{port}", options=NEAR_ONLY) as http:
            assert (await http.call("GET", "x"))[0] == 200
    await runner.cleanup()
