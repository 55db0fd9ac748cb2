"""An event loop that stands still: the turn is named, and the process ends so that it can be started again."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bot.messages import Stall
from bot.operations.watchdog import EXIT_STALLED, delete_stalls, inherit_turn, read_stalls, write_stall
from tests.doubles.page import Page
from tests.doubles.process import ROOT, BotProcess
from tests.test_main import command

ENDED_BY_KILL = -signal.SIGKILL
PUT_ASIDE = "I have set this message aside"


class Supervised(BotProcess):
    """A bot that stumbles over some words, and is started again whenever it ends; `ends` are its exit codes."""

    module = "tests.doubles.stumbling"
    ends: list[int]


@asynccontextmanager
async def supervised(folder: Path, **settings: str) -> AsyncIterator[Supervised]:
    bot = Supervised(folder, "try", **settings)
    bot.ends = []

    async def supervise() -> None:
        while True:
            bot.ends.append(await bot.process.wait())
            bot.log.close()
            await bot.start()

    async with bot:
        supervising = asyncio.create_task(supervise())
        try:
            yield bot
        finally:
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)


async def shown(http: aiohttp.ClientSession, page: Page, seconds: float, holds: Callable[[str], bool]) -> str:
    """What the newest answer in the channel reads, as soon as it is as it should be."""
    text = ""
    async with asyncio.timeout(seconds):
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                text = (await page.answers(http) or [("", "")])[-1][1]
                if text and holds(text):
                    return text
            await asyncio.sleep(0.2)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    connector, timeout = aiohttp.TCPConnector(force_close=True), aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        yield http


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("word", "store_url", "ends"),
    [
        ("loop-waits", "postgres", [EXIT_STALLED] * 2),
        ("loop-spins", "sqlite", [EXIT_STALLED] * 2),
        ("loop-matches", "sqlite", [EXIT_STALLED] * 2),
        ("process-dies", "sqlite", [ENDED_BY_KILL] * 3),
    ],
    indirect=["store_url"],
)
async def test_a_poisonous_turn_is_put_aside_and_others_are_answered(
    tmp_path: Path, http: aiohttp.ClientSession, store_url: str, word: str, ends: list[int]
) -> None:
    async with supervised(tmp_path, BOT_STORE=store_url) as bot:
        await bot.ready(60)
        poisoned, other = Page(bot.url, "poisoned"), Page(bot.url, "other")
        await poisoned.say(http, f"what about {word}?", "k1")
        await shown(http, poisoned, 200, lambda text: PUT_ASIDE in text)
        await other.say(http, "what is this?", "k2")
        await shown(http, other, 60, lambda text: "⚠️" not in text)
        await bot.ready(60)
        assert bot.ends == ends
        code, printed = await command("turns", folder=tmp_path, BOT_STORE=store_url)
        assert (code, printed.splitlines()[0].split()[:2]) == (0, ["1", "web"]), printed
    log = bot.said()
    assert "a turn is put aside" in log
    if ends[0] == EXIT_STALLED:
        assert log.count("the event loop stood still for 4 seconds") == 2
        assert "stumble" in log  # the stack
        assert "turn=1" in log
    assert not list(tmp_path.glob("stall-*"))


async def until_put_aside(folder: Path) -> None:
    """Wait until the turn whose sentence is shown has left the queue as well."""
    async with asyncio.timeout(60):
        while "No turn is put aside." in (await command("turns", folder=folder))[1]:
            await asyncio.sleep(0.1)


@pytest.mark.timeout(400)
async def test_what_was_put_aside_is_answered_once_it_is_released(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with supervised(tmp_path) as bot:
        await bot.ready(60)
        page = Page(bot.url, "lobby")
        await page.say(http, "what about loop-waits?", "k1")
        await shown(http, page, 200, lambda text: PUT_ASIDE in text)
        Supervised.module = "bot"  # mended
        try:
            await BotProcess.kill(bot)
            await bot.ready(60)
            await until_put_aside(tmp_path)
            code, printed = await command("turns", "--release", "1", folder=tmp_path)
            assert (code, "Turn 1 is back on the queue" in printed) == (0, True), printed
            await shown(http, page, 60, lambda text: "⚠️" not in text)
        finally:
            Supervised.module = "tests.doubles.stumbling"
    code, printed = await command("turns", folder=tmp_path)
    assert (code, printed) == (0, "No turn is put aside.\n")
    code, printed = await command("turns", "--release", "1", folder=tmp_path)
    assert (code, printed) == (1, "Cannot show turns: turn 1 is not put aside.\n")


# in a process of its own, with a loop that does what the test says


WATCHED = """
import asyncio, os, signal, sys, threading, time
from pathlib import Path
from bot.operations import watchdog
watchdog.LIMIT = 1.0
async def main():
    with watchdog.watching(Path(sys.argv[1])) as dog:
        dog.expect_turns("me")
        await asyncio.create_task(work(dog), name="turn 7")
