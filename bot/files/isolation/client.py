"""Client of the fork server: start it for the first file, keep idle workers, and send them files in fair order."""

import asyncio
import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal
from weakref import WeakKeyDictionary

import structlog

from bot.errors import Unreadable
from bot.files.isolation import framing as wire
from bot.files.isolation.decoder_tasks import TASKS

log = structlog.get_logger(__name__)

CODE = Path(__file__).parents[3]  # the folder that contains the package `bot`
CORES = os.cpu_count() or 1
ENDING = 2.0  # seconds that the fork server has to end
REFUSALS = ("photo_", "document_")  # prefixes of the sentence keys that a worker may choose

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    " from bot.files.isolation.fork_server import main; main(int(sys.argv[2]))"
)

Failure = Literal["slow", "memory", "crashed"]
_Source = bytes | BinaryIO


@dataclass(eq=False)
class _Ticket:
    """A waiting file, and its slot once it is granted."""

    owner: str
    granted: asyncio.Future[None]
    is_slow: bool = False


class Slots:
    """A fair semaphore: admits `quick` files at the same time, those of owners with the fewest running first.

    A file that takes longer than `patience` seconds moves to one of `slow` other slots while one is free, so that
    ordinary files need not wait for it. No owner ever gets more than `share` slots of both kinds. It serves one event
    loop.
    """

    def __init__(self, *, quick: int, slow: int, share: int, patience: float) -> None:
        self._quick, self._slow, self._share, self._patience = quick, slow, share, patience
        self._held: Counter[str] = Counter()
        self._waiting: deque[_Ticket] = deque()

    @asynccontextmanager
    async def take(self, owner: str = "") -> AsyncGenerator[None, None]:
        """Wait for a slot, and hold it while entered."""
        loop = asyncio.get_running_loop()
        ticket = _Ticket(owner, loop.create_future())
        self._waiting.append(ticket)
        self._admit()
        try:
            await ticket.granted
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            else:  # granted at the very moment of the cancellation
                self._leave(ticket)
            raise
        timer = loop.call_later(self._patience, self._step_aside, ticket)
        try:
            yield
        finally:
            timer.cancel()
            self._leave(ticket)

    def _admit(self) -> None:
        while self._quick and (entitled := [each for each in self._waiting if self._held[each.owner] < self._share]):
            ticket = min(entitled, key=lambda each: self._held[each.owner])  # the first among equals
            self._waiting.remove(ticket)
            if not ticket.granted.cancelled():
                ticket.granted.set_result(None)
                self._quick -= 1
                self._held[ticket.owner] += 1

    def _step_aside(self, ticket: _Ticket) -> None:
        if self._slow:
            self._slow -= 1
            self._quick += 1
            ticket.is_slow = True
            self._admit()

    def _leave(self, ticket: _Ticket) -> None:
        self._held -= Counter([ticket.owner])  # in-place subtraction drops owners without any left
        if ticket.is_slow:
            self._slow += 1
        else:
            self._quick += 1
        self._admit()


class WorkerFailed(Exception):
    """Error for a worker without a result: it took too long, used too much memory, or crashed."""

    def __init__(self, reason: Failure) -> None:
        self.reason = reason
        super().__init__(reason)


class _WorkerGone(Exception):
    """Error for a worker that ended before it started on a file: it was idle for long, or its fork server ended."""


async def run(task: str, source: bytes | Path, *, owner: str = "", **arguments: object) -> tuple[Any, bytes]:
    """Run a task of the table in a worker, on a file given as bytes or by a path that only the bot can open.

    Return what the task's function returned. Files of the same `owner` share some of the places. Cancelling ends the
    worker. Raise Unreadable as the function did; WorkerFailed; FileNotFoundError for the path. What a worker returned
    is foreign: check it before use.
    """
    async with _slots().take(owner):
        if isinstance(source, bytes):
            return await _perform(task, source, arguments)
        with await asyncio.to_thread(source.open, "rb") as file:
            return await _perform(task, file, arguments)


async def close() -> None:
    """End the fork server and all workers; the next file starts them anew."""
    await asyncio.to_thread(_pool.close)


async def _perform(task: str, source: _Source, arguments: dict[str, object]) -> tuple[Any, bytes]:
    try:
        return await _pool.perform(task, source, arguments)
    except _WorkerGone:
        log.debug("a worker was gone before its file came", task=task)
    try:
        return await _pool.perform(task, source, arguments)
    except _WorkerGone:
        raise WorkerFailed("crashed") from None


