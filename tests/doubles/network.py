"""A network between a browser and a server that can be slow, or freeze without breaking anything off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK = 4096


class Network:
    """Passes connections on to a port of this machine."""

    def __init__(self, port: int, rate: float | None = None) -> None:
        """Pass on to `port`; `rate` is in bytes a second, of all connections together in each direction."""
        self._port, self._rate = port, rate
        self._flows = asyncio.Event()
        self._flows.set()
        self._turn = {"up": asyncio.Lock(), "down": asyncio.Lock()}
        self._tasks: set[asyncio.Task[object]] = set()
        self.url = ""

    def freeze(self) -> None:
        """Let nothing through from now on; every connection stays open."""
        self._flows.clear()

    def thaw(self) -> None:
        """Let everything through again, also what was sent meanwhile."""
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on, until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:  # nobody listens there at the moment
            await _close(writer)
            self._tasks.discard(task)
            return
        with suppress(OSError):
            up = asyncio.create_task(self._pass("up", reader, to_server))
            down = asyncio.create_task(self._pass("down", from_server, writer))
            try:
                await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            finally:
                up.cancel()
                down.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
                await _close(to_server)
                await _close(writer)
                self._tasks.discard(task)

    async def close(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flows.wait()
                if self._rate:
                    async with self._turn[way]:
                        await asyncio.sleep(len(data) / self._rate)
                writer.write(data)
                await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def network_to(port: int, rate: float | None = None) -> AsyncIterator[Network]:
    """A network to the server at `port`, at its own `url`."""
    network = Network(port, rate)
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    network.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield network
    finally:
        server.close()
        await network.close()
