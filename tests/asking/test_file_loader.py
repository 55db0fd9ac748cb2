"""A room of so many bytes lets in whoever fits, in the order in which they came, and each person in turn."""

import asyncio
import random

import pytest

from bot.asking.file_loader import ByteBudget


class Visitors:
    """Those who want into a room of ten, and who is in at the moment."""

    def __init__(self) -> None:
        self.room = ByteBudget(10)
        self.inside: list[str] = []
        self.came: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *visitors: tuple[str, int]) -> None:
        for name, size in visitors:
            self._leave[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._visit(name, size))
            await settle()

    async def leave(self, *names: str) -> None:
        for name in names:
            self._leave[name].set()
            await self._tasks[name]
        await settle()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]
        await settle()

    async def _visit(self, name: str, size: int) -> None:
        async with self.room.take(size):
            self.inside.append(name)
            self.came.append(name)
            try:
                await self._leave[name].wait()
            finally:
                self.inside.remove(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def visitors() -> Visitors:
    return Visitors()


async def test_those_who_fit_are_in_at_the_same_time(visitors: Visitors) -> None:
    await visitors.come(("a", 4), ("b", 6), ("c", 1))
    assert visitors.inside == ["a", "b"]
    await visitors.leave("a")
    assert visitors.inside == ["b", "c"]


async def test_a_small_one_does_not_overtake_a_large_one(visitors: Visitors) -> None:
    await visitors.come(("a", 8), ("large", 9), ("small", 1))
    assert visitors.inside == ["a"]
    await visitors.leave("a")
    assert visitors.inside == ["large", "small"]


async def test_all_go_in_as_they_came(visitors: Visitors) -> None:
    names = [str(n) for n in range(30)]
    await visitors.come(*((name, random.Random(name).randint(1, 10)) for name in names))
    for name in names:
        await visitors.leave(name)
    assert visitors.came == names


@pytest.mark.parametrize("size", [10, 11, 1_000_000])
async def test_one_as_large_as_the_room_or_larger_is_in_alone(visitors: Visitors, size: int) -> None:
    await visitors.come(("a", 1), ("huge", size), ("b", 0))
    assert visitors.inside == ["a"]
    await visitors.leave("a")
    assert visitors.inside == ["huge"]
    await visitors.leave("huge")
    assert visitors.inside == ["b"]


async def test_who_leaves_the_line_lets_those_behind_step_forward(visitors: Visitors) -> None:
    await visitors.come(("a", 8), ("large", 9), ("small", 2))
    await visitors.give_up("large")
    assert visitors.inside == ["a", "small"]


async def test_who_leaves_from_the_middle_of_the_line_is_not_waited_for(visitors: Visitors) -> None:
    await visitors.come(("a", 8), ("b", 9), ("c", 9), ("d", 1))
    await visitors.give_up("c")
    await visitors.leave("a")
    assert visitors.inside == ["b", "d"]


async def test_who_is_called_in_at_the_moment_of_giving_up_takes_no_place(visitors: Visitors) -> None:
    await visitors.come(("a", 10), ("b", 10), ("c", 10))
    visitors._leave["a"].set()
    task = visitors._tasks["b"]
    asyncio.get_running_loop().call_soon(task.cancel)  # right after a has left: b is called, and has not heard it yet
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()
    assert visitors.inside == ["c"]
    assert visitors.came == ["a", "c"]


async def test_who_gives_up_at_the_moment_of_being_called_in_is_passed_over(visitors: Visitors) -> None:
    await visitors.come(("a", 10), ("b", 10), ("c", 10))
    visitors._leave["a"].set()
    task = visitors._tasks["b"]
    task.cancel()  # before anybody runs
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()
    assert visitors.inside == ["c"]


async def test_who_is_thrown_out_leaves_room(visitors: Visitors) -> None:
    await visitors.come(("a", 10), ("b", 10))
    await visitors.give_up("a")
    assert visitors.inside == ["b"]


async def test_there_is_never_more_inside_than_fits_and_in_the_end_nothing() -> None:
    room, inside, most, chance = ByteBudget(10), 0, 0, random.Random(7)

    async def visit() -> None:
        nonlocal inside, most
        size = chance.randint(0, 12)
        async with room.take(size):
            inside += size
            most = max(most, min(size, 10) if inside == size else inside)
            try:
                await asyncio.sleep(0)
            finally:
                inside -= size

    tasks = [asyncio.create_task(visit()) for _ in range(500)]
    for _ in range(100):
        chance.choice(tasks).cancel()
        await asyncio.sleep(0)
    await asyncio.wait(tasks)
    assert most == 10
    async with asyncio.timeout(30), room.take(10):
        assert inside == 0


async def test_others_go_in_before_those_who_have_much_inside() -> None:
    room, came = ByteBudget(10), list[str]()
    free = {name: asyncio.Event() for name in ("a1", "a2", "a3", "a4", "b1")}

    async def visit(name: str) -> None:
        async with room.take(5, owner=name[0]):
            came.append(name)
            await free[name].wait()

    tasks = [asyncio.create_task(visit(name)) for name in free]
    await settle()
    assert came == ["a1", "a2"]
    free["a1"].set()
    await settle()
    assert came == ["a1", "a2", "b1"]
    for event in free.values():
        event.set()
    await asyncio.gather(*tasks)
    assert came == ["a1", "a2", "b1", "a3", "a4"]
