"""Tasks and their owners: every task of the bot is started here, and whoever starts it awaits or cancels it.

A cancellation of the caller is never taken for one that the caller asked for: what is cancelled here is waited for
with `asyncio.wait`, which raises CancelledError only when the caller itself is to end.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


async def gather_all(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run all at the same time; the first failure ends the others and is raised as itself.

    Why no TaskGroup: up to Python 3.12 it lets a failure replace the caller's own cancellation, and leaves the caller's
    count of cancellations one too high, so nobody could tell afterwards. Its error is a group besides.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    done = set[asyncio.Task[Any]]()
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await cancel_all(tasks)
    ended = sorted(tasks, key=lambda task: task not in done)  # what failed first stands before what failed at the end
    errors = [error for task in ended if not task.cancelled() and (error := task.exception())]
    if errors:
        raise errors[0]
    return [task.result() for task in tasks]


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and return when they have ended."""
    ending = set(tasks)
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending)


@asynccontextmanager
async def running_task(
    work: Coroutine[Any, Any, Result], name: str | None = None
) -> AsyncGenerator[asyncio.Task[Result], None]:
    """Let the work run beside the body. Leaving cancels what is left of it, and waits until it has ended."""
    task = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        await cancel_all([task])


class BackgroundTasks:
    """Owns tasks that outlive whoever started them; `close` ends them.

    `shared`: others wait for what comes of them, and are told of errors. An error that nobody is there to hear any more
    is no bug then; otherwise asyncio logs it.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._shared = shared
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Result], name: str | None = None) -> asyncio.Task[Result]:
        """Run the work in a task that is owned here until it ends."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    async def wait(self, seconds: float | None = None) -> None:
        """Return when all that run now have ended, or after so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def close(self, seconds: float = 0) -> None:
        """Let the tasks end by themselves for so many seconds, then cancel them and wait until they have ended."""
        if seconds:
            await self.wait(seconds)
        await cancel_all(self._tasks)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if self._shared and not task.cancelled():
            task.exception()  # asyncio takes it as heard
