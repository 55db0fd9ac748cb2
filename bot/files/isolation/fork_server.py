"""The fork server: a small process that forks workers, reports their exit codes, and ends those that are not needed.

For each worker the bot sends two sockets: one over which the worker gets its files, and a lifeline. As soon as the bot
closes the lifeline, even by being killed, the worker is killed; if the worker ends first, its exit code is sent
over the lifeline.
"""

import gc
import os
import selectors
import signal
import socket
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from bot.files.isolation import worker_process as worker
from bot.files.isolation.confinement import MOST_FILES, confine
from bot.files.isolation.decoder_tasks import PRELOADED
from bot.files.isolation.framing import EXIT_CODE

IDLE = 600.0  # seconds without a worker after which the server ends; the bot starts another one when it needs it
NICENESS = 5  # higher priority: a person is waiting for the reply
_LOCK = MOST_FILES - 1  # file descriptor of the lock file
_CONNECTION = 3  # file descriptor of a worker's connection
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/local/lib", "/lib", "/lib64")


def main(control: int) -> None:
    """Confine this process, and serve until the bot closes its end of the socket `control`."""
    for module in PRELOADED:
        import_module(module)
    os.nice(NICENESS)
    _place_lock_file()
    confine(_readable())
    gc.collect()
    gc.freeze()  # or the collector would write to, and so copy, all pages that workers share
    ForkServer(socket.socket(fileno=control)).serve()


def _readable() -> set[str]:
    """Return the folders of code, without the one above the package `bot`: settings and data are often there."""
    package = Path(__file__).parents[2]
    return {sys.prefix, sys.base_prefix, str(package), *_SYSTEM_LIBRARIES, *sys.path} - {str(package.parent)}


def _place_lock_file() -> None:
    """Open the file that workers lock in turn; in memory if possible, as the disk may be read-only."""
    if sys.platform == "linux":
        os.dup2(os.memfd_create("large pictures"), _LOCK, inheritable=False)
    else:
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), _LOCK, inheritable=False)


class ForkServer:
    """Forks a worker for each message on `control`, and monitors it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._workers: dict[int, socket.socket] = {}  # lifelines by process
        self._selector = selectors.DefaultSelector()
        self._ended, write = socket.socketpair()
        for end in (self._ended, write):
            end.setblocking(False)
        self._write = write  # protected from being closed
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)

    def serve(self) -> None:
        """Return when the bot has closed, or was idle for a long time; no worker is left then."""
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._ended, selectors.EVENT_READ)
        while events := self._selector.select(None if self._workers else IDLE):
            ready = {key.fileobj for key, _ in events}
            if self._control in ready and not self._accept():
                break
            for lifeline in ready - {self._control, self._ended}:
                self._kill(lifeline)
            self._reap()
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)

    def _accept(self) -> bool:
        """Fork a worker; False: the bot has closed."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message:
            return False
        if len(descriptors) == 2:
            connection, lifeline = (socket.socket(fileno=each) for each in descriptors)
            with connection:
                self._fork(connection, lifeline)
        return True

    def _fork(self, connection: socket.socket, lifeline: socket.socket) -> None:
        pid = os.fork()
        if not pid:
            _become_worker(connection)
        self._workers[pid] = lifeline
        lifeline.setblocking(False)
        self._selector.register(lifeline, selectors.EVENT_READ)

    def _kill(self, lifeline: object) -> None:
        """Kill the worker with a closed lifeline. It has not been reaped, so its process number is not reused."""
        for pid, each in self._workers.items():
            if each is lifeline:
                self._selector.unregister(each)
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        try:
            while self._ended.recv(512):
                continue
        except BlockingIOError:
            pass
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            lifeline = self._workers.pop(pid)
            if lifeline in self._selector.get_map():
                self._selector.unregister(lifeline)
            with lifeline:
                try:
                    lifeline.send(EXIT_CODE.pack(os.waitstatus_to_exitcode(status)))
                except OSError:  # the bot closed it
                    continue


def _become_worker(connection: socket.socket) -> NoReturn:
    """Keep only the connection and the lock file open, and never return."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(connection.fileno(), _CONNECTION, inheritable=False)
        os.closerange(_CONNECTION + 1, _LOCK)
        worker.serve(socket.socket(fileno=_CONNECTION), _LOCK)
        code = 0
    finally:
        os._exit(code)
