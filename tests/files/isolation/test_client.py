"""Whatever a file does to its worker, the bot gets a result or a reason, and others are served meanwhile."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import Unreadable
from bot.files.isolation import client
from bot.files.isolation import framing as wire
from bot.files.isolation.client import Slots, WorkerFailed, run
from bot.files.isolation.worker_process import MOST_FILES
from tests.files.isolation.test_confinement import descendants

pytestmark = pytest.mark.usefixtures("workers")


async def number(task: str = "name_process") -> int:
    value, _ = await run(task, b"file")
    return int(value)


@pytest.mark.parametrize("size", [0, 1, 300_000, 20_000_000])
async def test_a_file_arrives_whole(size: int) -> None:
    assert (await run("work", os.urandom(size)))[0] == size


async def test_a_file_may_be_given_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert (await run("work", path))[0] == 5
    with pytest.raises(FileNotFoundError):
        await run("work", tmp_path / "gone")


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("crash", "crashed"),
        ("raise_error", "crashed"),
        ("leave", "crashed"),
        ("stall", "slow"),
        ("spin", "slow"),
        ("swell", "memory"),
    ],
)
async def test_a_file_that_breaks_its_worker_is_named_with_the_reason_and_others_are_served(
    task: str, reason: str
) -> None:
    breaking = asyncio.create_task(run(task, b"file"))
    assert (await run("work", b"12345"))[0] == 5
    with pytest.raises(WorkerFailed) as failed:
        await breaking
    assert failed.value.reason == reason
    assert (await run("work", b"12345"))[0] == 5


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\xff" * 40,
        wire.PREFIX.pack(2, 10**15) + b"{}",
        wire.PREFIX.pack(2, 0) + b"{}",
        wire.PREFIX.pack(2, 0) + b"[]",
        wire.PREFIX.pack(5, 0) + b"\xff\xff{}}",
        b"".join(wire.pack({"refused": "secret_key", "values": {}, "last": True}, 0)),
        b"".join(wire.pack({"refused": "photo_broken", "values": {"limit": "<b>"}, "last": True}, 0)),
    ],
)
async def test_what_a_worker_that_was_taken_over_says_is_not_believed(reply: bytes) -> None:
    with pytest.raises(WorkerFailed) as failed:
        await run("lie", reply)
    assert failed.value.reason == "crashed"


async def test_a_worker_reads_several_files_that_are_in_order_but_not_without_end() -> None:
    numbers = [await number() for _ in range(MOST_FILES + 1)]
    assert len(set(numbers[:MOST_FILES])) == 1
    assert numbers[MOST_FILES] != numbers[0]


async def test_a_worker_that_met_a_refused_file_reads_no_other() -> None:
    before = await number()
    with pytest.raises(Unreadable):
        await run("refuse", b"file")
    assert await number() != before


async def test_hanging_files_of_one_person_leave_places_for_others() -> None:
    hanging = [asyncio.create_task(run("hang", b"file", owner="one")) for _ in range(30)]
    await asyncio.sleep(0.1)
    for n in range(5):
        async with asyncio.timeout(30):
            assert (await run("work", b"12345", owner=f"other {n}"))[0] == 5
    assert not any(task.done() for task in hanging)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_who_waits_no_more_leaves_no_process() -> None:
    await number()
    hanging = asyncio.create_task(run("hang", b"file"))
    others = await number()
    await until(lambda: len(descendants(os.getpid())) >= 2)  # the fork server, and the worker that hangs
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    await until(lambda: len(descendants(os.getpid())) <= 2)  # the fork server, and a worker that is idle
    assert others


async def test_a_killed_worker_is_one_file_and_a_killed_fork_server_none() -> None:
    worker, other = await asyncio.gather(number(), number())
    os.kill(worker, signal.SIGKILL)
    hanging = asyncio.create_task(run("stall", b"file"))
    await until(lambda: len(descendants(os.getpid())) >= 2)
    (server,) = {each for each in descendants(os.getpid()) if os.getsid(each) == each}
    os.kill(server, signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        await hanging  # was begun anew, and takes as long again
    assert (await run("work", b"12345"))[0] == 5
    assert not alive(worker) and not alive(other)


async def test_closing_ends_all_processes_and_the_next_file_starts_them_anew() -> None:
    first = await number()
    await client.close()
    await until(lambda: not alive(first))
    assert await number() != first


CALLER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from bot.files.isolation import client, decoder_tasks
from tests.files.isolation import misbehaving
client._BOOT, client.TASKS = misbehaving.SERVER, {**decoder_tasks.TASKS, **misbehaving.own_tasks()}

async def main():
    await asyncio.gather(client.run("name_process", b"file"), client.run("name_process", b"file"))
    hanging = asyncio.create_task(client.run("hang", b"file"))
    print(client._pool._process.pid, flush=True)
    await asyncio.sleep(600)
    hanging.cancel()

asyncio.run(main())
"""


async def test_a_bot_that_is_killed_leaves_no_process_behind() -> None:
    root = str(Path(__file__).parents[3])
    with subprocess.Popen([sys.executable, "-c", CALLER, root], stdout=subprocess.PIPE) as bot:
        assert bot.stdout
        told = await asyncio.to_thread(bot.stdout.readline)
        server = int(told)
        await until(lambda: len(descendants(server)) >= 2)
        processes = [server, *descendants(server)]
        bot.kill()
    await until(lambda: not any(map(alive, processes)))


async def until(condition: object, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
