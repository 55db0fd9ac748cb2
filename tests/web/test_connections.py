"""Connections that only take up room: how many there may be, and when each of them ends."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.ports import Store
from bot.web import connections
from bot.web.addresses import TrustedProxies, site
from bot.web.connections import connections_within, raise_descriptor_limit
from bot.web.server import WebAccess, WebServer

PATIENCE = 30.0
TOKEN = "correct horse battery staple"


class Client:
    """One connection, of which we do not write more than we say."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, text: bytes) -> None:
        self.writer.write(text)
        await self.writer.drain()

    async def ended(self) -> bytes:
        """All that came, once the server has ended the connection."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def is_open(self) -> bool:
        try:
            async with asyncio.timeout(0.3):
                return bool(await self.reader.read(1))
        except TimeoutError:
            return True
        except ConnectionError:
            return False


class Room(AsyncExitStack):
    """A server with a few routes, and clients of it."""

    server: WebServer

    async def connect(self, source: str = "127.0.0.1") -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port, local_addr=(source, 0))
        self.callback(writer.close)
        return Client(reader, writer)

    async def answer(self, source: str = "127.0.0.1") -> bytes:
        """What somebody gets who asks whether the server lives."""
        client = await self.connect(source)
        await client.says(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await client.ended()


async def read_all(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def pour(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(1_000_000))


@asynccontextmanager
async def opened(
    access: WebAccess | None = None, token: str | None = None, sessions: Store | None = None
) -> AsyncIterator[Room]:
    async with Room() as room:
        room.server = WebServer("127.0.0.1", 0, token, access=access, sessions=sessions.sessions if sessions else None)
        room.server.add_public("POST", "/body", read_all)
        room.server.add_public("GET", "/pour", pour)
        await room.enter_async_context(room.server)
        yield room


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with opened() as room:
        yield room


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines in small."""
    for name, seconds in {"HEADER_SECONDS": 0.2, "BODY_LOOK": 0.05, "BODY_PAUSE": 0.5, "SEND_SECONDS": 0.3}.items():
        monkeypatch.setattr(connections, name, seconds)


# how long


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: local", b"POST /login HTTP/1.1\r\n"])
async def test_a_request_that_never_gets_whole_is_given_up(room: Room, begun: bytes) -> None:
    client = await room.connect()
    await client.says(begun)
    assert await client.ended() == b""


@pytest.mark.usefixtures("quick")
async def test_headers_that_drip_get_no_more_time_than_those_that_stop(room: Room) -> None:
    client = await room.connect()
    dripped = 0
    async with asyncio.timeout(PATIENCE):
        while not client.reader.at_eof() and not client.writer.is_closing():
            try:
                await client.says(b"X" if dripped else b"GET / HTTP/1.1\r\nX: ")
            except ConnectionError:
                break
            dripped += 1
            await asyncio.sleep(0.05)
    assert await client.ended() == b""