@dataclass(eq=False, slots=True)
class _WorkerProcess:
    connection: socket.socket
    lifeline: socket.socket

    def is_alive(self) -> bool:
        try:
            self.lifeline.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Close the connection; the worker is killed unless it has ended."""
        self.connection.close()
        self.lifeline.close()

    async def call(self, header: wire.Header, source: _Source) -> tuple[wire.Header, bytes]:
        """Send a file and wait for the reply. EOFError, OSError: the worker has ended; ValueError: a bad reply."""
        if isinstance(source, bytes):
            await self._send(header, source, [])
        else:
            await self._send(header, b"", [source.fileno()])
        prefix = await self._read(wire.PREFIX.size)
        header_size, body_size = wire.unpack_prefix(prefix)
        return wire.parse(await self._read(header_size)), await self._read(body_size)

    async def exit_code(self) -> int:
        """Wait until the worker has ended. _WorkerGone: it ended by itself, or its exit code is unknown."""
        data = await asyncio.get_running_loop().sock_recv(self.lifeline, wire.EXIT_CODE.size)
        code: int = wire.EXIT_CODE.unpack(data)[0] if data else 0
        if not code:
            raise _WorkerGone
        return code

    async def _send(self, header: wire.Header, body: bytes, descriptors: list[int]) -> None:
        loop, (prefix, text) = asyncio.get_running_loop(), wire.pack(header, len(body))
        socket.send_fds(self.connection, [prefix], descriptors)  # fits: nothing else is in transit
        await loop.sock_sendall(self.connection, text)
        await loop.sock_sendall(self.connection, body)

    async def _read(self, size: int) -> bytes:
        """Read exactly `size` bytes, into a buffer that becomes the result without a copy."""
        loop, file, filled = asyncio.get_running_loop(), BytesIO(bytes(size)), 0
        with file.getbuffer() as view:
            while filled < size:
                count = await loop.sock_recv_into(self.connection, view[filled:])
                if not count:
                    raise EOFError
                filled += count
        return file.getvalue()


class _Pool:
    """The fork server and its idle workers. One for the process, shared by all event loops."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control, theirs = socket.socketpair()
        theirs.close()
        self._idle: list[_WorkerProcess] = []
        self._starting = threading.Lock()

    async def perform(self, task: str, source: _Source, arguments: dict[str, object]) -> tuple[Any, bytes]:
        worker, is_reusable = await self._acquire(fresh=not TASKS[task].reusable), False
        try:
            async with asyncio.timeout(TASKS[task].seconds):
                try:
                    reply, body = await worker.call({"task": task, "arguments": arguments}, source)
                except (EOFError, OSError):
                    raise _failure(task, await worker.exit_code()) from None
            is_reusable = not reply["last"]
            return _result(reply), body
        except TimeoutError:
            raise WorkerFailed("slow") from None
        except (ValueError, LookupError, TypeError) as error:  # an invalid reply: the file has compromised the worker
            log.warning("a worker spoke nonsense", task=task)
            raise WorkerFailed("crashed") from error
        finally:
            if is_reusable:
                self._idle.append(worker)
            else:
                worker.close()

    async def _acquire(self, *, fresh: bool) -> _WorkerProcess:
        """Return a worker; a fresh one has seen no file of others, and still has all limits of its task before it."""
        while self._idle and not fresh:
            worker = self._idle.pop()
            if worker.is_alive():
                return worker
            worker.close()
        if self._process is None or self._process.poll() is not None:
            await asyncio.to_thread(self._start)
        return self._fork()

    def _start(self) -> None:
        with self._starting:
            if self._process is not None and self._process.poll() is None:
                return
            self._control.close()
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # our own program
                    [sys.executable, "-I", "-c", _BOOT, str(CODE), str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    cwd="/",
                    env={},
                    start_new_session=True,
                )

    def _fork(self) -> _WorkerProcess:
        (connection, theirs), (lifeline, other) = socket.socketpair(), socket.socketpair()
        worker = _WorkerProcess(connection, lifeline)
        connection.setblocking(False)
        lifeline.setblocking(False)
        with theirs, other:
            try:
                socket.send_fds(self._control, [b"w"], [theirs.fileno(), other.fileno()])
            except OSError as error:
                worker.close()
                raise _WorkerGone from error
        return worker

    def close(self) -> None:
        with self._starting:
            while self._idle:
                self._idle.pop().close()
            self._control.close()
            if self._process:
                try:
                    self._process.wait(ENDING)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            self._process = None


def _failure(task: str, exit_code: int) -> WorkerFailed:
    by_signal = {-signal.SIGXCPU: "slow", -signal.SIGKILL: "memory"}  # only the kernel kills a worker that is in use
    reason: Any = by_signal.get(exit_code, "crashed")
    log.warning("a worker ended over a file", task=task, exit_code=exit_code, reason=reason)
    return WorkerFailed(reason)


def _result(reply: wire.Header) -> Any:
    if "failed" in reply:
        raise WorkerFailed("memory")
    if "refused" in reply:
        key, values = str(reply["refused"]), reply["values"]
        if not key.startswith(REFUSALS):
            raise ValueError(key)
        raise Unreadable(key, **{str(name): int(value) for name, value in values.items()})
    return reply["value"]


def _slots() -> Slots:
    """Return the slots of the running event loop; outside of tests there is one."""
    loop = asyncio.get_running_loop()
    if loop not in _places:
        quick = max(2, CORES)
        _places[loop] = Slots(quick=quick, slow=4, share=quick + 1, patience=2.0)
    return _places[loop]


_places: WeakKeyDictionary[asyncio.AbstractEventLoop, Slots] = WeakKeyDictionary()
_pool = _Pool()
atexit.register(_pool.close)
