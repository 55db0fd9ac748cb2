"""Confinement of this process and its children to what a parser needs. Features that a system lacks are skipped.

Linux has no wrappers for most of this in Python before 3.12, so the system calls are made through ctypes.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MOST_FILES = 256  # file descriptors of the fork server
MOST_TASKS = 256  # processes and threads of all workers together; decoders of HEIC and AVIF use threads
MOST_WORKER_FILES = 64  # file descriptors of a worker; importing a module needs a few

_IS_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_M_ARENA_MAX = -8  # from malloc.h

# Landlock: the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH, _GET_VERSION = 1, 1
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # by version
_NETWORK_RIGHTS = 0b11  # bind and connect TCP, from version 4 on
_SCOPES = 0b11  # abstract sockets of other processes, and signals to them, from version 6 on
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3


def confine(readable: Iterable[str]) -> None:
    """Confine the fork server, which must have one thread; only files below `readable` can be read."""
    os.umask(0o077)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)  # nothing can be written except pipes and sockets
    limit(resource.RLIMIT_NOFILE, MOST_FILES)
    if _IS_LINUX:
        limit(resource.RLIMIT_NPROC, _count_tasks() + MOST_TASKS)  # the kernel counts by user; root is exempt
        _go_first_when_memory_is_short()
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mallopt(_M_ARENA_MAX, 1)  # malloc arenas of threads take address space
        _leave_network(libc)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _restrict_files(libc, readable)


def confine_worker(memory: int, cpu_seconds: int) -> None:
    """Confine a worker further, right after the fork; it ends with the fork server."""
    if _IS_LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    limit(resource.RLIMIT_NOFILE, MOST_WORKER_FILES)
    limit(resource.RLIMIT_AS, memory)
    limit(resource.RLIMIT_CPU, cpu_seconds)


def limit(what: int, most: int) -> None:
    """Lower a limit permanently."""
    with suppress(ValueError, OSError):  # it is lower already, or the system does not have it
        resource.setrlimit(what, (most, most))


def _count_tasks() -> int:
    """Count the threads of all processes of this user."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if process.stat().st_uid == os.getuid():
                count += sum(1 for _ in (process / "task").iterdir())
    return count


def _go_first_when_memory_is_short() -> None:
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _leave_network(libc: ctypes.CDLL) -> None:
    """Move to a network namespace without any device. A user namespace allows that without privileges, if permitted."""
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC):
        libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC)  # for root where there are no user namespaces


def _restrict_files(libc: ctypes.CDLL, readable: Iterable[str]) -> None:
    """Let Landlock deny all other files, connections, and signalling or tracing processes outside."""
    version = libc.syscall(_CREATE_RULESET, None, 0, _GET_VERSION)
    if version < 1:
        return
    files = max(rights for since, rights in _FILE_RIGHTS.items() if since <= version)
    network = _NETWORK_RIGHTS if version >= 4 else 0
    scopes = _SCOPES if version >= 6 else 0
    attributes = struct.pack("QQQ", files, network, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return
    for path in readable:
        _allow_reading(libc, ruleset, path)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    with suppress(OSError):
        folder = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", _READ_FILE | _READ_FOLDER, folder), 0)
        os.close(folder)