@pytest.mark.usefixtures("quick")
async def test_the_second_request_of_a_connection_gets_no_more_time(room: Room) -> None:
    client = await room.connect()
    await client.says(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await client.reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    await client.says(b"GET /hea")
    assert await client.ended() == b""


async def test_a_dripped_body_is_given_up(room: Room, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.5)
    clients = [await room.connect() for _ in range(60)]
    for client in clients:
        await client.says(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(10):
        for client in clients:
            client.writer.write(b"x")
        await asyncio.sleep(0.1)
    assert [await client.ended() for client in clients] == [b""] * 60


async def test_a_body_that_stops_is_given_up_however_fast_it_began(room: Room, quick: None) -> None:
    client = await room.connect()
    await client.says(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + bytes(500_000))
    assert await client.ended() == b""


async def test_an_honest_slow_upload_is_not_cut(room: Room, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(connections, "BODY_PAUSE", PATIENCE)
    client = await room.connect()
    await client.says(b"POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 30000\r\n\r\n")
    for _ in range(15):  # 1.5 seconds for 0.2 and a rate of 500 bytes a second
        await client.says(bytes(2000))
        await asyncio.sleep(0.1)
    assert (await client.ended()).endswith(b"30000")


@pytest.mark.usefixtures("quick")
async def test_an_answer_that_nobody_takes_is_given_up(room: Room) -> None:
    client = await room.connect()
    await client.says(b"GET /pour HTTP/1.1\r\nHost: localhost\r\n\r\n")
    limiter = room.server._limiter
    async with asyncio.timeout(PATIENCE):
        while limiter.connections:
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("quick")
async def test_a_connection_waits_for_the_next_request_and_ends_then(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CLOSE_SECONDS", 0.4)
    client = await room.connect()
    await client.says(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await client.ended()).startswith(b"HTTP/1.1 200")


# how many


async def test_beyond_the_cap_connections_are_refused_with_a_sentence(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", PATIENCE)
    room.server._limiter.most = 20
    idle = [await room.connect() for _ in range(20)]
    answer = await (await room.connect()).ended()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"too many connections" in body
    idle[0].writer.close()
    async with asyncio.timeout(PATIENCE):
        while not (await room.answer()).startswith(b"HTTP/1.1 200"):
            pass


async def test_connections_that_wait_for_nothing_give_way_to_a_request(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)
    room.server._limiter.most = 20
    idle = [await room.connect() for _ in range(20)]
    assert (await room.answer()).startswith(b"HTTP/1.1 200")
    assert await idle[0].ended() == b""
    assert await idle[1].is_open()


class Peers(TrustedProxies):
    """Takes addresses of this machine for ones far away, so that their limits can be met."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(connections, "is_loopback", lambda address: address == "127.0.0.9")
        monkeypatch.setattr(connections, "IDLE_SECONDS", PATIENCE)


async def test_one_address_gets_only_its_share(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    Peers(monkeypatch)
    monkeypatch.setattr(connections, "MOST_OF_A_SITE", 10)
    for _ in range(10):
        await room.connect("127.0.0.2")
    assert (await room.answer("127.0.0.2")).startswith(b"HTTP/1.1 503")
    assert (await room.answer("127.0.0.3")).startswith(b"HTTP/1.1 200")


async def test_strangers_leave_room_for_this_machine(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    Peers(monkeypatch)
    room.server._limiter.most = 20
    for n in range(15):
        await room.connect(f"127.0.1.{n + 1}")
    assert (await room.answer("127.0.2.1")).startswith(b"HTTP/1.1 503")
    assert (await room.answer("127.0.0.9")).startswith(b"HTTP/1.1 200")


async def test_a_proxys_clients_get_their_share_each(monkeypatch: pytest.MonkeyPatch, sqlite: Store) -> None:
    monkeypatch.setattr(connections, "MOST_OF_A_SITE", 5)
    access = WebAccess(trusted_proxies=("127.0.0.1",))
    async with opened(access, TOKEN, sqlite) as room, aiohttp.ClientSession(room.server.url) as http:
        for _ in range(5):
            client = await room.connect()
            await client.says(
                b"POST /body HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.1\r\nContent-Length: 9\r\n\r\n"
            )
        found: dict[str, int] = {}
        async with asyncio.timeout(PATIENCE):
            while found.get("203.0.113.1") != 503:
                for address in ("203.0.113.1", "203.0.113.2"):
                    async with http.get("/healthz", headers={"X-Forwarded-For": address}) as response:
                        found[address] = response.status
        assert found == {"203.0.113.1": 503, "203.0.113.2": 200}


def test_addresses_of_one_household_are_counted_together() -> None:
    assert site("2001:db8:1:2:3::4") == site("2001:db8:1:2::9") != site("2001:db8:1:3::9")
    assert site("::ffff:203.0.113.1") == site("203.0.113.1") == "203.0.113.1"
    assert site("nonsense") == "nonsense"


# file descriptors


@pytest.mark.parametrize(("descriptors", "expected"), [(65_536, 1000), (20_000, 1000), (1024, 512), (256, 128), (1, 1)])
def test_file_descriptors_are_kept_back_for_the_platforms(descriptors: int, expected: int) -> None:
    assert connections_within(descriptors) == expected


def test_the_soft_limit_is_raised_as_far_as_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        assert raise_descriptor_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(hard, 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
