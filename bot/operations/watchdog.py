"""Ends a process with a blocked event loop, so that its supervisor restarts it.

A thread checks the loop every second. It counts its own ticks instead of reading a clock: a machine that slept, or a
container that was paused, stopped together with the loop. The thread depends on nothing that may block as well:
neither the store nor, in the end, the log.
"""

import asyncio
import faulthandler
import json
import logging
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import structlog

from bot.messages import Stall

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

EXIT_STALLED = 75  # EX_TEMPFAIL: a supervisor should restart it
LIMIT = 10.0  # seconds that the loop may be blocked
START_LIMIT = 60.0  # the same before the first turn: a slow machine imports libraries for a while
TICKS = 10  # checks of the loop within the limit
LAST_WORDS = 2.0  # seconds for each of the record and the log line
RECORD = "stall-*.json"
TURN = re.compile(r"turn (\d+)")  # the dispatcher's task names


class Watchdog:
    """Watches the event loop that it is started in, from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder for the record of a stall, which the next process reads."""
        self._folder = folder
        self._limit, self._tick = START_LIMIT, LIMIT / TICKS
        self._process = ""
        self._stopped = threading.Event()
        self._answered = threading.Event()

    def start(self) -> None:
        """Start watching the running loop; to be called in the main thread, which runs it."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._loop.set_task_factory(inherit_turn)
        _let_others_run()
        faulthandler.register(signal.SIGPROF, file=2, all_threads=True, chain=True)
        _end_when_starved(self._limit)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def expect_turns(self, process: str) -> None:
        """Use the stricter limit from now on: turns are started, under this process name in the store."""
        self._process, self._limit = process, LIMIT
        _end_when_starved(self._limit)

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self._loop.set_task_factory(None)

    def _watch(self) -> None:
        missed = 0
        self._ask()
        while not self._stopped.wait(self._tick):
            _end_when_starved(self._limit)
            if self._answered.is_set():
                missed = 0
                self._ask()
                continue
            missed += 1
            if missed * self._tick >= self._limit and not self._is_debugged():
                self._end()
        signal.setitimer(signal.ITIMER_PROF, 0)  # here, because it is not set again after this

    def _ask(self) -> None:
        self._answered.clear()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._answered.set)

    def _is_debugged(self) -> bool:
        """Tell whether a debugger is attached."""
        return any(frame.f_trace is not None for frame in _frames(self._loop_thread))

    def _end(self) -> None:
        turn, stack = self._turn(), "".join(traceback.format_stack(sys._current_frames().get(self._loop_thread)))
        event = f"the event loop stood still for {self._limit:g} seconds"
        if turn is not None and self._process:
            stall = Stall(self._process, turn, time.time())
            _within(LAST_WORDS, lambda: write_stall(self._folder, stall))
        if self._stopped.is_set():
            return
        # A blocked thread may hold the lock of the log.
        if not _within(LAST_WORDS, lambda: _log(event, turn, stack)):
            _within(LAST_WORDS, lambda: os.write(2, f"{event} turn={turn}\n{stack}".encode()))
        os._exit(EXIT_STALLED)

    def _turn(self) -> int | None:
        task = asyncio.current_task(self._loop)
        named = TURN.fullmatch(task.get_name()) if task else None
        return int(named[1]) if named else None


@contextmanager
def watching(folder: Path) -> Iterator[Watchdog]:
    """Watch the running loop while entered, unless the watchdog is stopped before."""
    watchdog = Watchdog(folder)
    watchdog.start()
    try:
        yield watchdog
    finally:
        watchdog.stop()


def inherit_turn(
    loop: asyncio.AbstractEventLoop,
    coroutine: Generator[Any, None, Result] | Coroutine[Any, Any, Result],
    **options: Any,
) -> asyncio.Task[Result]:
    """Create a task, with the name of the turn that it works for unless it has a name of its own."""
    maker = asyncio.current_task(loop)
    if options.get("name") is None and maker is not None and TURN.fullmatch(maker.get_name()):
        options["name"] = maker.get_name()
    return asyncio.Task(coroutine, loop=loop, **options)


def write_stall(folder: Path, stall: Stall) -> None:
    """Write the record of the stall, so that it survives a power cut."""
    file = folder / RECORD.replace("*", stall.process)
    draft = file.with_suffix(".part")
    with draft.open("w") as record:
        json.dump(asdict(stall), record)
        record.flush()
        os.fsync(record.fileno())
    draft.replace(file)


def read_stalls(folder: Path) -> dict[Path, Stall | None]:
    """Return the records in the folder, by file; None for unreadable ones."""
    return {file: _read(file) for file in sorted(folder.glob(RECORD))}


def delete_stalls(files: Iterable[Path]) -> None:
    """Delete records that have been booked."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:  # it is booked once, however often it is read
            log.warning("a record of a stall cannot be deleted", reason=error.strerror)


def _read(file: Path) -> Stall | None:
    try:
        return Stall(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _log(event: str, turn: int | None, stack: str) -> None:
    log.critical(event, turn=turn, stack=stack)
    for handler in logging.getLogger().handlers:
        handler.flush()


def _within(seconds: float, work: Callable[[], object]) -> bool:
    """Run the function in a thread with a time limit; tell whether it finished."""
    done = threading.Event()

    def run() -> None:
        try:
            work()
            done.set()
        except Exception:
            log.exception("the last words of the watchdog")

    threading.Thread(target=run, daemon=True).start()
    return done.wait(seconds)


def _frames(thread: int) -> Iterable[FrameType]:
    frame = sys._current_frames().get(thread)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _let_others_run() -> None:
    """Let other threads run during calls that hold the interpreter's lock, such as regular expressions.

    Such calls check for signals now and then. The timer counts the processor's time, so it is silent while
    the bot is idle.
    """
    signal.signal(signal.SIGVTALRM, lambda number, frame: time.sleep(0.001))
    signal.siginterrupt(signal.SIGVTALRM, False)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.2, 0.2)


def _end_when_starved(limit: float) -> None:
    """Let the system print all stacks and end the process, unless this is called again within the limit.

    It is for calls that never check for signals. The time is the processors': even if all of them work for this
    process, they take longer than the limit to use it up.
    """
    signal.setitimer(signal.ITIMER_PROF, limit * (1 + (os.cpu_count() or 1)))
