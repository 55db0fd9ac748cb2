"""Several things at the same time, of which all are needed."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def gather_all(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run all at the same time; the first failure ends the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as tasks:
            started = [tasks.create_task(coroutine) for coroutine in work]
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
    return [task.result() for task in started]
