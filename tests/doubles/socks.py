"""A SOCKS5 proxy on loopback (RFC 1928 and 1929), which leads every name to one port of this machine."""

import asyncio
import ipaddress
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass
class SocksProxy:
    """Serves while entered; `asked` are the hosts that it was asked for, by name or address."""

    port: int  # that every host leads to; 0: the one that was asked for
    user: str = ""  # who may come in, and with which password; empty: everybody
    password: str = ""
    host: str = "127.0.0.1"  # where it listens, and where the port is
    asked: list[str] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list, init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks)

    @property
    def address(self) -> str:
        assert self._server is not None
        who = f"{self.user}:{self.password}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"socks5://{who}{host}:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._tasks.add(task)
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if await self._lets_in(reader, writer):
                await self._connect(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _lets_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        version, count = await reader.readexactly(2)
        assert version == 5, "this is SOCKS5 and nothing else"
        methods = await reader.readexactly(count)
        wanted = 2 if self.user else 0
        writer.write(bytes([5, wanted if wanted in methods else 0xFF]))
        if wanted == 0:
            return True
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        is_known = (user.decode(), password.decode()) == (self.user, self.password)
        writer.write(bytes([1, 0 if is_known else 1]))
        return is_known

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(16 if kind == 4 else 4)))
        [port] = struct.unpack("!H", await reader.readexactly(2))
        self.asked.append(host)
        their_reader, their_writer = await asyncio.open_connection(self.host, self.port or port)
        self._writers.append(their_writer)
        writer.write(b"\5\0\0\1" + bytes(6))
        try:
            await asyncio.gather(_pass_on(reader, their_writer), _pass_on(their_reader, writer))
        finally:
            their_writer.close()
            with suppress(ConnectionError):
                await their_writer.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(ConnectionError, OSError):
        writer.write_eof()