async def work(dog):
{body}
asyncio.run(main())
print("ended well")
"""


def watched(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    script = WATCHED.format(body="\n".join(f"    {line}" for line in body.splitlines()))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


async def ending(folder: Path, body: str) -> tuple[int, str]:
    """How a process ends whose loop does this: its exit code and what it printed and logged."""
    ended = await asyncio.to_thread(watched, folder, body)
    return ended.returncode, ended.stdout + ended.stderr


async def test_a_stall_is_recorded_with_its_turn_for_the_next_process(tmp_path: Path) -> None:
    code, printed = await ending(tmp_path, "time.sleep(60)")
    assert code == EXIT_STALLED
    assert "time.sleep(60)" in printed or "in work" in printed
    [stall] = read_stalls(tmp_path).values()
    assert stall is not None
    assert (stall.process, stall.turn) == ("me", 7)
    assert time.time() - 120 < stall.at <= time.time()


async def test_a_task_that_a_turn_started_is_named_after_it(tmp_path: Path) -> None:
    body = """async def child():
    time.sleep(60)
await asyncio.create_task(child())"""
    assert (await ending(tmp_path, body))[0] == EXIT_STALLED
    assert [stall.turn for stall in read_stalls(tmp_path).values() if stall] == [7]


async def test_a_stall_of_nobody_s_turn_ends_the_process_and_records_nothing(tmp_path: Path) -> None:
    body = """async def child():
    time.sleep(60)
await asyncio.create_task(child(), name="expiry")"""
    code, printed = await ending(tmp_path, body)
    assert (code, "the event loop stood still" in printed) == (EXIT_STALLED, True)
    assert read_stalls(tmp_path) == {}


@pytest.mark.timeout(180)
async def test_code_that_lets_no_other_thread_run_is_ended_from_outside(tmp_path: Path) -> None:
    code, printed = await ending(tmp_path, "import collections\ncollections.deque(iter(int, 1), maxlen=0)")
    assert code == -signal.SIGPROF
    assert "in work" in printed  # the stack


async def test_a_folder_that_cannot_be_written_to_keeps_nobody_from_ending(tmp_path: Path) -> None:
    code, printed = await ending(tmp_path / "missing", "time.sleep(60)")
    assert (code, "the event loop stood still" in printed) == (EXIT_STALLED, True)


async def test_a_log_that_stands_still_as_well_keeps_nobody_from_ending(tmp_path: Path) -> None:
    body = """import logging
handler = logging.StreamHandler()
logging.basicConfig(handlers=[handler], force=True)
from bot.operations import logs
logs.set_up("json", "info", [])
logging.getLogger().handlers[0].acquire()
time.sleep(60)"""
    code, printed = await ending(tmp_path, body)
    assert (code, "the event loop stood still" in printed) == (EXIT_STALLED, True)


async def test_a_process_that_was_paused_is_not_ended(tmp_path: Path) -> None:
    body = """import subprocess
for _ in range(2):
    subprocess.Popen(["sh", "-c", f"sleep 3; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)
    await asyncio.sleep(0.5)"""
    assert await ending(tmp_path, body) == (0, "ended well\n")


async def test_whoever_debugs_may_take_his_time(tmp_path: Path) -> None:
    body = """sys._getframe().f_trace = lambda *event: None
time.sleep(3)"""
    assert await ending(tmp_path, body) == (0, "ended well\n")


async def test_a_stop_that_takes_long_is_not_a_stall(tmp_path: Path) -> None:
    assert await ending(tmp_path, "dog.stop()\ntime.sleep(3)") == (0, "ended well\n")


async def test_a_task_keeps_a_name_of_its_own_and_whoever_works_for_no_turn_gets_none() -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    names = []

    async def child() -> None:
        task = asyncio.current_task()
        names.append(task.get_name() if task else "")

    async def turn() -> None:
        await asyncio.create_task(child())
        await asyncio.create_task(child(), name="own")

    loop.set_task_factory(inherit_turn)
    try:
        await asyncio.create_task(turn(), name="turn 12")
        await asyncio.create_task(child(), name="turns")
        await asyncio.create_task(turn(), name="turns")
    finally:
        loop.set_task_factory(before)
    assert names[:3] == ["turn 12", "own", "turns"]
    assert names[3].startswith("Task-")


def test_records_are_read_and_what_is_no_record_is_deleted_along(tmp_path: Path) -> None:
    stall = Stall("abc", 5, 1.0)
    write_stall(tmp_path, stall)
    (tmp_path / "stall-broken.json").write_text("{")
    (tmp_path / "stall-newer.json").write_text(json.dumps({"else": 1}))
    found = read_stalls(tmp_path)
    assert [each for each in found.values() if each] == [stall]
    assert len(found) == 3
    delete_stalls(found)
    assert list(tmp_path.iterdir()) == []
    assert read_stalls(tmp_path / "missing") == {}
