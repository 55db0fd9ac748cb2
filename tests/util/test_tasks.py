"""Tasks and their owners: what is started is awaited or cancelled, and no cancellation is swallowed."""

import asyncio

import pytest

from bot.util.tasks import BackgroundTasks, cancel_all, gather_all, running_task


async def fail_when(event: asyncio.Event, message: str) -> None:
    try:
        await event.wait()
    finally:
        raise RuntimeError(message)


async def wait_and_clean_up(cleaned: asyncio.Event) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await cleaned.wait()


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def test_gather_all_returns_the_results_in_order() -> None:
    assert await gather_all() == []
    assert await gather_all(double(1), double(2), double(3)) == [2, 4, 6]


async def test_the_first_failure_ends_the_others_and_is_raised_as_itself() -> None:
    now, cleaned = asyncio.Event(), asyncio.Event()
    now.set()
    cleaned.set()
    with pytest.raises(RuntimeError, match="broken"):
        await gather_all(fail_when(asyncio.Event(), "later"), fail_when(now, "broken"), wait_and_clean_up(cleaned))
    caller = asyncio.current_task()
    assert caller
    assert caller.cancelling() == 0


async def test_a_cancelled_caller_of_gather_all_is_cancelled_though_work_fails_while_it_ends() -> None:
    caller = asyncio.create_task(gather_all(fail_when(asyncio.Event(), "failed while it was ended")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()


async def test_work_beside_a_body_ends_with_it() -> None:
    cleaned = asyncio.Event()
    cleaned.set()
    async with running_task(wait_and_clean_up(cleaned)) as task:
        await asyncio.sleep(0)
        assert not task.done()
    assert task.cancelled()


async def test_a_cancellation_that_comes_while_a_cancelled_task_ends_is_not_taken_for_that_tasks() -> None:
    cleaned = asyncio.Event()
    task = asyncio.create_task(wait_and_clean_up(cleaned))
    await asyncio.sleep(0)
    caller = asyncio.create_task(cancel_all([task]))
    await asyncio.sleep(0)
    caller.cancel()
    cleaned.set()
    await asyncio.wait([caller, task])
    assert caller.cancelled()


async def test_background_tasks_end_by_themselves_or_with_their_owner() -> None:
    tasks, may_end = BackgroundTasks(), asyncio.Event()
    ends, stays = tasks.start(may_end.wait()), tasks.start(asyncio.Event().wait(), "stays")
    may_end.set()
    await asyncio.wait([ends])
    await tasks.close()
    assert (ends.result(), stays.cancelled(), stays.get_name()) == (True, True, "stays")
    await tasks.close()  # there is nothing left


async def test_an_error_of_shared_work_that_nobody_waits_for_any_more_is_not_reported() -> None:
    reports = list[str]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context["message"]))
    now = asyncio.Event()
    now.set()
    shared, own = BackgroundTasks(shared=True), BackgroundTasks()
    await asyncio.wait([shared.start(fail_when(now, "shared"))])
    assert not reports
    await asyncio.wait([own.start(fail_when(now, "own"))])
    assert reports == ["Task exception was never retrieved"]
