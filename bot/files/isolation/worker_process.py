"""The main loop of a worker process: receive one file after the other, and send the result of the task's function.

It goes on to another file only if the previous one was fine, so a malicious file meets no other.
"""

import fcntl
import resource
import select
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from bot.errors import Unreadable
from bot.files.isolation import framing as wire
from bot.files.isolation.confinement import confine_worker
from bot.files.isolation.decoder_tasks import MEGABYTE, TASKS, Task

MOST_FILES = 32  # files that one process reads
MOST_GROWTH = 128 * MEGABYTE  # share of the memory limit; beyond it, the worker ends after that file
IDLE = 60.0  # seconds without a file, after which it ends
MEMORY = 1024 * MEGABYTE  # bytes of address space

_lock = -1


def serve(connection: socket.socket, lock: int) -> None:
    """Serve files until one was rejected, or the process is due for replacement. `lock`: the file for `one_large`."""
    global _lock
    _lock = lock
    tasks = TASKS.values()
    confine_worker(max(task.memory for task in tasks), MOST_FILES * max(task.cpu_seconds for task in tasks))
    before = _peak_memory()
    for n in range(1, MOST_FILES + 1):
        if not select.select([connection], [], [], IDLE)[0]:
            return
        request = wire.receive(connection)
        if request is None:
            return
        header, file = request
        with file:
            reply, body = _perform(header, file)
        is_last = n == MOST_FILES or not reply.get("reusable") or _peak_memory() > before + MOST_GROWTH
        wire.send(connection, {**reply, "last": is_last}, body)
        if is_last:
            return


@contextmanager
def one_large() -> Iterator[None]:
    """Wait until no other worker is decoding a large picture, then use all memory that a worker may use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    fcntl.lockf(_lock, fcntl.LOCK_EX)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        fcntl.lockf(_lock, fcntl.LOCK_UN)


def _perform(header: wire.Header, file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    task = TASKS[header["task"]]
    _limit(task)
    try:
        value, body = task.load()(file, **header["arguments"])
    except Unreadable as refused:
        return {"refused": refused.code, "values": refused.values}, b""
    except MemoryError:
        return {"failed": "memory"}, b""
    return {"value": value, "reusable": task.reusable}, body


def _limit(task: Task) -> None:
    """Set the limits for one file. The soft CPU limit counts all that the process has used so far."""
    used = int(time.process_time()) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + task.cpu_seconds, hard))
    resource.setrlimit(resource.RLIMIT_AS, (task.memory, max(task.memory, MEMORY)))


def _peak_memory() -> int:
    """Return the peak memory of this process, in bytes."""
    unit = 1024 if sys.platform == "linux" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
