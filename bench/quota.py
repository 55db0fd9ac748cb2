"""A share of a core for each of some processes: who has used more than that is stopped until it is due again.

It does what a quota of the kernel's control groups does, with signals, so it needs no rights beyond those over the
processes. A program of its own, which looks every few milliseconds.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

LOOK = 0.005  # seconds between two looks
SAVED = 0.1  # seconds for which an unused share is kept


class Quota:
    """One process, and how much of its share it has left."""

    def __init__(self, pid: int, share: float) -> None:
        """A share of 0.25 is a quarter of a core. ProcessLookupError where there is no such process."""
        self.pid, self.share = pid, share
        self.left, self.stopped = 0.0, False
        self._cpu, self._at = process_cpu_seconds(pid), time.perf_counter()

    def look(self) -> None:
        """Stop it, or let it go on."""
        cpu, now = process_cpu_seconds(self.pid), time.perf_counter()
        due = min(self.left + self.share * (now - self._at), self.share * SAVED)
        self.left = due - (cpu - self._cpu)
        self._cpu, self._at = cpu, now
        if (self.left < 0) != self.stopped:
            self.stopped = not self.stopped
            os.kill(self.pid, signal.SIGSTOP if self.stopped else signal.SIGCONT)


def process_cpu_seconds(pid: int) -> float:
    """User and system time of another process so far, all threads, to the nanosecond. ProcessLookupError."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # how Linux numbers the clock of a process
    except OSError as error:
        raise ProcessLookupError(pid) from error


@contextmanager
def limited(pids: Sequence[int], share: float) -> Iterator[None]:
    """Give each process this share of a core while entered."""
    command = [sys.executable, "-m", "bench.quota", str(share), *map(str, pids)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
        try:
            yield
        finally:
            assert program.stdin
            program.stdin.close()


def _limit(quotas: Iterable[Quota]) -> None:
    """Until nobody wants it any more: our input ends."""
    os.set_blocking(sys.stdin.fileno(), False)
    while _wanted():
        for quota in quotas:
            with suppress(ProcessLookupError):
                quota.look()
        time.sleep(LOOK)


def _wanted() -> bool:
    try:
        return bool(os.read(sys.stdin.fileno(), 1))
    except BlockingIOError:
        return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    each, many = float(sys.argv[1]), list(map(int, sys.argv[2:]))
    try:
        _limit([Quota(pid, each) for pid in many])
    finally:
        for pid in many:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
