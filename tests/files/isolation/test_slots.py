"""Places are bounded, shared out fairly, and a slow file gives way to others."""

import asyncio

import pytest

from bot.files.isolation.slots import Slots


class Files:
    """Files that are at work until they are told to end."""

    def __init__(self, slots: Slots) -> None:
        self.slots, self.at_work = slots, list[str]()
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """The letter of a name is its owner."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._work(name))
        await settle()

    async def end(self, name: str) -> None:
        self.tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.tasks[name]
        await settle()

    async def _work(self, name: str) -> None:
        async with self.slots.take(name[0]):
            self.at_work.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.at_work.remove(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def end_all(files: Files) -> None:
    for name in list(files.tasks):
        if not files.tasks[name].done():
            await files.end(name)


async def test_so_many_are_at_work_and_the_next_one_follows() -> None:
    files = Files(Slots(quick=2, slow=0, share=2, patience=60))
    await files.come("a1", "b1", "c1")
    assert files.at_work == ["a1", "b1"]
    await files.end("a1")
    assert files.at_work == ["b1", "c1"]
    await end_all(files)


async def test_who_has_fewest_at_work_comes_first() -> None:
    files = Files(Slots(quick=2, slow=0, share=2, patience=60))
    await files.come("a1", "a2", "a3", "a4", "b1")
    await files.end("a1")
    assert files.at_work == ["a2", "b1"]
    await end_all(files)


async def test_nobody_gets_more_than_a_share() -> None:
    files = Files(Slots(quick=3, slow=0, share=2, patience=60))
    await files.come("a1", "a2", "a3", "b1")
    assert files.at_work == ["a1", "a2", "b1"]
    await end_all(files)


async def test_slow_files_step_aside_while_there_is_a_place_to_do_so() -> None:
    files = Files(Slots(quick=1, slow=2, share=9, patience=0))
    await files.come("a1", "b1", "c1", "d1")
    async with asyncio.timeout(10):
        while len(files.at_work) < 3:
            await asyncio.sleep(0)
    await settle()
    assert files.at_work == ["a1", "b1", "c1"]
    await files.end("a1")
    assert files.at_work == ["b1", "c1", "d1"] or files.at_work == ["b1", "c1"]
    await files.end("c1")
    async with asyncio.timeout(10):
        while "d1" not in files.at_work:
            await asyncio.sleep(0)
    await end_all(files)


async def test_who_leaves_the_line_takes_nobodys_place() -> None:
    files = Files(Slots(quick=1, slow=0, share=1, patience=60))
    await files.come("a1", "b1", "c1")
    await files.end("b1")
    await files.end("a1")
    assert files.at_work == ["c1"]
    await files.end("c1")
    await files.come("d1")
    assert files.at_work == ["d1"]
    await end_all(files)


async def test_who_is_cancelled_at_the_moment_of_getting_a_place_gives_it_back() -> None:
    files = Files(Slots(quick=1, slow=0, share=1, patience=60))
    await files.come("a1", "b1")
    asyncio.get_running_loop().call_soon(files.tasks["a1"].cancel)
    asyncio.get_running_loop().call_soon(files.tasks["b1"].cancel)
    await settle()
    await files.come("c1")
    assert files.at_work == ["c1"]
    await end_all(files)
