"""Functions for worker processes that tell what they may do, or do what a parser that was taken over would do."""

import ctypes
import errno
import os
import resource
import socket
import time
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import Unreadable
from bot.files.isolation import decoder_tasks

SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.files.isolation import misbehaving
misbehaving.register()
from bot.files.isolation.fork_server import main
main(int(sys.argv[2]))
"""
"""What is run as the fork server, so that it knows these functions."""


def register() -> None:
    """Add the functions of this module to the table."""
    decoder_tasks.TASKS = {**decoder_tasks.TASKS, **own_tasks()}


def own_tasks() -> dict[str, decoder_tasks.Task]:
    """The rows of this module."""
    return {name: decoder_tasks.Task(function=f"{__name__}:{name}", **limits) for name, limits in LIMITS.items()}


def report(file: BinaryIO, *, paths: list[str]) -> tuple[dict[str, Any], bytes]:
    """What this process has and may do."""
    names = ("AS", "CPU", "NOFILE", "FSIZE", "NPROC", "CORE")
    return {
        "limits": {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names},
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "session": os.getsid(0),
        "descriptors": _descriptors(),
        "privileges": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0),  # PR_GET_NO_NEW_PRIVS
        "interfaces": [name for _, name in socket.if_nameindex()],
        "connect": _attempt(lambda: socket.create_connection(("127.0.0.1", int(file.read()))).close()),
        "open": {path: _attempt(lambda path=path: Path(path).read_bytes()) for path in paths},
        "write": _attempt(lambda: Path("/tmp/written-by-a-worker").write_bytes(b"data")),
        "run": _attempt(_run_program),
        "pid": os.getpid(),
        "parent": os.getppid(),
    }, b""


def work(file: BinaryIO) -> tuple[int, bytes]:
    """Count the bytes."""
    return len(file.read()), b""


def name_process(file: BinaryIO) -> tuple[int, bytes]:
    """Who reads this."""
    return os.getpid(), b""


def refuse(file: BinaryIO) -> tuple[None, bytes]:
    raise Unreadable("photo_broken")


def crash(file: BinaryIO) -> tuple[None, bytes]:
    ctypes.string_at(0)
    return None, b""


def raise_error(file: BinaryIO) -> tuple[None, bytes]:
    raise ZeroDivisionError


def leave(file: BinaryIO) -> tuple[None, bytes]:
    os._exit(0)


def hang(file: BinaryIO) -> tuple[None, bytes]:
    time.sleep(600)
    return None, b""


def stall(file: BinaryIO) -> tuple[None, bytes]:
    """Hang, with little time for it."""
    return hang(file)


def spin(file: BinaryIO) -> tuple[None, bytes]:
    while True:
        pass


def swell(file: BinaryIO) -> tuple[None, bytes]:
    held = []
    while True:
        held.append(bytes(16 * 1024 * 1024))


def lie(file: BinaryIO) -> tuple[None, bytes]:
    """Send what no worker of ours would."""
    socket.socket(fileno=3).sendall(file.read())
    os._exit(0)


LIMITS: dict[str, dict[str, Any]] = {
    "report": {},
    "work": {"reusable": True},
    "name_process": {"reusable": True},
    "refuse": {"reusable": True},
    "crash": {},
    "raise_error": {},
    "leave": {},
    "hang": {},
    "stall": {"seconds": 1.0},
    "spin": {"cpu_seconds": 1},
    "swell": {"memory": 256 * 1024 * 1024},
    "lie": {},
}


def _descriptors() -> list[int]:
    found = []
    for number in range(1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def _run_program() -> None:
    child = os.fork()
    if not child:
        try:
            os.execv("/bin/true", ["true"])
        except OSError as error:
            os._exit(error.errno or 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, "not executed")


def _attempt(deed: Any) -> str:
    try:
        deed()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"
